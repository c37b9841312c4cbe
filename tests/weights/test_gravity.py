"""Gravity weights: pair by pair, invariants, what they refuse."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
from pyproj import Geod

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.weights import as_links, gravity, inverse_distance
from tests.refusal import refusal


@pytest.fixture(scope="module")
def cities():
    table = sh.datasets.load_cities().iloc[:60]
    points = gpd.points_from_xy(table["longitude"], table["latitude"], crs="EPSG:4326")
    return gpd.GeoDataFrame(table[["population"]], geometry=points)


def dense(graph):
    return as_links(graph)[1].toarray()


@pytest.mark.parametrize("power", [1, 2, 0.5])
@pytest.mark.parametrize("cutoff", [None, 500_000])
def test_pair_by_pair(cities, power, cutoff):
    geod, n = Geod(ellps="WGS84"), len(cities)
    expected = np.zeros((n, n))
    for i, (a, m) in enumerate(zip(cities.geometry, cities["population"], strict=True)):
        for j, (b, k) in enumerate(zip(cities.geometry, cities["population"], strict=True)):
            d = geod.inv(a.x, a.y, b.x, b.y)[2]
            if i != j and (cutoff is None or d <= cutoff):
                expected[i, j] = m * k / d**power
    found = dense(gravity(cities, power=power, cutoff=cutoff, standardise=None))
    np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_units_of_mass_do_not_matter_once_rows_are_standardised(cities):
    first = gravity(cities)
    other = gravity(cities.assign(population=cities["population"] / 1e4))
    np.testing.assert_allclose(dense(other), dense(first), rtol=1e-12)


def test_equal_masses_leave_the_distance(cities):
    same = gravity(cities.assign(population=7), power=1.5)
    np.testing.assert_allclose(dense(same), dense(inverse_distance(cities, power=1.5)), rtol=1e-12)


def test_another_column_and_order(cities):
    table = cities.rename(columns={"population": "beds"}).iloc[::-1]
    found = gravity(table, mass="beds")
    assert list(found.unique_ids) == list(table.index)
    np.testing.assert_allclose(dense(found)[::-1, ::-1], dense(gravity(cities)), rtol=1e-12)


def test_what_it_refuses(cities):
    first = cities.index[0]
    for value, kind, said in (
        (0.0, errors.DataError, "zero"),
        (-1.0, errors.DataError, "negative"),
        (np.nan, errors.MissingDataError, "missing"),
        (np.inf, errors.NonFiniteError, "infinite"),
    ):
        masses = [value, *cities["population"].iloc[1:]]
        with refusal(kind, "gravity: 'population'", said, repr(first)):
            gravity(cities.assign(population=masses))
    with refusal(errors.NonNumericError, "must hold numbers"):
        gravity(cities.assign(population="many"))
    with refusal(errors.DataError, "no column 'mass'"):
        gravity(cities, mass="mass")
    for option in ("power", "cutoff"):
        with refusal(errors.OptionError, f"gravity: {option}=0"):
            gravity(cities, **{option: 0})
    twice = cities.assign(geometry=[cities.geometry.iloc[1], *cities.geometry.iloc[1:]])
    with refusal(errors.CoincidentPointsError, "no gravity", repr(first)):
        gravity(twice)
    with refusal(errors.CoordinateSystemError, "no coordinate reference system"):
        gravity(cities.set_crs(None, allow_override=True))
    with refusal(errors.WeightsError, "has a neighbour"):
        gravity(cities, cutoff=10)
