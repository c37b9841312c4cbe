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
from spatialhealth.errors import AlignmentError, DuplicateError, LabelError, NonNumericError, OptionError
from spatialhealth.imbalance.lisa import CLUSTERS
from spatialhealth.maps.interactive.outlines import outlines
from spatialhealth.maps.layer import Layer
from tests.maps.squares import squares
from tests.refusal import refusal


def data_of(fragment):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', fragment, re.S)[1])


def rows_of(fragment):
    """The table under the map, without its heading."""
    body = re.search(r"<tbody>(.*?)</tbody>", fragment, re.S)[1]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in body.split("</tr>")[:-1]]


def shapes_of(fragment):
    """Kind and outline of each unit."""
    return re.findall(
        r'<path class="(\w+)" d="([^"]*)"/>', re.search(r'<g class="view">(.*?)</g>', fragment, re.S)[1]
    )


def legend_of(fragment):
    written = re.search(r'<ul class="legend">(.*?)</ul>', fragment, re.S)[1]
    return re.findall(r'</span>(.*?) <span class="count">\(([\d,]+)\)', written)


def test_the_fragment_holds_units_values_and_classes():
    frame = squares()
    values = pd.Series([1.5, np.nan, 2.5, 3.0, 4.0, 5.0], index=frame.index, name="beds")
    fragment = sh.maps.interactive_map(frame, {"beds": values[::-1], "size": "size"}, {"beds": "Beds"}, k=2)
    beds, size = data_of(fragment)
    assert (beds["label"], size["label"]) == ("Beds", "size")
    assert rows_of(fragment) == [
        [unit, beds, str(j)]
        for j, (unit, beds) in enumerate(
            zip("abcdef", ["1.5000", "", "2.5000", "3.0000", "4.0000", "5.0000"], strict=True)
        )
    ]
    assert beds["places"] == [0, -1, 0, 0, 1, 1] and beds["faint"] == beds["striped"] == []
    assert (
        beds["legend"][0][2] == 2 and beds["legend"][1][2] == 3 and beds["legend"][2] == ["km", "no value", 1]
    )
    assert beds["colours"] == list(sh.maps.classify(values, k=2).colours)
    # without a script the first is there
    assert [kind for kind, _ in shapes_of(fragment)] == ["k0", "km", "k0", "k0", "k1", "k1"]
    assert legend_of(fragment) == [(name, str(count)) for _, name, count in beds["legend"]]
    assert 'aria-label="Map of 6 units: Beds"' in fragment


def test_outlines_are_those_of_the_layer():
    frame = squares()
    shapes = [path for _, path in shapes_of(sh.maps.interactive_map(frame, "size"))]
    assert tuple(shapes) == outlines(Layer.of(frame)).paths and all(shapes)


def test_classes_below_zero_are_striped_and_what_is_uncertain_is_pale():
    frame = squares()
    change = pd.Series([-3.0, -2, -1, 1, 2, 3], index=frame.index)
    unsure = pd.Series([False, False, True, True, False, False], index=frame.index)
    theme = sh.maps.Theme(change, "Change", "Scenarios", "Of what & why.", uncertain=unsure[::-1])
    fragment = sh.maps.interactive_map(frame, [theme], k=2)
    assert [kind for kind, _ in shapes_of(fragment)] == ["s0", "s0", "f0", "f1", "k1", "k1"]
    (told,) = data_of(fragment)
    assert told["faint"] == [2, 3] and told["striped"] == [0]
    assert legend_of(fragment)[-1] == ("interval includes zero", "2")
    assert sum(int(count) for _, count in legend_of(fragment)[:-1]) == 6
    mark = re.search(r'id="(shmap\w+)"', fragment)[1]
    for name in ("s0", "f0", "f1"):
        assert f'<pattern id="{mark}-{name}"' in fragment and f"url(#{mark}-{name})" in fragment
    assert "Of what &amp; why." in fragment


def test_clusters_are_drawn_as_the_map_of_clusters_draws_them():
    frame = squares()
    names = pd.Series(CLUSTERS, index=frame.index)
    fragment = sh.maps.interactive_map(frame, {"clusters": names[::-1]})
    assert [kind for kind, _ in shapes_of(fragment)] == ["k4", "s3", "k2", "s1", "k0", "km"]
    legend = sh.maps.lisa(frame, names).get_legend().get_texts()
    assert [f"{name}  ({count})" for name, count in legend_of(fragment)] == [
        text.get_text() for text in legend
    ]
    (told,) = data_of(fragment)
    assert (
        dict(zip([row[1] for row in told["legend"]], reversed(told["colours"]), strict=False))["high-high"]
        == "#ca0020"
    )
    lacking = sh.maps.interactive_map(frame, {"clusters": names.where(names != "high-high")})
    assert legend_of(lacking)[-1] == ("no value or no neighbours", "2")


def test_what_lisa_gives_can_be_explored():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    inflow = np.log(panel["inflow"].xs(2021, level="year"))
    found = sh.imbalance.lisa(
        inflow, sh.weights.contiguity(cities), permutations=999, random_state=1, correction="none"
    )
    page = sh.maps.explore(cities, found)
    assert f"Clusters of {found.name}" in page.html
    counts = {name: f"{count:,}" for name, count in found.counts.items() if count}
    assert counts.items() <= dict(legend_of(page.fragment)).items()


def test_kinds_of_units_have_a_colour_each():
    frame = squares()
    kinds = pd.Series(["b", "a", None, "a", "c", "a"], index=frame.index)
    fragment = sh.maps.interactive_map(frame, {"kinds": kinds})
    assert legend_of(fragment) == [("a", "3"), ("b", "1"), ("c", "1"), ("no value", "1")]
    assert len(set(data_of(fragment)[0]["colours"])) == 3


def test_themes_of_common_classes_and_groups_of_the_menu():
    frame = squares()
    both = sh.maps.classify([0, 10], k=2)
    themes = [
        sh.maps.Theme("size", "One", "First & last", classes=both),
        sh.maps.Theme(frame["size"] * 2, "Two", "First & last", classes=both),
        sh.maps.Theme("size", "Three"),
    ]
    fragment = sh.maps.interactive_map(frame, themes)
    one, two, three = data_of(fragment)
    assert (
        [row[1] for row in one["legend"]]
        == [row[1] for row in two["legend"]]
        != [row[1] for row in three["legend"]]
    )
    assert fragment.count("<optgroup") == 1 and '<optgroup label="First &amp; last">' in fragment
    assert fragment.count("<option") == 3


def test_units_without_geometry_are_counted_apart():
    frame = squares()
    frame.loc["b", "geometry"] = None
    fragment = sh.maps.interactive_map(frame, "size", k=1)
    assert legend_of(fragment) == [("0 to 5", "5"), ("no geometry", "1")]
    assert shapes_of(fragment)[1][1] == ""


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
    fragment = sh.maps.interactive_map(frame.set_geometry(frame.centroid), "size")
    circles = re.findall(r'<circle class="k\d" cx="\d+" cy="\d+" r="(\d+)"/>', fragment)
    assert len(circles) == 6 and len(set(circles)) == 1


def test_the_page_needs_nothing_else_and_is_the_same_twice(tmp_path):
    frame = squares().rename(index={"a": "</script><b>"})
    pages = [
        sh.maps.explore(frame, "size", label="Beds & <rooms>", title="A <title>", note="Made up.")
        for _ in "ab"
    ]
    html = pages[0].html
    assert html == pages[1].html
    for call in ("src=", "href=", "@import", "fetch(", "XMLHttpRequest", "import(", "http"):
        assert call not in html
    assert re.findall(r"url\((?!#)", html) == []
    assert "A &lt;title&gt;" in html and "</script><b>" not in html.replace("\\u003c", "")
    assert rows_of(html)[0][0] == "&lt;/script&gt;&lt;b&gt;"
    assert html.count("<h1>") == 1 and "<main>" in html
    path = pages[0].save(tmp_path / "map.html")
    assert path.read_text(encoding="utf-8") == html
    shown = pages[0]._repr_html_()
    assert (
        shown.startswith("<iframe srcdoc=") and 'sandbox="allow-scripts' in shown and "MB" in repr(pages[0])
    )
    with refusal(OptionError, "'map.png' must end in .html"):
        pages[0].save(tmp_path / "map.png")


def test_two_maps_on_one_page_have_names_of_their_own():
    one, two = (sh.maps.interactive_map(squares(), "size", k=k) for k in (2, 3))
    ids = [re.findall(r'\bid="(\w[\w-]*)"', each) for each in (one, two)]
    assert len(ids[0]) > 3 and len(set(ids[0] + ids[1])) == len(ids[0] + ids[1])
    rules = (
        re.sub(r"@media[^{]*\{", "", re.search(r"<style>(.*?)</style>", one, re.S)[1])
        .replace("}", "}\n")
        .split("\n")
    )
    assert all(rule.startswith((".shmap", f"#{ids[0][0]}", "}")) for rule in map(str.strip, rules) if rule)


def test_names_and_sources():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    year = panel["inflow"].xs(2021, level="year")
    year.attrs["source"] = "simulated"
    fragment = sh.maps.interactive_map(cities, {"inflow": year}, names="province")
    assert "Simulated data." in fragment
    assert rows_of(fragment)[0][0] == f"{cities['province'].iloc[0]} ({cities.index[0]})"
    names = cities.index.to_series() + ", " + cities["province"]
    fragment = sh.maps.interactive_map(cities, "population", names=names)
    assert rows_of(fragment)[0][0] == names.iloc[0], "the id stands in the name"


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
    with refusal(DuplicateError, "'size'"):
        sh.maps.interactive_map(frame, [sh.maps.Theme("size", "size"), "size"])
    with refusal(NonNumericError, "'kinds' holds", "1.5", "neither numbers nor texts"):
        sh.maps.interactive_map(frame, {"kinds": pd.Series(["a", 1.5, *"cdef"], index=frame.index)})
    eight = pd.Series([f"kind {j}" for j in range(8)], index=list("abcdefgh"))
    more = gpd.GeoDataFrame(geometry=[shapely.Point(j, 0) for j in range(8)], index=eight.index)
    with refusal(OptionError, "8 kinds of units", "7 apart"):
        sh.maps.interactive_map(more, {"kinds": eight})
    with refusal(LabelError, "uncertain= of 'size'", "True and False"):
        sh.maps.interactive_map(frame, [sh.maps.Theme("size", "size", uncertain=frame["size"])])
    with refusal(AlignmentError, "'f'"):
        sh.maps.explore(frame, sh.maps.Theme("size", uncertain=frame["size"].drop("f") > 1))
    with refusal(AlignmentError, "'f'"):
        sh.maps.explore(frame, frame["size"].drop("f"))
    with refusal(OptionError, "label= is of one column"):
        sh.maps.explore(frame, {"a": "size", "b": "size"}, label="Beds")
