"""Assemble hospitals, people and polygons of the American counties from their public sources."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

__all__ = ["BOUNDARIES", "ESTIMATES", "FACILITIES", "USCounties", "assemble"]

ESTIMATES = "co-est2019-alldata.csv"
BOUNDARIES = "us_counties.geojson"
FACILITIES = "us_healthcare_capacity-facility-CovidCareMap.csv"

_YEARS = range(2010, 2020)
_COUNTY = 50  # the summary level of a county; 40 is a state
_RECODED = {"46102": "46113", "02158": "02270"}  # renamed since 2010, the year of the boundaries
_POPULATION = {
    "population": "POPESTIMATE",
    "births": "BIRTHS",
    "deaths": "DEATHS",
    "international_migration": "INTERNATIONALMIG",
    "domestic_migration": "DOMESTICMIG",
}
_FACILITIES = {
    "CCM_ID": "facility_id",
    "Name": "name",
    "Hospital Type": "type",
    "City": "city",
    "State": "state",
    "fips": "fips",
    "Latitude": "latitude",
    "Longitude": "longitude",
    "Staffed All Beds": "beds_staffed",
    "Staffed ICU Beds": "beds_icu",
    "Licensed All Beds": "beds_licensed",
    "All Bed Occupancy Rate": "occupancy",
    "ICU Bed Occupancy Rate": "icu_occupancy",
}


@dataclass(frozen=True, eq=False)
class USCounties:
    """Hospitals and mobility of the American counties.

    Parameters
    ----------
    counties : GeoDataFrame
        3,142 counties indexed by `fips` (five characters), EPSG:4326, on the boundaries of 2010: `county`,
        `state`, `region`, `division`, `area_sqmi` (land, square miles).
    facilities : DataFrame
        7,154 hospitals indexed by `facility_id`: `name`, `type`, `city`, `state`, `fips` (the county that the
        point lies in; missing for 84), `latitude`, `longitude`, `beds_staffed`, `beds_icu`, `beds_licensed`,
        `occupancy` and `icu_occupancy` (shares). Many values are missing in the source.
    population : DataFrame
        Indexed by (`fips`, `year`), 2010 to 2019: `population`, `births`, `deaths`,
        `international_migration`, `domestic_migration` (net). 2010 covers April to July only.
    """

    counties: gpd.GeoDataFrame
    facilities: pd.DataFrame
    population: pd.DataFrame

    def __repr__(self) -> str:
        """Say what is inside, in one line."""
        return (
            f"USCounties({len(self.counties)} counties, {len(self.facilities)} facilities, "
            f"population of {self.population.index.get_level_values('year').nunique()} years)"
        )


def assemble(files: Mapping[str, Path]) -> USCounties:
    """Put the three raw files together.

    Parameters
    ----------
    files : mapping of str to Path
        Where `ESTIMATES`, `BOUNDARIES` and `FACILITIES` are.

    Returns
    -------
    USCounties

    Notes
    -----
    County codes are the zero-padded codes of state and county. Two counties renamed since 2010 carry their old
    code, that of the boundaries. Counties without estimates (Puerto Rico) are left out.
    """
    estimates = _read_estimates(files[ESTIMATES])
    counties = _counties(files[BOUNDARIES], estimates)
    return USCounties(counties, _facilities(files[FACILITIES], counties), _population(estimates))


def _read_estimates(path: Path) -> pd.DataFrame:
    """Read the population estimates, one row a county."""
    import pandas as pd

    table = pd.read_csv(path, encoding="latin-1", dtype={"STATE": str, "COUNTY": str})
    table = table[table["SUMLEV"] == _COUNTY]
    fips = (table["STATE"].str.zfill(2) + table["COUNTY"].str.zfill(3)).replace(_RECODED)
    return table.set_index(fips.rename("fips")).sort_index()


def _counties(path: Path, estimates: pd.DataFrame) -> gpd.GeoDataFrame:
    """Read the polygons of the counties that have estimates."""
    import geopandas as gpd
    import shapely

    raw = gpd.read_file(path, engine="pyogrio")
    raw = raw.set_index((raw["STATE"] + raw["COUNTY"]).rename("fips")).loc[estimates.index]
    # one kind of geometry for all, as a layer of a geographic database has it
    polygons = [
        shape if shape.geom_type == "MultiPolygon" else shapely.MultiPolygon([shape])
        for shape in raw.geometry
    ]
    columns = {
        "county": raw["NAME"],
        "state": estimates["STNAME"],
        "region": estimates["REGION"],
        "division": estimates["DIVISION"],
        "area_sqmi": raw["CENSUSAREA"],
    }
    return gpd.GeoDataFrame(columns, geometry=polygons, index=raw.index, crs=4326)


def _facilities(path: Path, counties: gpd.GeoDataFrame) -> pd.DataFrame:
    """Read the hospitals and find the county that each lies in."""
    import geopandas as gpd
    import pandas as pd

    raw = pd.read_csv(path, dtype={"CCM_ID": str, "Zipcode": str}, low_memory=False)
    points = gpd.GeoSeries(gpd.points_from_xy(raw["Longitude"], raw["Latitude"], crs=4326))
    point, county = counties.sindex.query(points, predicate="within")
    raw["fips"] = pd.Series(counties.index[county], index=point).reindex(raw.index)
    return raw[list(_FACILITIES)].rename(columns=_FACILITIES).set_index("facility_id").sort_index()


def _population(estimates: pd.DataFrame) -> pd.DataFrame:
    """Turn one column a year into one row a year."""
    import pandas as pd

    years = {
        year: pd.DataFrame({name: estimates[f"{code}{year}"] for name, code in _POPULATION.items()})
        for year in _YEARS
    }
    return pd.concat(years, names=["year"]).swaplevel().sort_index()
