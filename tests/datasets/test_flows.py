"""The embedded flows: what they hold, how they are made, and that estimates find what made them."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod

from spatialhealth import datasets
from spatialhealth.datasets import embedded

FOLDER = embedded._path("flows.csv.gz").parent


@pytest.fixture(scope="module")
def od():
    return datasets.load_flows()


def test_every_pair_of_cities_once(od):
    cities = datasets.load_cities()
    assert list(od.columns) == ["origin", "destination", "trips", "distance"]
    assert od.attrs["source"] == "simulated"
    assert len(od) == 307 * 306 and not od.duplicated(["origin", "destination"]).any()
    assert (od["origin"] != od["destination"]).all()
    assert list(od["origin"].unique()) == list(cities.index)
    assert set(od["destination"]) == set(cities.index)
    assert od["trips"].dtype.kind == "i" and od["trips"].min() == 0
    assert od["trips"].mean() == pytest.approx(40, abs=2)
    assert od.groupby("origin")["trips"].sum().min() > 0 < od.groupby("destination")["trips"].sum().min()


def test_distances_are_metres_both_ways(od):
    wide = od.pivot(index="origin", columns="destination", values="distance")
    np.testing.assert_allclose(wide, wide.T)
    centroids = datasets.load_cities().to_crs(4326).geometry.to_numpy()
    import shapely

    (x0, y0), (x1, y1) = shapely.get_coordinates(shapely.centroid(centroids[:2]))
    assert od["distance"].iloc[0] == pytest.approx(Geod(ellps="WGS84").inv(x0, y0, x1, y1)[2], rel=1e-9)


def test_the_truth_stands_beside_that_of_the_panel():
    truth = datasets.load_truth()
    assert truth["params"]["rho"] == 0.35
    flows = truth["flows"]
    assert flows["source"] == "simulated" and flows["params"] == {"log(distance)": -1.1}
    assert flows["pull"]["params"] == {"log(tertiary)": 0.6, "log(primary)": 0.0, "log(gdp)": 0.3}


def test_making_them_again_gives_the_same_bytes(tmp_path, monkeypatch):
    spec = importlib.util.spec_from_file_location("simulate_flows", FOLDER / "simulate_flows.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "HERE", tmp_path)
    module.main()
    made = pd.read_csv(tmp_path / "flows.csv.gz", index_col=0)
    pd.testing.assert_frame_equal(made, pd.read_csv(FOLDER / "flows.csv.gz", index_col=0))
    for name in ("flows.csv.gz", "truth_flows.json"):
        first = (tmp_path / name).read_bytes()
        module.main()
        assert (tmp_path / name).read_bytes() == first
    assert (tmp_path / "truth_flows.json").read_bytes() == (FOLDER / "truth_flows.json").read_bytes()


def test_simulated_flows_are_called_so():
    assert "## flows.csv.gz: simulated" in (FOLDER / "README.md").read_text(encoding="utf-8")
    assert (FOLDER / "flows.csv.gz").stat().st_size < 400_000


def test_poisson_regression_on_what_made_them_finds_it(od):
    """Without any estimator of the package: Newton steps on distance and the variables of cities."""
    truth = datasets.load_truth()["flows"]
    panel = datasets.load_panel().xs(2021, level="year")
    at, to = panel.loc[od["origin"]], panel.loc[od["destination"]]
    columns = [np.ones(len(od)), np.log(od["distance"]), np.log(at["population"])]
    z = np.column_stack([*columns, *(np.log(to[name[4:-1]]) for name in truth["pull"]["params"])])
    y, beta = od["trips"].to_numpy(dtype=float), np.zeros(6)
    beta[0] = np.log(y.mean())
    z[:, 1:] -= z[:, 1:].mean(axis=0)
    for _ in range(50):
        mu = np.exp(z @ beta)
        beta = beta + np.linalg.solve(z.T @ (mu[:, None] * z), z.T @ (y - mu))
    expected = [-1.1, 0.9, *truth["pull"]["params"].values()]
    np.testing.assert_allclose(beta[1:], expected, atol=0.1)
