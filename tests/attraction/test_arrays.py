"""Catchments and choice shares of arrays: those of layers, and what is refused."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pytest

from spatialhealth.attraction import FloatingCatchment, GeodesicCost, HuffModel, SuppliedCost
from spatialhealth.errors import DataError, NonFiniteError, OptionError, ShapeError

RNG = np.random.default_rng(5)
LOW, HIGH = (109, 29), (111, 31)
PLACES, HOSPITALS = RNG.uniform(LOW, HIGH, (40, 2)), RNG.uniform(LOW, HIGH, (9, 2))
PEOPLE, BEDS = RNG.integers(0, 900, 40).astype(float), RNG.integers(10, 90, 9).astype(float)


def layers(crs):
    scale = 1 if crs == "EPSG:4326" else 111_000
    demand = gpd.GeoDataFrame(
        {"population": PEOPLE}, geometry=gpd.points_from_xy(*(PLACES * scale).T), crs=crs
    )
    supply = gpd.GeoDataFrame({"beds": BEDS}, geometry=gpd.points_from_xy(*(HOSPITALS * scale).T), crs=crs)
    return demand, supply, PLACES * scale, HOSPITALS * scale, crs == "EPSG:4326"


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32649"])
@pytest.mark.parametrize("method", ["2SFCA", "E2SFCA", "3SFCA", "RAAM"])
def test_catchments_of_arrays_are_those_of_layers(method, crs):
    demand, supply, here, there, geographic = layers(crs)
    options = {"method": method, "cutoff": 60_000, "tau": 30_000 if method == "RAAM" else None}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = FloatingCatchment(**options).fit(demand, supply).result_
        mine = FloatingCatchment(**options).fit_arrays(here, there, PEOPLE, BEDS, geographic).result_
    np.testing.assert_allclose(mine.accessibility[""], theirs.accessibility[""], rtol=1e-12)
    np.testing.assert_allclose(mine.assigned, theirs.assigned, rtol=1e-12)
    np.testing.assert_array_equal(mine.reachable[""], theirs.reachable[""])
    assert mine.unreachable.tolist() == theirs.unreachable.tolist()
    if method != "RAAM":
        assert mine.balance[0] == pytest.approx(mine.balance[1])


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32649"])
def test_shares_of_arrays_are_those_of_layers(crs):
    demand, supply, here, there, geographic = layers(crs)
    model = HuffModel(cost=GeodesicCost(minimum=500), params={"beds": 0.8, "decay": 1.5}, cutoff=90_000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = model.predict(demand, supply).pairs
    mine = model.predict_arrays(here, there, BEDS, geographic).pairs
    np.testing.assert_array_equal(mine.demand[mine.rows], theirs.demand[theirs.rows])
    np.testing.assert_array_equal(mine.place, theirs.place)
    np.testing.assert_allclose(mine.value, theirs.value, rtol=1e-12)


def test_refusals():
    catchment = FloatingCatchment("2SFCA", cutoff=60_000)
    good = (PLACES, HOSPITALS, PEOPLE, BEDS, True)
    for change, error, words in (
        ({0: PLACES[:, 0]}, ShapeError, r"must have shape \(n, 2\)"),
        ({2: PEOPLE[:3]}, ShapeError, "3 values for 40 places"),
        ({3: -BEDS}, DataError, "must be positive"),
        ({2: -PEOPLE - 1}, DataError, "must be not negative"),
        ({2: np.where(PEOPLE > 500, np.nan, PEOPLE)}, NonFiniteError, "people"),
    ):
        arguments = [change.get(j, each) for j, each in enumerate(good)]
        with pytest.raises(error, match=words):
            catchment.fit_arrays(*arguments)
    with pytest.raises(OptionError, match="tiers need tables"):
        FloatingCatchment("2SFCA", cutoff=1, tier="tier").fit_arrays(*good)
    table = SuppliedCost(gpd.pd.DataFrame({"demand": [1], "supply": [1], "cost": [1.0]}))
    with pytest.raises(OptionError, match="distances are measured"):
        FloatingCatchment("2SFCA", cutoff=1, cost=table).fit_arrays(*good)
    with pytest.raises(OptionError, match="must have the columns beds"):
        HuffModel(params={"beds": 1, "decay": 1}).predict_arrays(
            PLACES, HOSPITALS, np.column_stack([BEDS, BEDS]), True
        )
