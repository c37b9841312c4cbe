"""The page as a file: whole in itself, the same every time, in order for a reader who does not see it."""

from __future__ import annotations

import json
import re
import struct
import tomllib
from html.parser import HTMLParser
from importlib.resources import files
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.report.atlas import atlas_of
from spatialhealth.report.run import run
from spatialhealth.report.study_file import study_of

NASTY = '</script><script>alert(1)</script> & "quotes" <b>'


class Read(HTMLParser):
    """Every tag with its attributes, the texts of scripts, and the headings of rows."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.scripts, self.rows, self._inside, self._row = [], [], [], False, False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self._row = dict(attrs).get("scope") == "row"
        if tag == "script":
            self._inside = True
            self.scripts.append("")

    def handle_endtag(self, tag):
        if tag == "script":
            self._inside = False

    def handle_data(self, data):
        if self._inside:
            self.scripts[-1] += data
        if self._row:
            self.rows.append(data)
            self._row = False

    def all(self, *names):
        return [attributes for tag, attributes in self.tags if tag in names]


def themes_of(atlas):
    """What the script of a map reads."""
    return json.loads(Read(atlas.to_html()).scripts[0])


def demo():
    text = (files("spatialhealth.report") / "templates" / "demo.toml").read_text(encoding="utf-8")
    return tomllib.loads(text)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    content = demo() | {"title": NASTY}
    content["maps"] = content["maps"] | {"labels": {"tertiary": NASTY}}
    folder = tmp_path_factory.mktemp("page")
    sh.Study(content).run(folder / "one")
    sh.Study(content).run(folder / "two")
    return folder


@pytest.fixture(scope="module")
def text(folder):
    return (folder / "one" / "report.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def read(text):
    return Read(text)


def test_the_same_study_gives_the_same_bytes(folder):
    one, two = ((folder / name / "report.html").read_bytes() for name in ("one", "two"))
    assert one == two


def test_nothing_is_fetched_from_anywhere(text, read):
    addresses = [
        attributes[key] for _, attributes in read.tags for key in ("src", "href") if key in attributes
    ]
    assert len(addresses) > 10
    assert all(address.startswith(("data:", "#", "figures/")) for address in addresses)
    assert all(
        "download" in attributes for attributes in read.all("a") if attributes["href"].startswith("figures/")
    )
    assert re.findall(r"url\((?!#)|@import|srcset=|\bfetch\(|XMLHttpRequest|import\(", text) == []
    (policy,) = [a["content"] for a in read.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")


def test_texts_of_a_study_stay_texts(text, read):
    assert "<script>alert" not in text and "<b>" not in text
    assert len(read.scripts) == 3
    assert json.loads(read.scripts[0])[1]["label"] == NASTY


def test_headings_are_in_order_and_names_are_given_once(read):
    levels = [int(tag[1]) for tag, _ in read.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    names = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(names) == len(set(names))
    targets = [a["href"][1:] for a in read.all("a") if a["href"].startswith("#")]
    assert len(targets) > 10 and set(targets) <= set(names)
    assert {"header", "nav", "main", "footer"} <= {tag for tag, _ in read.tags}
    assert read.all("html") == [{"lang": "en"}]


def test_every_figure_has_its_words_its_size_and_its_file(folder, read):
    images, links = read.all("img"), [a for a in read.all("a") if "download" in a]
    paths = {path.name: path.read_bytes() for path in (folder / "one" / "figures").iterdir()}
    assert len(images) == len(links) == len(paths)
    for image, link in zip(images, links, strict=True):
        content = paths[link["download"]]
        assert link["href"] == f"figures/{link['download']}"
        assert (int(image["width"]), int(image["height"])) == struct.unpack(">II", content[16:24])
        assert len(image["alt"]) > 20


def test_the_head_answers_before_the_details(text):
    assert text.index("What the data say") < text.index('id="map"') < text.index('id="data"')
    assert "The data of this study are simulated" in text


@pytest.fixture(scope="module")
def results():
    content = demo()
    del content["robustness"], content["tests"], content["regimes"]
    content["maps"] = content["maps"] | {"columns": ["tertiary", "digital"], "classes": 4}
    return run(study_of(content))


def test_the_map_holds_what_the_study_maps(results):
    atlas = atlas_of(results)
    assert [theme.label for theme in atlas.themes] == [
        "Log of the net inflow of people", "Tertiary hospitals", "digital", "log(tertiary): own",
        "log(tertiary): received", "log(tertiary): emitted",
    ]  # fmt: skip
    layer = results.main.data.layer
    shown = dict(zip([theme.label for theme in atlas.themes], themes_of(atlas), strict=True))
    for label, values in (
        ("Tertiary hospitals", results.mapped["tertiary"]),
        ("log(tertiary): own", results.local["log(tertiary)"]["own"]),
    ):
        (theme,) = (theme for theme in atlas.themes if theme.label == label)
        assert np.array_equal(theme.values.reindex(layer.index), values.reindex(layer.index))
        # classes rise with the values
        order = np.argsort(values.reindex(layer.index).to_numpy(), kind="stable")
        assert (np.diff(np.array(shown[label]["places"])[order]) >= 0).all()
    for told in shown.values():
        assert sum(count for _, _, count in told["legend"]) == len(layer) == len(told["places"])
        assert len(told["colours"]) == len(told["legend"]) <= 4


def test_units_are_called_by_their_names(results):
    assert Read(atlas_of(results).to_html()).rows[:2] == ["Ankang, Shaanxi", "Anqing, Anhui"]


def test_a_map_of_effects_says_how_sure_they_are(results):
    own, received = (atlas_of(results).themes[j] for j in (3, 4))
    table = results.main.effects.table.set_index(["variable", "effect"])
    for theme, effect in ((own, "direct"), (received, "indirect")):
        row = table.loc[("log(tertiary)", effect)]
        assert theme.note.endswith(
            f"On average {row['estimate']:.3g} (interval {row['ci_low']:.3g} to {row['ci_high']:.3g})."
        )


def test_a_study_that_maps_nothing_has_no_map(tmp_path):
    study = {
        "title": "No map",
        "data": {"dataset": "us_cigarettes"},
        "weights": {"kind": "contiguity"},
        "model": {"estimator": "SLX", "formula": "log(sales) ~ log(price / cpi)", "effects": "entity"},
        "maps": {"outcome": False},
    }
    sh.Study(study).run(tmp_path)
    read = Read((tmp_path / "report.html").read_text(encoding="utf-8"))
    names = {attributes.get("id") for _, attributes in read.tags}
    assert "map" not in names and "answers" in names and not read.all("svg")


def test_units_without_a_value_are_drawn_as_such(tmp_path):
    cities = sh.datasets.load_cities()
    panel = sh.datasets.load_panel()
    cities["beds"] = pd.Series(range(len(cities)), index=cities.index, dtype=float).where(
        lambda beds: beds % 10 > 0
    )
    cities.drop(columns="name").to_file(tmp_path / "cities.gpkg")
    panel.to_csv(tmp_path / "panel.csv")
    study = demo() | {
        "data": {
            "layer": str(tmp_path / "cities.gpkg"),
            "table": str(tmp_path / "panel.csv"),
            "id": "city",
            "time": "year",
        }
    }
    del study["robustness"], study["tests"], study["regimes"]
    study["maps"] = {"columns": ["beds"], "outcome": False}
    atlas = atlas_of(run(study_of(study)))
    (theme,) = atlas.themes
    lacking = int(cities["beds"].isna().sum())
    (told,) = themes_of(atlas)
    assert theme.label == "beds" and told["legend"][-1] == ["km", "no value", lacking]
    assert told["places"].count(-1) == atlas.to_html().count("<td></td>") == lacking
