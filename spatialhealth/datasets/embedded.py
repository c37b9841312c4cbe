"""The embedded data: Chinese cities with simulated hospitals, and American states with two real panels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import DataError

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = [
    "load_cigarettes",
    "load_cities",
    "load_flows",
    "load_hospitals",
    "load_panel",
    "load_production",
    "load_states",
    "load_truth",
]


def load_cities() -> gpd.GeoDataFrame:
    """Load 307 Chinese cities with the land around each.

    Returns
    -------
    GeoDataFrame
        Indexed by `city` (unique, in plain letters), in longitude and latitude (EPSG:4326). Columns:

        - `name`, `province`, `population`, `longitude`, `latitude`: from GeoNames, CC BY 4.0;
        - `port_developed`: whether the province is one of the eleven coastal ones (Liaoning, Hebei, Tianjin,
          Shandong, Jiangsu, Shanghai, Zhejiang, Fujian, Guangdong, Guangxi, Hainan);
        - `gdp_per_capita`: yuan in 2011, **simulated**, equal to `gdp` in the first year of `load_panel`;
        - `geometry`: the points nearer to this city than to any other, within a hull around all of them.

    See Also
    --------
    load_panel : what the cities have and what happens in them, year by year.

    Notes
    -----
    The polygons are catchments made from points. They are not administrative areas and say nothing about
    borders. Neighbouring polygons share their vertices exactly, so contiguity needs no tolerance.

    Examples
    --------
    >>> cities = load_cities()
    >>> len(cities), cities["province"].nunique()
    (307, 31)
    >>> cities.loc["Guangzhou", "province"], bool(cities.loc["Guangzhou", "port_developed"])
    ('Guangdong', True)
    """
    cities = _read_polygons("china_cities.gpkg").set_index("city")
    cities.attrs["source"] = "GeoNames (CC BY 4.0); gdp_per_capita is simulated"
    return cities


def load_panel() -> pd.DataFrame:
    """Load the **simulated** hospital panel: the cities of `load_cities` in 2011 to 2021.

    Returns
    -------
    DataFrame
        Indexed by (`city`, `year`), sorted. All columns are simulated, but for `port_developed` and the
        population of 2011:

        - `tertiary`: number of tertiary hospitals, at least 1;
        - `primary`: number of primary-care facilities;
        - `gdp`: gross domestic product per head, yuan;
        - `digital`: how far digital diagnosis has reached primary care, 0 to 1;
        - `population`: inhabitants;
        - `port_developed`: 1 in the eleven coastal provinces, else 0;
        - `inflow`: net inflow of people, always positive: the outcome;
        - `bed_utilisation_high`, `bed_utilisation_primary`: use of beds in tertiary hospitals and in primary
          care, per cent.

        ``attrs["source"]`` is "simulated".

    See Also
    --------
    load_truth : the parameters that an estimate should find.

    Notes
    -----
    `inflow` follows a spatial Durbin model in logarithms with effects of city and year, on row-standardised
    queen contiguity: tertiary hospitals pull people in, more so in port-developed provinces and less so where
    digital diagnosis has come; primary care does not. The two utilisations are linear in log(inflow), digital
    and their product, with effects of city and year.

    Examples
    --------
    >>> panel = load_panel()
    >>> panel.shape, panel.attrs["source"]
    ((3377, 9), 'simulated')
    >>> panel.loc[("Guangzhou", 2011), ["tertiary", "port_developed"]].astype(int).to_list()
    [19, 1]
    """
    panel = _read_panel("hospital_panel.csv", "city")
    panel.attrs["source"] = "simulated"
    return panel


def load_hospitals() -> gpd.GeoDataFrame:
    """Load the **simulated** hospitals of the cities of `load_cities` in 2021, as points.

    Returns
    -------
    GeoDataFrame
        Indexed by `hospital`, in longitude and latitude (EPSG:4326). All columns are simulated:

        - `city`: as in `load_cities`, inside whose polygon the point lies;
        - `tier`: "tertiary" or "primary";
        - `beds`: beds of the row;
        - `facilities`: how many facilities the row stands for: 1 for a tertiary hospital. Primary care has five rows
          a city.

    See Also
    --------
    load_panel : whose `tertiary` and `primary` of 2021 are the sums of `facilities`.
    spatialhealth.attraction : shares, catchments and scores from hospitals and people.

    Notes
    -----
    No hospital is where such a point is, or has these beds. Most lie within some ten kilometres of the city's point.

    Examples
    --------
    >>> hospitals = load_hospitals()
    >>> len(hospitals), hospitals.attrs["source"]
    (4160, 'simulated')
    >>> hospitals.query("city == 'Guangzhou'").groupby("tier")["facilities"].sum().to_dict()
    {'primary': 19405, 'tertiary': 27}
    """
    import geopandas as gpd
    import pandas as pd

    table = pd.read_csv(_path("hospitals.csv")).set_index("hospital")
    points = gpd.points_from_xy(table.pop("longitude"), table.pop("latitude"))
    hospitals = gpd.GeoDataFrame(table, geometry=points, crs="EPSG:4326")
    hospitals.attrs["source"] = "simulated"
    return hospitals


def load_flows() -> pd.DataFrame:
    """Load **simulated** journeys between the cities of `load_cities` in 2021.

    Returns
    -------
    DataFrame
        One row for each of the 307 x 306 ordered pairs of different cities, in the order of the cities:

        - `origin`, `destination`: cities;
        - `trips`: journeys, a whole number, 0 for one pair in twelve;
        - `distance`: metres, along the geodesic between the centroids of the two catchments.

        ``attrs["source"]`` is "simulated".

    See Also
    --------
    load_truth : under "flows", the parameters that an estimate should find.

    Notes
    -----
    The expected number is exp(push_i + pull_j - 1.1 log(distance)). Pull grows with tertiary hospitals (0.6 log) and
    GDP per head (0.3 log), not with primary care, push with population (0.9 log); both have a part of their own.
    Counts vary more than Poisson ones.

    Examples
    --------
    >>> od = load_flows()
    >>> od.shape, od.attrs["source"], int((od["trips"] == 0).sum())
    ((93942, 4), 'simulated', 7261)
    """
    import numpy as np
    import pandas as pd

    from spatialhealth.weights.frames import ids_of, metric_of

    trips = pd.read_csv(_path("flows.csv.gz"), index_col=0)
    cities = load_cities().loc[trips.index]
    i, j = np.nonzero(~np.eye(len(cities), dtype=bool))
    ids = ids_of(cities)
    columns = {
        "origin": ids[i],
        "destination": ids[j],
        "trips": trips.to_numpy()[i, j],
        "distance": metric_of(cities, ids).measure(i, j),
    }
    flows = pd.DataFrame(columns)
    flows.attrs["source"] = "simulated"
    return flows


def load_truth() -> dict[str, Any]:
    """Load the true parameters of the simulated panel and flows.

    Returns
    -------
    dict
        - `formula`, `durbin`, `effects`, `model`, `weights`: how to estimate the process of `inflow`;
        - `params`: its coefficients by name: regressors, then ``W:`` + regressor, then ``rho``;
        - `sigma`, `seed`: the standard deviation of its errors, and the seed of all numbers;
        - `utilisation`: for each of the two utilisations its `formula`, `effects`, `params` and `sigma`;
        - `flows`: of `load_flows`, the `params` of the pairs, and of `pull` and `push` the `params` and the standard
          deviation `sigma` of the rest; `dispersion`, the variance of a flow's mean around its expectation of 1.

    See Also
    --------
    load_panel : the panel.
    load_flows : the flows.

    Examples
    --------
    >>> truth = load_truth()
    >>> truth["params"]["rho"], truth["params"]["log(tertiary)"]
    (0.35, 0.6)
    """
    truth: dict[str, Any] = json.loads(_path("truth.json").read_text(encoding="utf-8"))
    truth["flows"] = json.loads(_path("truth_flows.json").read_text(encoding="utf-8"))
    return truth


def load_states() -> gpd.GeoDataFrame:
    """Load the polygons of 48 American states and the District of Columbia.

    Returns
    -------
    GeoDataFrame
        Indexed by `state` (the name), in longitude and latitude (EPSG:4326), with `fips`, `region` and
        `geometry`.

    See Also
    --------
    load_cigarettes : 46 of these states, 1963 to 1992.
    load_production : 48 of these states, 1970 to 1986.

    References
    ----------
    Bivand, R., Nowosad, J. and Lovelace, R. spData: Datasets for Spatial Analysis. R package 2.2.1 (CC0).

    Examples
    --------
    >>> states = load_states()
    >>> len(states), states.loc["Ohio", "region"]
    (49, 'Midwest')
    """
    return _read_polygons("us_states.gpkg").set_index("state")


def load_cigarettes() -> pd.DataFrame:
    """Load Baltagi's cigarette panel: 46 American states, 1963 to 1992 (real data).

    Returns
    -------
    DataFrame
        Indexed by (`state`, `year`), sorted; the years are 63 to 92, as in the source. Columns: `price` of a
        pack in cents, population `pop` and that over 16 `pop16` in thousands, consumer price index `cpi`,
        disposable income per head `ndi`, packs sold per head `sales`, and the lowest price in the adjoining
        states `pimin`.

    See Also
    --------
    load_states : the polygons.

    Notes
    -----
    The usual model is log(sales) on log(price / cpi) and log(ndi / cpi), with effects of state and year.

    References
    ----------
    Baltagi, B. H. (2021). Econometric Analysis of Panel Data, 6th edition. Springer. Data set `Cigar` of the R
    package plm.

    Examples
    --------
    >>> panel = load_cigarettes()
    >>> panel.shape, float(panel.loc[("Ohio", 63), "sales"])
    ((1380, 7), 130.4)
    """
    return _read_panel("cigarettes.csv", "state")


def load_production() -> pd.DataFrame:
    """Load Munnell's panel of public capital: 48 American states, 1970 to 1986 (real data).

    Returns
    -------
    DataFrame
        Indexed by (`state`, `year`), sorted. Columns: `region` (1 to 9), public capital `pcap` and its parts
        `hwy` (roads), `water` and `util` (other utilities), private capital `pc`, gross state product `gsp`,
        employment `emp` in thousands, rate of unemployment `unemp` in per cent.

    See Also
    --------
    load_states : the polygons.

    Notes
    -----
    The usual model is log(gsp) on log(pcap), log(pc), log(emp) and unemp, with effects of state.

    References
    ----------
    Munnell, A. H. (1990). Why has productivity growth declined? Productivity and public investment. New England
    Economic Review, January/February, 3-22. Data set `Produc` of the R package plm.

    Examples
    --------
    >>> panel = load_production()
    >>> panel.shape, int(panel.loc[("Ohio", 1970), "gsp"])
    ((816, 9), 121293)
    """
    return _read_panel("production.csv", "state")


def _path(name: str) -> Path:
    """Find a file: inside the installed package, or at the root of a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "sample_data", package.parent / "sample_data"):
        if (folder / name).is_file():
            return folder / name
    raise DataError(
        f"The embedded file {name!r} is not in {package / 'sample_data'}: install the package again."
    )


def _read_polygons(name: str) -> gpd.GeoDataFrame:
    import geopandas as gpd

    return gpd.read_file(_path(name), engine="pyogrio")


def _read_panel(name: str, unit: str) -> pd.DataFrame:
    import pandas as pd

    return pd.read_csv(_path(name)).set_index([unit, "year"]).sort_index()
