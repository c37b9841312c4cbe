"""A study from its files to its page: real numbers, the same bytes twice, nothing from the network."""

from __future__ import annotations

import copy
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, DuplicateError, StudyError
from spatialhealth.report.study_data import load_data
from spatialhealth.report.study_file import StudyFile

STUDY = """
title = "Cigarettes & <prices>"
question = "Do dear cigarettes send smokers over the border?"
author = "A. Founder"

[data]
layer = "states.geojson"
table = "cigarettes.csv"
id = "state"
time = "year"
units = "table"
source = "R packages plm and spData"

[weights]
kind = "contiguity"

[model]
estimator = "SpatialDurbin"
formula = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
effects = "two-way"

[impacts]
contrasts = ["log(price / cpi) - log(ndi / cpi)"]
orders = 2

[[robustness]]
name = "4 nearest"
weights = { kind = "knn", k = 4 }

[[robustness]]
name = "Near ones"
weights = { kind = "distance_band", threshold = 300_000 }

[[robustness]]
name = "South"
where_units = "region == 'South'"

[[robustness]]
name = "From 1980"
where = "year >= 80"
effects = "entity"

[maps]
columns = ["ndi"]
effects = ["log(price / cpi)"]
labels = { ndi = "Income per head" }
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("study")
    sh.datasets.load_states().reset_index().to_file(folder / "states.geojson", driver="GeoJSON")
    sh.datasets.load_cigarettes().reset_index().to_csv(folder / "cigarettes.csv", index=False)
    (folder / "study.toml").write_text(STUDY, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def results(folder):
    return sh.Study(folder / "study.toml").run(folder / "one")


@pytest.fixture(scope="module")
def page(folder, results):
    return (folder / "one" / "report.html").read_text(encoding="utf-8")


def test_effects_of_all_models_in_one_frame(results):
    frame = results.to_frame()
    assert list(frame.columns[:3]) == ["alternative", "variable", "effect"]
    for fit in results.fits:
        own = frame[frame["alternative"] == fit.name].drop(columns="alternative").reset_index(drop=True)
        pd.testing.assert_frame_equal(own, fit.effects.table)


def test_models_of_a_study_stand_side_by_side_with_all_digits(folder, results):
    numbers = pd.read_csv(folder / "one" / "tables" / "models.csv").set_index(["model", "term"])
    for fit in results.fits:
        for name, own in fit.model.to_frame(fit.effects.level).iterrows():
            found = numbers.loc[(fit.name, name)]
            np.testing.assert_allclose(found[own.index].astype(float), own, rtol=1e-11, atol=1e-300)
    tex = (folder / "one" / "tables" / "models.tex").read_text(encoding="utf-8")
    assert all(fit.name in tex for fit in results.fits)


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_the_numbers_are_those_of_the_reference(folder, results):
    assert results.main.model.rho_ == pytest.approx(0.2711783, abs=1e-7)
    effects = pd.read_csv(folder / "one" / "tables" / "effects.csv").set_index(["variable", "effect"])
    assert effects.at[("log(price / cpi)", "total"), "estimate"] == pytest.approx(-1.22478, abs=1e-5)
    content = json.loads((folder / "one" / "results.json").read_text(encoding="utf-8"))
    assert content["main"]["parameters"]["rho"] == pytest.approx(0.2711783, abs=1e-7)
    names = content["main"]["covariance"]["names"]
    rows = np.array(content["main"]["covariance"]["rows"])
    np.testing.assert_allclose(
        np.sqrt(np.diag(rows)), [content["main"]["std_errors"][name] for name in names], rtol=1e-9
    )
    assert sorted(content["data"]["left_out"]) == ["Colorado", "North Carolina", "Oregon"]
    assert set(content["sha256"]) == {"study.toml", "states.geojson", "cigarettes.csv"}
    assert content["versions"]["spatialhealth"] == sh.__version__


def test_alternatives_are_what_they_would_be_by_hand(results):
    panel = sh.datasets.load_cigarettes()
    states = sh.datasets.load_states()
    formula = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
    south = states[(states["region"] == "South") & states.index.isin(panel.index.unique("state"))]
    part = panel[panel.index.get_level_values("state").isin(south.index)]
    by_hand = sh.SpatialDurbin(weights=sh.weights.contiguity(south), effects="two-way").fit_formula(
        formula, part
    )
    fits = {fit.name: fit for fit in results.fits}
    assert list(fits) == ["Main model", "4 nearest", "Near ones", "South", "From 1980"]
    assert fits["South"].model.rho_ == pytest.approx(by_hand.rho_, abs=1e-9)
    assert fits["From 1980"].model.n_periods_ == 13
    assert fits["From 1980"].model.result_.effects == "entity"
    assert np.diff(fits["4 nearest"].model.result_.operator.matrix.indptr).tolist() == [4] * 46


def test_warnings_of_the_fit_are_shown(results, page):
    near = next(fit for fit in results.fits if fit.name == "Near ones")
    assert any("have no neighbour" in text for text in near.warnings)
    assert any("Lee and Yu" in text for text in near.warnings)
    assert page.count("Mind:") == len([text for fit in results.fits for text in fit.warnings])


def test_every_file_is_there(folder, results):
    names = set(files_of(folder / "one"))
    tables = {"coefficients", "effects", "contrasts", "orders", "robustness", "totals", "models"}
    assert {f"tables/{name}.{end}" for name in tables for end in ("csv", "tex")} <= names
    assert names >= {"report.html", "results.json", "tables/local_log_price_cpi.csv"}
    assert {name for name in names if name.startswith("figures")} == {
        "figures/effects.png",
        "figures/alternatives.png",
        "figures/map_log_sales.png",
        "figures/map_ndi.png",
        "figures/effects_log_price_cpi.png",
    }
    local = pd.read_csv(folder / "one" / "tables" / "local_log_price_cpi.csv")
    assert len(local) == 46
    direct = results.main.effects.estimates[0, 0]
    assert local["own"].mean() == pytest.approx(direct, abs=1e-10)


def test_the_same_study_gives_the_same_bytes(folder, results):
    sh.Study(folder / "study.toml").run(folder / "two")
    one, two = files_of(folder / "one"), files_of(folder / "two")
    assert one.keys() == two.keys()
    assert [name for name in one if one[name] != two[name]] == []


def test_nothing_of_an_earlier_study_stands_beside_a_new_one(folder, results, tmp_path):
    sh.Study(folder / "study.toml").run(tmp_path)
    (tmp_path / "tables" / "mine.csv").write_text("kept")
    content = copy.deepcopy(results.study.content)
    for part in ("robustness", "maps"):
        content.pop(part, None)
    content["impacts"] = {"level": 0.9}
    for key in ("layer", "table"):
        content["data"][key] = str(folder / content["data"][key])
    sh.Study(content).run(tmp_path)
    assert set(files_of(tmp_path)) == {
        "report.html",
        "results.json",
        "figures/effects.png",
        "figures/map_log_sales.png",
        "tables/mine.csv",
        *(f"tables/{name}.{end}" for name in ("coefficients", "effects") for end in ("csv", "tex")),
    }


def test_no_file_knows_where_it_was_made(folder, results):
    for name, content in files_of(folder / "one").items():
        assert str(folder).encode() not in content, name


class Links(HTMLParser):
    def __init__(self):
        super().__init__()
        self.found, self.tags, self.images = [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        given = dict(attrs)
        self.found += [
            given[name] for name in ("src", "href", "srcset", "action", "data", "poster") if name in given
        ]
        if tag == "img":
            self.images.append(given.get("alt", ""))


def test_the_page_asks_nothing_of_the_network(page):
    links = Links()
    links.feed(page)
    # figures are inside; the links to their files are for saving, and the icon is empty
    assert all(
        link.startswith(("#", "data:image/png;base64,", "figures/")) or link == "data:,"
        for link in links.found
    )
    assert not {"iframe", "object", "base"} & set(links.tags)
    assert not re.search(r"url\((?!#)|@import", page)
    assert "http://" not in page
    assert "https://" not in page


def test_the_page_can_be_read_by_all(page):
    links = Links()
    links.feed(page)
    assert len(links.images) == 5
    assert all(len(text) > 20 for text in links.images)
    assert links.tags.count("h1") == 1
    assert links.tags.count("caption") == links.tags.count("table") > 4
    assert '<html lang="en">' in page
    assert 'name="viewport"' in page
    ids = set(re.findall(r' id="([^"]+)"', page))
    assert {link[1:] for link in links.found if link.startswith("#")} <= ids


def test_the_page_says_what_was_asked_and_found(page):
    assert "<h1>Cigarettes &amp; &lt;prices&gt;</h1>" in page
    assert "Do dear cigarettes send smokers over the border?" in page
    assert "1 % more price / cpi in every unit goes with 1.2248 % less sales in the average unit" in page
    assert "spatialhealth study study.toml" in page
    assert "<dt>Simulated</dt><dd>no</dd>" in page
    assert "are simulated" not in page
    assert "3 units of the layer that the table has not" in page


def test_simulated_files_are_called_so(folder, tmp_path):
    text = STUDY.replace('source = "R packages plm and spData"', "simulated = true").split("[[robustness]]")[
        0
    ]
    (folder / "simulated.toml").write_text(text, encoding="utf-8")
    sh.Study(folder / "simulated.toml").run(tmp_path)
    assert "The data of this study are simulated." in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_a_dict_will_do(tmp_path):
    study = {
        "title": "Capital",
        "data": {"dataset": "us_production"},
        "weights": {"kind": "knn", "k": 4, "standardise": "spectral"},
        "model": {"estimator": "SLX", "formula": "log(gsp) ~ log(pcap) + log(emp)", "effects": "entity"},
        "maps": {"outcome": False},
    }
    results = sh.Study(study).run(tmp_path)
    assert results.main.model.result_.rho is None
    content = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert content["main"]["logdet"] is None
    assert not (tmp_path / "tables" / "contrasts.csv").exists()


@pytest.mark.parametrize(
    ("old", "new", "error", "said"),
    [
        ("log(ndi / cpi)", "log(income)", StudyError, r"line \d+: model.formula: .*'income'"),
        ('["log(price / cpi) - ', '["log(prize) - ', StudyError, r"line \d+: impacts.contrasts"),
        (
            'effects = ["log(price',
            'effects = ["log(prize',
            StudyError,
            r"line \d+: maps.effects: no regressor",
        ),
        ('columns = ["ndi"]', 'columns = ["income"]', StudyError, r"line \d+: maps.columns: no column"),
        ('columns = ["ndi"]', 'columns = ["region"]', StudyError, r"maps.columns: .*does not hold numbers"),
        ("year >= 80", "yeer >= 80", StudyError, r"robustness\[4\].where: .*'year'"),
        ("year >= 80", "year >= 99", StudyError, r"robustness\[4\]: no unit or no row"),
        ("k = 4", "k = 99", StudyError, r"robustness\[1\].weights: .*k=99"),
        ('id = "state"', 'id = "stete"', StudyError, r"line 9: data.id: the layer has no column 'stete'"),
        ('id = "state"', 'id = "fips"', StudyError, r"data.id: the table has no column 'fips'"),
        ('time = "year"', 'time = "yeer"', StudyError, r"data.time: the table has no column 'yeer'"),
        ('time = "year"\n', "", DuplicateError, "name the column 'time'"),
        ('units = "table"\n', "", AlignmentError, "3 units of the layer are not in the table"),
        ("states.geojson", "stotes.geojson", StudyError, r"line 7: data.layer: there is no file"),
        ("cigarettes.csv", "cigarettes.txt", StudyError, r"line 8: data.table: .*must end in .csv"),
    ],
)
def test_what_the_data_cannot_give_is_said(folder, tmp_path, old, new, error, said):
    assert old in STUDY
    path = folder / "wrong.toml"
    path.write_text(STUDY.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(error, match=said):
        sh.Study(path).run(tmp_path)


def test_a_cross_section_needs_no_table_and_codes_stay_texts(tmp_path):
    states = sh.datasets.load_states().reset_index()
    rng = np.random.default_rng(1)
    states["x"] = rng.normal(size=len(states))
    states["y"] = states["x"] + rng.normal(size=len(states))
    states.to_file(tmp_path / "layer.gpkg", driver="GPKG")
    study = """
title = "Layer only"
[data]
layer = "layer.gpkg"
id = "fips"
[weights]
kind = "knn"
k = 5
[model]
estimator = "SpatialLag"
formula = "y ~ x"
"""
    (tmp_path / "a.toml").write_text(study, encoding="utf-8")
    alone = sh.Study(tmp_path / "a.toml").run(tmp_path / "a")
    states[["fips", "x", "y"]].to_csv(tmp_path / "table.csv", index=False)
    (tmp_path / "b.toml").write_text(
        study.replace('id = "fips"', 'id = "fips"\ntable = "table.csv"'), encoding="utf-8"
    )
    joined = sh.Study(tmp_path / "b.toml").run(tmp_path / "b")
    assert "01" in joined.main.data.layer.index
    assert joined.main.model.rho_ == pytest.approx(alone.main.model.rho_, abs=1e-9)


def data_of(folder, table):
    study = {
        "title": "Other files",
        "data": {"layer": "states.shp", "table": table, "id": "state", "time": "year"},
        "weights": {"kind": "contiguity"},
        "model": {"estimator": "SpatialLag", "formula": "log(sales) ~ log(price / cpi)", "effects": "entity"},
    }
    return load_data(StudyFile(study, folder=folder))


@pytest.fixture
def other_files(tmp_path):
    panel = sh.datasets.load_cigarettes().reset_index()
    states = sh.datasets.load_states().reset_index()
    states[states["state"].isin(panel["state"])][["state", "geometry"]].to_file(tmp_path / "states.shp")
    return tmp_path, panel


def test_all_parts_of_a_shapefile_are_checksummed(other_files):
    folder, panel = other_files
    panel.to_csv(folder / "panel.csv", index=False)
    data = data_of(folder, "panel.csv")
    assert len(data.layer) == 46
    assert {"states.shp", "states.dbf", "panel.csv"} <= set(data.checksums)


def test_parquet_is_read(other_files):
    pytest.importorskip("pyarrow", reason="pandas needs pyarrow to read parquet")
    folder, panel = other_files
    panel.to_parquet(folder / "panel.parquet")
    assert data_of(folder, "panel.parquet").table.shape == (1380, 7)


def test_a_file_that_is_no_table_is_said(other_files):
    folder, _ = other_files
    (folder / "panel.parquet").write_bytes(b"no parquet")
    with pytest.raises(StudyError, match=r"data.table: 'panel.parquet' cannot be read as a table"):
        data_of(folder, "panel.parquet")
