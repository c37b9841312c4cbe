"""The variables of the county studies, made from the population estimates and the list of hospitals."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from spatialhealth.datasets import USCounties

__all__ = ["county_cross_section", "county_panel", "lower_48"]

_YEARS = range(2011, 2020)  # 2010 covers April to July only
_LARGE = 200  # staffed beds
_OUTSIDE = ("02", "15")  # Alaska, Hawaii


def lower_48(data: USCounties) -> gpd.GeoDataFrame:
    """Give the counties of the 48 adjoining states and the District of Columbia.

    Parameters
    ----------
    data : USCounties
        What `spatialhealth.datasets.fetch_us_counties` gives.

    Returns
    -------
    GeoDataFrame
        3,108 counties indexed by `fips`.
    """
    counties = data.counties
    return counties[~counties.index.str[:2].isin(_OUTSIDE)]


def county_cross_section(data: USCounties) -> pd.DataFrame:
    """Give means of 2011 to 2019 by county, and its hospital beds.

    Parameters
    ----------
    data : USCounties

    Returns
    -------
    DataFrame
        Indexed by `fips`:

        - `migration`: mean net domestic migration of 2011 to 2019, per 1,000 residents;
        - `natural_increase`: mean births less deaths of 2011 to 2019, per 1,000 residents;
        - `residents`: mean population of 2010 to 2019, the denominator of both;
        - `population_2010`: population on 1 July 2010;
        - `beds_high`: staffed beds of general acute care hospitals with 200 staffed beds or more;
        - `beds_critical`: staffed beds of critical access hospitals;
        - `beds_general`: staffed beds of all general acute care hospitals;
        - `use_general`, `use_critical`: per cent of staffed beds in use in general acute care and in critical access
          hospitals, over those whose beds and use are known; missing where there is none;
        - `area_sqmi`: land, square miles.

        A hospital whose staffed beds are unknown adds none.
    """
    import pandas as pd

    counties, people = lower_48(data), data.population
    residents = people["population"].groupby(level="fips").mean()
    means = people[people.index.get_level_values("year").isin(_YEARS)].groupby(level="fips").mean()
    natural = means["births"] - means["deaths"]
    hospitals = data.facilities
    beds = hospitals["beds_staffed"]
    general = hospitals["type"] == "GENERAL ACUTE CARE"
    critical = hospitals["type"] == "CRITICAL ACCESS"
    high = general & (beds >= _LARGE)
    table = pd.DataFrame(
        {
            "migration": means["domestic_migration"] / residents * 1000,
            "natural_increase": natural / residents * 1000,
            "residents": residents,
            "population_2010": people["population"].xs(2010, level="year"),
            "beds_high": beds[high].groupby(hospitals["fips"][high]).sum(),
            "beds_critical": beds[critical].groupby(hospitals["fips"][critical]).sum(),
            "beds_general": beds[general].groupby(hospitals["fips"][general]).sum(),
            "use_general": _use(hospitals[general]),
            "use_critical": _use(hospitals[critical]),
        }
    ).reindex(counties.index)
    no_hospital = {"beds_high": 0.0, "beds_critical": 0.0, "beds_general": 0.0}
    return table.fillna(no_hospital).assign(area_sqmi=counties["area_sqmi"])


def _use(hospitals: pd.DataFrame) -> pd.Series:
    """Give the per cent of staffed beds in use by county, over hospitals that say both."""
    known = hospitals[(hospitals["beds_staffed"] > 0) & hospitals["occupancy"].notna()]
    beds = known["beds_staffed"].groupby(known["fips"]).sum()
    used = (known["beds_staffed"] * known["occupancy"]).groupby(known["fips"]).sum()
    return 100 * used / beds


def county_panel(data: USCounties) -> pd.DataFrame:
    """Give migration and its time-varying companions by county and year, 2011 to 2019.

    Parameters
    ----------
    data : USCounties

    Returns
    -------
    DataFrame
        Indexed by (`fips`, `year`); a year runs from July to June, and `population_start` is the estimate at
        its start. `migration` and `natural_increase` are per 1,000 of these residents. The list of hospitals
        is of one date, so beds do not vary over time and cannot be told apart from the counties' effects.
    """
    import pandas as pd

    counties, people = lower_48(data), data.population
    people = people[people.index.get_level_values("fips").isin(counties.index)]
    start = people["population"].groupby(level="fips").shift()
    table = pd.DataFrame(
        {
            "migration": people["domestic_migration"] / start * 1000,
            "natural_increase": (people["births"] - people["deaths"]) / start * 1000,
            "population_start": start,
        }
    )
    return table[table.index.get_level_values("year").isin(_YEARS)]
