"""Catchments and choice shares of arrays: those of layers, and what is refused."""

from __future__ import annotations

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from spatialhealth import errors
from spatialhealth.attraction import (
    ExponentialDecay,
    FloatingCatchment,
    GeodesicCost,
    HuffModel,
    SuppliedCost,
)
from spatialhealth.errors import DataError, NonFiniteError, OptionError, ShapeError
from tests.refusal import refusal

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
    table = SuppliedCost(pd.DataFrame({"demand": [1], "supply": [1], "cost": [1.0]}))
    with pytest.raises(OptionError, match="found by label"):
        FloatingCatchment("2SFCA", cutoff=1, cost=table).fit_arrays(*good)
    with pytest.raises(OptionError, match="must have the columns beds"):
        HuffModel(params={"beds": 1, "decay": 1}).predict_arrays(
            PLACES, HOSPITALS, np.column_stack([BEDS, BEDS]), True
        )


# --- labels, costs that are supplied, flows ---------------------------------------------------------------

IDS = [f"p{k}" for k in range(40)], [f"h{k}" for k in range(9)]
COSTS = RNG.uniform(5, 90, (40, 9)).round(3)
STAFF = RNG.integers(20, 200, 9).astype(float)
FLOWS = RNG.poisson(400 * BEDS**0.7 / COSTS**1.3) * (COSTS < 80)


def listed(values, where):
    """Give pairs as three arrays, in no order."""
    i, j = np.nonzero(where)
    order = np.random.default_rng(3).permutation(len(i))
    ids = [np.array(each, dtype=object) for each in IDS]
    return ids[0][i[order]], ids[1][j[order]], values[i[order], j[order]]


def tables():
    """Give demand, supply, costs below 80 and flows as pandas has them."""
    demand = pd.DataFrame({"population": PEOPLE}, index=IDS[0])
    supply = pd.DataFrame({"beds": BEDS, "staff": STAFF}, index=IDS[1])
    costs = dict(zip(("demand", "supply", "cost"), listed(COSTS, COSTS < 80), strict=True))
    flows = dict(zip(("origin", "destination", "value"), listed(FLOWS, FLOWS > 0), strict=True))
    return demand, supply, costs, flows


@pytest.mark.parametrize("method", ["E2SFCA", "3SFCA", "RAAM"])
def test_catchments_of_costs_in_arrays(method):
    demand, supply, costs, _ = tables()
    options = {"method": method, "cutoff": 40, "tau": 20 if method == "RAAM" else None}
    theirs = FloatingCatchment(**options, cost=SuppliedCost(pd.DataFrame(costs))).fit(demand, supply).result_
    mine = FloatingCatchment(**options, cost=SuppliedCost(costs))
    found = mine.fit_arrays(None, None, PEOPLE, BEDS, ids=IDS).result_
    np.testing.assert_allclose(found.accessibility[""], theirs.accessibility[""], rtol=1e-12)
    np.testing.assert_allclose(found.assigned, theirs.assigned, rtol=1e-12)
    assert found.demand.tolist() == IDS[0] and found.supply.tolist() == IDS[1]


@pytest.mark.parametrize("cov_type", ["cluster", "observed"])
@pytest.mark.parametrize("decay", ["power", "exponential", "gaussian", ExponentialDecay(25.0)])
def test_flows_in_arrays_calibrate_as_those_in_tables(decay, cov_type):
    demand, supply, costs, flows = tables()
    options = {"size": ["beds", "staff"], "decay": decay, "cov_type": cov_type}
    theirs = HuffModel(**options, cost=SuppliedCost(pd.DataFrame(costs)))
    theirs.fit(pd.DataFrame(flows), demand, supply)
    mine = HuffModel(**options, cost=SuppliedCost(costs))
    sizes = np.column_stack([BEDS, STAFF])
    mine.fit_arrays(None, None, sizes, tuple(flows.values()), ids=IDS)
    assert mine.summary() == theirs.summary()
    np.testing.assert_allclose(mine.result_.params, theirs.params_, rtol=1e-12)
    np.testing.assert_allclose(mine.result_.std_errors, theirs.std_errors_, rtol=1e-10)
    patients, error = mine.predict_arrays(None, None, sizes, ids=IDS).expected(PEOPLE)
    expected = theirs.predict().patients(demand["population"])
    np.testing.assert_allclose(patients, expected["patients"], rtol=1e-12)
    np.testing.assert_allclose(error, expected["std_error"], rtol=1e-10)


@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32649"])
def test_flows_between_points_calibrate_as_those_between_layers(crs):
    demand, supply, here, there, geographic = layers(crs)
    i, j = np.nonzero(FLOWS)
    options = {"cost": GeodesicCost(minimum=1_000)}
    flows = pd.DataFrame({"origin": i, "destination": j, "value": FLOWS[i, j]})
    theirs = HuffModel(**options).fit(flows, demand, supply)
    mine = HuffModel(**options).fit_arrays(here, there, BEDS, (i, j, FLOWS[i, j]), geographic)
    np.testing.assert_allclose(mine.result_.params, theirs.params_, rtol=1e-10)
    np.testing.assert_allclose(mine.result_.std_errors, theirs.std_errors_, rtol=1e-9)


def test_expected_patients_of_given_parameters_have_no_error():
    _, _, costs, _ = tables()
    near = {name: values[costs["demand"] != "p3"] for name, values in costs.items()}
    model = HuffModel(cost=SuppliedCost(near), params={"beds": 1, "decay": 2})
    shares = model.predict_arrays(None, None, BEDS, ids=IDS)
    patients, error = shares.expected(PEOPLE)
    assert error is None and "p3" not in shares.pairs.demand
    weight = np.where(COSTS < 80, BEDS * COSTS**-2.0, 0)
    weight[3] = 0
    total = weight.sum(axis=1, keepdims=True)
    by_hand = PEOPLE @ np.divide(weight, total, out=np.zeros_like(weight), where=total > 0)
    np.testing.assert_allclose(patients, by_hand, rtol=1e-12)


def test_a_fit_to_arrays_has_no_layers_to_predict():
    demand, supply, costs, flows = tables()
    model = HuffModel(cost=SuppliedCost(costs)).fit(pd.DataFrame(flows), demand, supply)
    model.fit_arrays(None, None, BEDS, tuple(flows.values()), ids=IDS)
    with refusal(OptionError, "give demand and supply"):
        model.predict()


ONE, TWO = np.array(["p0"], dtype=object), np.array(["p0", "p0"], dtype=object)
H, HH = np.array(["h0"], dtype=object), np.array(["h0", "h0"], dtype=object)


@pytest.mark.parametrize(
    "flows, kind, words",
    [
        ((ONE, H, [-1.0]), DataError, "negative for ('p0', 'h0')"),
        ((TWO, HH, [1.0, 2.0]), errors.DuplicateError, "more than once in the flows: ('p0', 'h0')"),
        ((ONE, H, [np.nan]), errors.MissingDataError, "'people' is missing for 1 pairs: ('p0', 'h0')"),
        ((ONE, H, [np.inf]), NonFiniteError, "'people' is infinite for 1 pairs"),
        ((ONE, H, ["many"]), errors.NonNumericError, "people"),
        ((ONE, H, [1.0, 2.0]), ShapeError, "2 values for 1 pairs"),
        ((ONE, HH, [1.0]), ShapeError, "'hospital' has 2 values for 1 pairs"),
        (([None], H, [1.0]), errors.MissingDataError, "'place' is missing in 1 rows: 0"),
        ((["p99"], H, [1.0]), errors.AlignmentError, "places of demand that the layer does not have: 'p99'"),
        ((ONE, ["h99"], [1.0]), errors.AlignmentError, "supply that the layer does not have: 'h99'"),
        ((ONE, H, [0.0]), errors.IdentificationError, "all flows are zero"),
    ],
)
def test_flows_that_are_refused(flows, kind, words):
    model = HuffModel(cost=SuppliedCost(tables()[2]))
    with refusal(kind, words):
        model.fit_arrays(None, None, BEDS, flows, ids=IDS)


@pytest.mark.parametrize(
    "change, kind, words",
    [
        ({"cost": None}, errors.LabelError, "the mapping has no 'cost'"),
        ({"cost": [1.0, np.nan]}, errors.MissingDataError, "'cost' is missing for 1 pairs: ('p0', 'h1')"),
        ({"cost": [1.0, np.inf]}, NonFiniteError, "'cost' is infinite for 1 pairs"),
        ({"cost": [1.0, -1.0]}, DataError, "'cost' is negative for ('p0', 'h1')"),
        ({"cost": [1.0]}, ShapeError, "'cost' has 1 values for 2 pairs"),
        ({"supply": ["h0", None]}, errors.MissingDataError, "'supply' is missing in 1 rows: 1"),
        ({"supply": ["h0", "h0"]}, errors.DuplicateError, "('p0', 'h0')"),
    ],
)
def test_costs_in_arrays_that_are_refused(change, kind, words):
    columns = {"demand": ["p0", "p0"], "supply": ["h0", "h1"], "cost": [1.0, 2.0], **change}
    with refusal(kind, words):
        SuppliedCost({name: values for name, values in columns.items() if values is not None})


@pytest.mark.parametrize(
    "ids, kind, words",
    [
        ((IDS[0][:-1], IDS[1]), errors.AlignmentError, "units of demand only in the table of costs: 'p39'"),
        (([*IDS[0][:-1], "p0"], IDS[1]), errors.DuplicateError, "ids of demand stand more than once: 'p0'"),
        ((IDS[0], [*IDS[1][:-1], None]), errors.MissingDataError, "ids of supply are missing at positions 8"),
    ],
)
def test_ids_that_are_refused(ids, kind, words):
    model = HuffModel(cost=SuppliedCost(tables()[2]), params={"beds": 1, "decay": 1})
    with refusal(kind, words):
        model.predict_arrays(None, None, BEDS, ids=ids)


def test_each_point_has_an_id():
    model = HuffModel(params={"beds": 1, "decay": 1})
    with refusal(ShapeError, "40 points of demand have 39 ids"):
        model.predict_arrays(PLACES, HOSPITALS, BEDS, True, ids=(IDS[0][:-1], IDS[1]))
