"""The simulated hospitals: as many as the panel says, inside their cities, made again byte for byte."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest

from spatialhealth import datasets
from spatialhealth.datasets import embedded
from spatialhealth.weights.metric import GeodesicMetric

FOLDER = embedded._path("hospitals.csv").parent


@pytest.fixture(scope="module")
def hospitals():
    return datasets.load_hospitals()


@pytest.fixture(scope="module")
def last():
    return datasets.load_panel().xs(2021, level="year")


def test_shape_and_types(hospitals):
    assert list(hospitals.columns) == ["city", "tier", "beds", "facilities", "geometry"]
    assert hospitals.index.name == "hospital" and hospitals.index.is_unique
    assert hospitals.attrs["source"] == "simulated"
    assert hospitals.crs.to_epsg() == 4326
    assert (hospitals.geom_type == "Point").all() and hospitals.geometry.is_unique
    assert hospitals["beds"].dtype.kind == hospitals["facilities"].dtype.kind == "i"
    assert (hospitals[["beds", "facilities"]] > 0).all().all()
    assert not hospitals.isna().any().any()


def test_there_are_as_many_as_in_the_panel(hospitals, last):
    facilities = hospitals.groupby(["city", "tier"])["facilities"].sum().unstack()
    rows = hospitals.groupby(["city", "tier"]).size().unstack()
    for tier in ("tertiary", "primary"):
        pd.testing.assert_series_equal(facilities[tier], last[tier], check_names=False, check_dtype=False)
    assert (rows["tertiary"] == last["tertiary"]).all()
    assert (rows["primary"] == 5).all()
    assert (hospitals.loc[hospitals["tier"] == "tertiary", "facilities"] == 1).all()


def test_they_lie_near_their_city_inside_its_polygon(hospitals):
    cities = datasets.load_cities().loc[hospitals["city"]]
    assert hospitals.geometry.within(cities.geometry.set_axis(hospitals.index)).all()
    n = len(hospitals)
    points = np.vstack(
        [
            np.column_stack([hospitals.geometry.x, hospitals.geometry.y]),
            cities[["longitude", "latitude"]].to_numpy(),
        ]
    )
    apart = GeodesicMetric(points).measure(np.arange(n), np.arange(n) + n)
    assert np.median(apart) < 10_000
    assert apart.max() < 75_000


def test_beds_are_plausible(hospitals):
    beds = hospitals.groupby("tier")["beds"]
    assert beds.min()["tertiary"] >= 500 and 900 < beds.median()["tertiary"] < 1_200
    sums = hospitals.groupby("tier")[["beds", "facilities"]].sum()
    assert sums.loc["primary", "beds"] / sums.loc["primary", "facilities"] == pytest.approx(1.5, rel=0.01)


def test_making_them_again_gives_the_same_bytes(tmp_path):
    spec = importlib.util.spec_from_file_location("simulate_hospitals", FOLDER / "simulate_hospitals.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.HERE = tmp_path
    module.main()
    made = (tmp_path / "hospitals.csv").read_bytes()
    assert made == (FOLDER / "hospitals.csv").read_bytes()
    assert len(made) < 400_000


def test_they_are_called_simulated():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "## hospitals.csv: simulated" in readme
