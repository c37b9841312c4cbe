"""Costs: geodesics pair by pair, tables in both forms, what they refuse."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod

from spatialhealth import errors
from spatialhealth.attraction import BinaryDecay, GeodesicCost, PowerDecay, SuppliedCost, reach
from spatialhealth.attraction.costs import check_cost
from tests.attraction.places import random_case
from tests.refusal import refusal


def layer(points, prefix, crs="EPSG:4326"):
    points = np.asarray(points, float)
    return gpd.GeoDataFrame(
        index=[f"{prefix}{i}" for i in range(len(points))],
        geometry=gpd.points_from_xy(*points.T),
        crs=crs,
    )


@pytest.fixture
def towns():
    rng = np.random.default_rng(1)
    return layer(np.column_stack([rng.uniform(-180, 180, 60), rng.uniform(-80, 80, 60)]), "t")


@pytest.fixture
def hospitals():
    rng = np.random.default_rng(2)
    return layer(np.column_stack([rng.uniform(-180, 180, 25), rng.uniform(-80, 80, 25)]), "h")


def geodesics(towns, hospitals):
    geod = Geod(ellps="WGS84")
    return pd.DataFrame(
        [[geod.inv(a.x, a.y, b.x, b.y)[2] for b in hospitals.geometry] for a in towns.geometry],
        index=towns.index,
        columns=hospitals.index,
    )


@pytest.mark.parametrize("cutoff", [None, 50_000.0, 3_000_000.0, 19_000_000.0])
@pytest.mark.parametrize("chunk", [1_000_000, 7])
def test_geodesics_pair_by_pair(towns, hospitals, cutoff, chunk, monkeypatch):
    monkeypatch.setattr(reach, "CHUNK", chunk)
    true = geodesics(towns, hospitals).stack().rename("cost").rename_axis(["demand", "supply"]).reset_index()
    if cutoff is not None:
        true = true[true["cost"] <= cutoff].reset_index(drop=True)
    found = GeodesicCost().between(towns, hospitals, cutoff)
    pd.testing.assert_frame_equal(found, true, rtol=1e-12)


def test_a_pair_at_the_same_place_counts():
    here = layer([(10, 50)], "a")
    table = GeodesicCost().between(here, layer([(10, 50), (10.5, 50)], "h"), cutoff=10)
    assert table.to_dict("records") == [{"demand": "a0", "supply": "h0", "cost": 0.0}]
    assert GeodesicCost(minimum=500).between(here, here)["cost"].tolist() == [500.0]


def test_projected_layers_are_measured_on_the_plane():
    feet = "+proj=aeqd +lat_0=35 +lon_0=105 +datum=WGS84 +units=us-ft"
    a, b = layer([(0, 0), (1e6, 0)], "a", feet), layer([(0, 3000), (4000, 0)], "b", feet)
    found = GeodesicCost().between(a, b, cutoff=2000)
    np.testing.assert_allclose(found["cost"], np.array([3000, 4000]) * 1200 / 3937)


def test_layers_that_cannot_be_measured_together(towns, hospitals):
    with refusal(errors.CoordinateSystemError, "supply.to_crs(demand.crs)"):
        GeodesicCost().between(towns.cx[-100:100, -60:60], hospitals.cx[-100:100, -60:60].to_crs(3857))
    with refusal(errors.CoordinateSystemError, "no coordinate reference system") as caught:
        GeodesicCost().between(towns, hospitals.set_crs(None, allow_override=True))
    assert caught.value.__notes__ == ["in the layer of supply"]
    with refusal(errors.GeometryError, "no geometry column") as caught:
        GeodesicCost().between(pd.DataFrame(index=["a"]), hospitals)
    assert caught.value.__notes__ == ["in the layer of demand"]
    twice = pd.concat([towns, towns.iloc[:1]])
    with refusal(errors.DuplicateError, "'t0'"):
        GeodesicCost().between(twice, hospitals)


def test_too_many_pairs(towns, hospitals, monkeypatch):
    monkeypatch.setattr(reach, "MOST_PAIRS", 100)
    with refusal(errors.SizeError, "1,500 pairs", "60 places of demand and 25 of supply", "smaller cutoff"):
        GeodesicCost().between(towns, hospitals)


@pytest.mark.parametrize("bad", [-1, np.nan, "5", None])
def test_options_of_distances(bad, towns, hospitals):
    with refusal(errors.OptionError, "minimum="):
        GeodesicCost(minimum=bad)
    if bad is not None:
        with refusal(errors.OptionError, "cutoff="):
            GeodesicCost().between(towns, hospitals, cutoff=bad)


def long_of(wide):
    # stack leaves missing values out where pandas is old
    return wide.T.unstack().rename("cost").rename_axis(["demand", "supply"]).reset_index()


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False), st.floats(5, 200))
def test_both_forms_in_any_order_give_the_same(random, cutoff):
    places, hospitals, wide = random_case(3, n=7, m=4)
    long = long_of(wide)
    rows = list(range(len(long)))
    random.shuffle(rows)
    one = SuppliedCost(wide.iloc[::-1, ::-1]).between(places, hospitals, cutoff)
    two = SuppliedCost(long.iloc[rows]).between(places, hospitals, cutoff)
    pd.testing.assert_frame_equal(one, two)
    expected = long[long["cost"] <= cutoff].reset_index(drop=True)
    pd.testing.assert_frame_equal(one, expected)


def test_other_names_of_columns_and_a_table_that_changes_later():
    places, hospitals, wide = random_case(3, n=7, m=4)
    long = long_of(wide).rename(columns={"demand": "from", "supply": "to", "cost": "minutes"})
    cost = SuppliedCost(long, "from", "to", "minutes")
    before = cost.between(places, hospitals)
    long["minutes"] = -1.0
    pd.testing.assert_frame_equal(cost.between(places, hospitals), before)
    assert repr(cost) == "SuppliedCost(<28 pairs, 7 x 4>)"


def test_pandas_own_types_of_numbers():
    places, hospitals, wide = random_case(3, n=7, m=4)
    expected = SuppliedCost(wide).between(places, hospitals)
    for table in (wide.astype("Float64"), long_of(wide).astype({"cost": "Float64"})):
        pd.testing.assert_frame_equal(SuppliedCost(table).between(places, hospitals), expected)
    wide = wide.astype("Float64")
    wide.iloc[1, 2] = pd.NA
    with refusal(errors.MissingDataError, "('place 1', 'hospital 2')"):
        SuppliedCost(wide)


def test_what_a_long_table_leaves_out_is_out_of_reach():
    places, hospitals, wide = random_case(3, n=3, m=2)
    found = SuppliedCost(long_of(wide).iloc[1:3]).between(places, hospitals)
    assert found[["demand", "supply"]].to_numpy().tolist() == [
        ["place 0", "hospital 1"],
        ["place 1", "hospital 0"],
    ]


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (np.nan, errors.MissingDataError, "missing"),
        (np.inf, errors.NonFiniteError, "infinite"),
        (-1.0, errors.DataError, "negative"),
    ],
)
def test_costs_that_are_none(value, kind, said):
    _, _, wide = random_case(3, n=3, m=2)
    wide.iloc[1, 0] = value
    for table in (wide, long_of(wide)):
        with refusal(kind, said, "('place 1', 'hospital 0')"):
            SuppliedCost(table)


def test_tables_that_are_none():
    _, _, wide = random_case(3, n=3, m=2)
    long = long_of(wide)
    with refusal(errors.DuplicateError, "('place 0', 'hospital 0')"):
        SuppliedCost(pd.concat([long, long.iloc[:1]]))
    with refusal(errors.DuplicateError, "'place 0'"):
        SuppliedCost(pd.concat([wide, wide.iloc[:1]]))
    with refusal(errors.DuplicateError, "'hospital 0'", "columns"):
        SuppliedCost(pd.concat([wide, wide.iloc[:, :1]], axis=1))
    with refusal(errors.NonNumericError, "must hold numbers"):
        SuppliedCost(long.assign(cost="near"))
    with refusal(errors.NonNumericError, "must hold numbers"):
        SuppliedCost(wide.astype(str))
    with refusal(errors.MissingDataError, "'supply'", "rows 2"):
        SuppliedCost(long.assign(supply=[*long["supply"][:2], None, *long["supply"][3:]]))
    with refusal(errors.LabelError, "must be a DataFrame", "ndarray"):
        SuppliedCost(wide.to_numpy())
    with refusal(errors.DataError, "no column 'cost'"):
        SuppliedCost(long.rename(columns={"cost": "minutes"}))
    with refusal(errors.DataError, "no rows"):
        SuppliedCost(wide.iloc[:0])


def test_units_that_are_not_those_of_the_layers():
    places, hospitals, wide = random_case(3, n=3, m=2)
    for table in (wide, long_of(wide)):
        with refusal(errors.AlignmentError, "units of demand only in the table", "'place 2'"):
            SuppliedCost(table).between(places.iloc[:2], hospitals)
        with refusal(errors.AlignmentError, "units of supply only in the table", "'hospital 1'"):
            SuppliedCost(table).between(places, hospitals.iloc[:1])
    with refusal(errors.AlignmentError, "units of demand not in it", "'place 2'"):
        SuppliedCost(wide.iloc[:2]).between(places, hospitals)
    with refusal(errors.MissingDataError, "misses labels in its index"):
        SuppliedCost(wide).between(places.set_axis(["place 0", None, "place 2"]), hospitals)
    with refusal(errors.LabelError, "2 levels"):
        SuppliedCost(wide).between(
            places.set_axis(pd.MultiIndex.from_product([places.index, [1]])), hospitals
        )
    with refusal(errors.LabelError, "list"):
        SuppliedCost(wide).between([1, 2], hospitals)


def test_weights_of_the_costs():
    places, hospitals, wide = random_case(3, n=5, m=4)
    costs = SuppliedCost(wide).reach(places, hospitals)
    near = costs.weighted("f", BinaryDecay(40))
    np.testing.assert_array_equal(near.matrix.toarray(), (wide <= 40).to_numpy(float))
    chosen = np.array([True, False, True, False])
    np.testing.assert_array_equal(near.of_supply(chosen).matrix.toarray(), near.matrix.toarray()[:, chosen])
    wide.iloc[2, 1] = 0.0
    with refusal(errors.NonFiniteError, "('place 2', 'hospital 1')", "GeodesicCost(minimum=...)"):
        SuppliedCost(wide).reach(places, hospitals).weighted("f", PowerDecay(1))


def test_what_a_cost_is():
    assert check_cost("f", None) == GeodesicCost()
    with refusal(errors.OptionError, "is no cost"):
        check_cost("f", "geodesic")
