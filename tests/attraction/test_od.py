"""Tables of flows: what they hold, what they refuse, and that nothing absent becomes zero by itself."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.attraction import FlowTable, flow_table
from tests.journeys import small_flows
from tests.refusal import refusal


@pytest.fixture
def od():
    rows = [("a", "b", 5, 2.0), ("b", "a", 30, 2.5), ("c", "a", 0, 4.0), ("a", "a", 900, 0.0)]
    return pd.DataFrame(rows, columns=["origin", "destination", "trips", "hours"])


@pytest.fixture
def towns():
    return gpd.GeoDataFrame(
        index=["c", "a", "b"], geometry=gpd.points_from_xy([0, 1, 3], [50, 50, 51]), crs="EPSG:4326"
    )


def test_what_it_holds(od):
    table = flow_table(od)
    assert table.cities.tolist() == ["a", "b", "c"]
    assert (table.n_cities, table.n_pairs, table.left_out, table.has_own) == (3, 3, 1, False)
    assert table.column("hours").tolist() == [2.0, 2.5, 4.0]
    expected = [[np.nan, 5, np.nan], [30, np.nan, np.nan], [0, np.nan, np.nan]]
    np.testing.assert_array_equal(table.matrix(), expected)
    assert "3 of 6, 1 without a flow" in str(table) and "none, 1 left out" in str(table)
    back = table.to_frame()
    pd.testing.assert_frame_equal(back, od[:3].astype({"trips": float}), check_dtype=False)


def test_own_flows_are_kept_when_asked_for(od):
    table = flow_table(od, own=True)
    assert table.n_pairs == 4 and table.has_own and "1 in the table" in str(table)
    assert table.matrix()[0, 0] == 900


def test_the_list_of_cities_gives_the_order(od):
    table = flow_table(od, cities=["c", "b", "a", "z"])
    assert table.cities.tolist() == ["c", "b", "a", "z"]
    with refusal(errors.AlignmentError, "'c'"):
        flow_table(od, cities=["a", "b"])


def test_a_table_is_taken_as_it_is(od):
    table = flow_table(od)
    assert flow_table(table) is table and isinstance(table, FlowTable)
    whole = flow_table(od, own=True)
    assert flow_table(whole, own=True) is whole
    assert flow_table(whole).left_out == 1
    assert flow_table(whole).to_frame().equals(table.to_frame())


def test_it_cannot_be_changed(od):
    table = flow_table(od)
    with pytest.raises(ValueError, match="read-only"):
        table.pairs.value[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        table.column("hours")[0] = 1


def test_absent_pairs_are_named_and_never_zero(od):
    table = flow_table(od, costs=[])
    with refusal(errors.CoverageError, "lacks 3 of the 6 pairs", "('a', 'c')", ".complete(fill=0)"):
        table.check_complete()
    with refusal(errors.CoverageError, "1 pairs stand in one direction only", "('c', 'a')"):
        table.check_both_ways()
    full = table.complete()
    assert full.check_complete() is full and full.check_both_ways() is full
    assert (full.n_pairs, full.added) == (6, 3)
    np.testing.assert_array_equal(full.matrix()[~np.eye(3, dtype=bool)], [5, 0, 30, 0, 0, 0])
    assert "3 absent pairs" in str(full)


def test_completing_with_own_flows_and_other_values(od):
    full = flow_table(od, costs=[], own=True).complete(fill=0.5, own=True)
    np.testing.assert_array_equal(full.matrix(), [[900, 5, 0.5], [30, 0.5, 0.5], [0, 0.5, 0.5]])
    assert full.added == 5


def test_completing_keeps_columns_only_where_nothing_is_absent(od):
    with refusal(errors.CoverageError, "'hours'", "with_distance"):
        flow_table(od).complete()
    whole = small_flows(4)
    table = flow_table(whole.sample(frac=1, random_state=1))
    full = table.complete()
    assert full.added == 0
    pd.testing.assert_frame_equal(full.to_frame(), whole, check_dtype=False)


def test_distances_are_geodesics_in_metres(od, towns):
    table = flow_table(od, costs=[]).with_distance(towns)
    expected = Geod(ellps="WGS84").inv([1, 3, 0], [50, 51, 50], [3, 1, 1], [51, 50, 50])[2]
    np.testing.assert_allclose(table.column("distance"), expected, rtol=1e-9)
    assert flow_table(od, own=True).with_distance(towns).column("distance")[3] == 0


def test_distances_between_polygons_are_those_of_centroids(od):
    squares = gpd.GeoDataFrame(
        index=["a", "b", "c"], geometry=gpd.points_from_xy([0, 3000, 0], [0, 4000, 10]).buffer(5), crs=3857
    )
    table = flow_table(od, costs=[]).with_distance(squares, name="metres")
    np.testing.assert_allclose(table.column("metres"), [5000, 5000, 10], rtol=1e-6)


def test_a_matrix_becomes_a_column(od):
    matrix = pd.DataFrame(
        [[0, 1, 2, 9], [3, 0, 5, 9], [6, 7, 0, 9]], index=list("abc"), columns=list("abcz"), dtype=float
    )
    table = flow_table(od, costs=[]).with_column("time", matrix)
    assert table.column("time").tolist() == [1, 3, 6]
    with refusal(errors.AlignmentError, "index", "'c'"):
        table.with_column("other", matrix.loc[["a", "b"]])
    with refusal(errors.DuplicateError, "columns", "'a'"):
        table.with_column("other", matrix.rename(columns={"z": "a"}))
    with refusal(errors.OptionError, "DataFrame"):
        table.with_column("other", matrix.to_numpy())
    with refusal(errors.OptionError, "already"):
        table.with_column("time", matrix)
    with refusal(errors.NonFiniteError, "'other'"):
        table.with_column("other", matrix.replace(1.0, np.inf))


def test_costs(od):
    table = flow_table(od, own=True)
    with refusal(errors.CostError, "zero or negative", "('a', 'a')", "exponential"):
        table.positive("hours")
    assert flow_table(od).positive("hours").tolist() == [2, 2.5, 4]
    with refusal(errors.OptionError, "Did you mean 'hours'?", "with_distance"):
        table.column("hour")
    with refusal(errors.OptionError, "It has none"):
        flow_table(od, costs=[]).column("hours")
    with refusal(errors.CostError, "('b', 'a')"):
        flow_table(od.assign(hours=[1, -2, 3, 1])).positive("hours")
    with refusal(errors.NonFiniteError, "'hours'", "('b', 'a')"):
        flow_table(od.assign(hours=[1, np.inf, 3, 1]))
    with refusal(errors.MissingDataError, "'hours'", "('b', 'a')"):
        flow_table(od.assign(hours=[1, np.nan, 3, 1]))


def test_other_refusals(od, towns):
    with refusal(errors.FlowError, "negative"):
        flow_table(od.assign(trips=-1))
    with refusal(errors.DuplicateError, "('a', 'b')"):
        flow_table(pd.concat([od, od[:1]]))
    with refusal(errors.FlowError, "to themselves only"):
        flow_table(od[3:])
    with refusal(errors.OptionError, "'cost'"):
        flow_table(od, costs=["cost"])
    with refusal(errors.FlowError, "fill=-1"):
        flow_table(od, costs=[]).complete(fill=-1)
    with refusal(errors.OptionError, "fill="):
        flow_table(od, costs=[]).complete(fill=np.nan)
    with refusal(errors.AlignmentError, "lacks cities", "'c'"):
        flow_table(od).with_distance(towns.loc[["a", "b"]])
    with refusal(errors.CoordinateSystemError, "coordinate reference system"):
        flow_table(od).with_distance(towns.set_crs(None, allow_override=True))
    with refusal(errors.ShapeError, "'x'"):
        FlowTable(flow_table(od).pairs, {"x": np.zeros(9)}, ("o", "d", "v"))


def test_the_source_is_told():
    assert "simulated" in str(flow_table(sh.datasets.load_flows()))
