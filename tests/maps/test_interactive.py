"""Pages to explore: what they hold, how large they are, and that they need nothing else."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from importlib.resources import files

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, DuplicateError, LabelError, OptionError
from spatialhealth.maps.interactive.shapes import drawn
from spatialhealth.maps.layer import Layer
from tests.maps.squares import squares
from tests.refusal import refusal


def data_of(fragment):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', fragment, re.S)[1])


def corners(path):
    """The rings of an SVG path with relative steps, as absolute corners."""
    rings = []
    for ring in re.findall(r"M(\d+) (\d+)l([^z]*)z", path):
        steps = np.array(re.findall(r"-?\d+", ring[2]), dtype=int).reshape(-1, 2)
        walk = np.vstack([[0, 0], steps.cumsum(axis=0)])
        rings.append(walk + np.array(ring[:2], dtype=int))
    return rings


def test_the_fragment_holds_units_values_and_classes():
    frame = squares()
    values = pd.Series([1.5, np.nan, 2.5, 3.0, 4.0, 5.0], index=frame.index, name="beds")
    data = data_of(
        sh.maps.interactive_map(frame, {"beds": values[::-1], "size": "size"}, {"beds": "Beds"}, k=2)
    )
    assert data["ids"] == list("abcdef") and data["names"] is None
    beds, size = data["columns"]
    assert (beds["label"], size["label"]) == ("Beds", "size")
    assert beds["texts"] == ["1.5000", "", "2.5000", "3", "4", "5"]
    assert beds["classes"] == [0, -1, 0, 0, 1, 1] and beds["counts"] == [3, 2] and beds["absent"] == 1
    assert beds["colours"] == list(sh.maps.classify(values, k=2).colours)


def test_outlines_are_those_of_the_layer_on_a_grid():
    frame = squares()
    shapes = drawn(Layer.of(frame))
    for path, box in zip(shapes.paths, frame.geometry, strict=True):
        (ring,) = corners(path)
        found = shapely.Polygon(ring)
        scale = np.sqrt(found.area / box.area)
        assert scale == pytest.approx(shapes.size[0] / 3.06, rel=0.01)
        assert len(ring) == 4
    # neighbours share the very same corners
    a, b = corners(shapes.paths[0])[0].tolist(), corners(shapes.paths[1])[0].tolist()
    assert len([corner for corner in a if corner in b]) == 2


def test_a_small_unit_does_not_disappear_and_holes_stay():
    island = shapely.box(50, 50, 50.0001, 50.0001)
    ring = shapely.box(0, 0, 30, 30).difference(shapely.box(10, 10, 20, 20))
    frame = gpd.GeoDataFrame(geometry=[ring, island, shapely.Polygon(), shapely.box(0, 90, 100, 100)])
    ring, island, nothing, _ = drawn(Layer.of(frame), budget=0).paths
    assert len(corners(ring)) == 2 and len(corners(island)) == 1 and nothing == ""


def test_a_budget_makes_the_grid_coarser():
    cities = Layer.of(sh.datasets.load_cities())
    fine, coarse = drawn(cities), drawn(cities, budget=9_000)
    assert max(fine.size) > 3 * max(coarse.size)
    assert sum(map(len, coarse.paths)) < sum(map(len, fine.paths))


def test_three_thousand_counties_stay_under_three_megabytes():
    """Cells of 120 crooked sides each, as counties along rivers are."""
    rng = np.random.default_rng(0)
    rows, columns, sides = 56, 56, 30
    x = np.arange(columns * sides + 1) / sides
    lines = [j + 0.15 * rng.normal(size=len(x)) for j in range(rows + 1)]
    cells = []
    for j in range(rows):
        for i in range(columns):
            part = slice(i * sides, (i + 1) * sides + 1)
            low, high = (
                np.column_stack([x[part], lines[j][part]]),
                np.column_stack([x[part], lines[j + 1][part]]),
            )
            cells.append(shapely.Polygon(np.vstack([low, high[::-1]])))
    frame = gpd.GeoDataFrame({f"v{j}": rng.normal(size=len(cells)) for j in range(5)}, geometry=cells)
    page = sh.maps.explore(frame, [f"v{j}" for j in range(5)])
    assert len(frame) == 3136
    assert len(page.html.encode()) < 3_000_000


def test_points_are_circles():
    frame = squares()
    data = data_of(sh.maps.interactive_map(frame.set_geometry(frame.centroid), "size"))
    assert data["points"] and all(re.fullmatch(r"\d+ \d+", path) for path in data["paths"])


def test_the_page_needs_nothing_else_and_is_the_same_twice(tmp_path):
    frame = squares().rename(index={"a": "</script><b>"})
    pages = [
        sh.maps.explore(frame, "size", label="Beds & <rooms>", title="A <title>", note="Made up.")
        for _ in "ab"
    ]
    html = pages[0].html
    assert html == pages[1].html
    for call in ("src=", "href=", "@import", "url(http", "fetch(", "XMLHttpRequest", "import("):
        assert call not in html
    assert "A &lt;title&gt;" in html and "</script><b>" not in html.replace("\\u003c", "")
    assert data_of(html)["ids"][0] == "</script><b>"
    path = pages[0].save(tmp_path / "map.html")
    assert path.read_text(encoding="utf-8") == html
    shown = pages[0]._repr_html_()
    assert (
        shown.startswith("<iframe srcdoc=") and 'sandbox="allow-scripts"' in shown and "MB" in repr(pages[0])
    )
    with refusal(OptionError, "'map.png' must end in .html"):
        pages[0].save(tmp_path / "map.png")


def test_two_maps_on_one_page_have_names_of_their_own():
    one, two = (sh.maps.interactive_map(squares(), "size", k=k) for k in (2, 3))
    ids = [re.search(r'id="(shmap\w+)"', each)[1] for each in (one, two)]
    assert ids[0] != ids[1]
    assert all(rule.lstrip().startswith((f"#{ids[0]}", "@media")) for rule in
               re.search(r"<style>(.*?)</style>", one, re.S)[1].strip().splitlines())  # fmt: skip


def test_names_and_sources():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    year = panel["inflow"].xs(2021, level="year")
    year.attrs["source"] = "simulated"
    fragment = sh.maps.interactive_map(cities, {"inflow": year}, names="province")
    assert "Simulated data." in fragment and data_of(fragment)["names"] == cities["province"].tolist()


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here to read the script")
def test_the_script_is_a_function(tmp_path):
    script = files("spatialhealth.maps.interactive").joinpath("map.js").read_text(encoding="utf-8")
    (tmp_path / "map.js").write_text(f"({script.strip()})(null);", encoding="utf-8")
    done = subprocess.run(["node", str(tmp_path / "map.js")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_refusals():
    frame = squares()
    with refusal(OptionError, "no column to show"):
        sh.maps.interactive_map(frame, {})
    with refusal(LabelError, "dict of name to Series"):
        sh.maps.interactive_map(frame, 3)
    with refusal(DuplicateError, "'size'"):
        sh.maps.interactive_map(frame, ["size", "size"])
    with refusal(OptionError, "'sise'", "Did you mean 'size'?"):
        sh.maps.interactive_map(frame, ["size"], {"sise": "Beds"})
    with refusal(OptionError, "height=0"):
        sh.maps.interactive_map(frame, ["size"], height=0)
    with refusal(AlignmentError, "'f'"):
        sh.maps.explore(frame, frame["size"].drop("f"))
    with refusal(OptionError, "label= is of one column"):
        sh.maps.explore(frame, {"a": "size", "b": "size"}, label="Beds")
