"""Study files: what is wrong is said with its key and its line."""

from __future__ import annotations

import textwrap
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest

from spatialhealth.errors import StudyError
from spatialhealth.report import read_study, study_file
from spatialhealth.report.schema import OPTIONS, ROOT
from spatialhealth.report.study_file import study_of

TEXT = (files("spatialhealth.report") / "templates" / "demo.toml").read_text(encoding="utf-8")
MODEL = {"estimator": "SpatialDurbin", "formula": "y ~ x"}
STUDY = {
    "title": "t",
    "data": {"dataset": "us_cigarettes"},
    "weights": {"kind": "contiguity"},
    "model": MODEL,
}


def line_of(text, start):
    return next(j for j, row in enumerate(text.splitlines(), 1) if row.startswith(start))


@pytest.mark.parametrize(
    ("old", "new", "at", "said"),
    [
        ("title = ", "titel = ", "titel", r"titel: there is no such key. Did you mean 'title'\?"),
        ("[model]", "[modell]", "[modell]", r"modell: there is no such key. Did you mean 'model'\?"),
        ("dataset = ", "data_set = ", "data_set", r"data.data_set: .*'dataset'"),
        ('"hospital_panel"', '"hospital"', "dataset", r"data.dataset: .*'us_cigarettes'"),
        ('"hospital_panel"', '"hospital_panel"\nid = "city"', "id", "data.id: it goes with files"),
        ('dataset = "hospital_panel"', 'layer = "x.gpkg"', "[data]", "data: the key 'id' is missing"),
        ('dataset = "hospital_panel"', "", "[data]", "data: name a dataset, or a layer"),
        ('kind = "contiguity"', 'kind = "contiguty"', "kind", r"weights.kind: .*Did you mean 'contiguity'\?"),
        ('kind = "contiguity"', 'kind = "contiguity"\nk = 3', "k = 3", "weights.k: it does not go with 'contig"),
        ('kind = "contiguity"', 'kind = "knn"', "[weights]", "weights: 'knn' needs the key 'k'"),
        ('kind = "contiguity"', "rook = true", "[weights]", "weights: the key 'kind' is missing"),
        ('"SpatialDurbin"', '"SDM"', "estimator", "model.estimator: 'SDM' is not an option"),
        ('effects = "two-way"', 'effects = "twoway"', "effects = ", r"model.effects: .*Did you mean 'two-way'\?"),
        ('effects = "two-way"', "effects = 2", "effects = ", "model.effects: found 2. It must be a text"),
        ("level = 0.95", "level = 95", "level", "impacts.level: found 95. It must be a number between"),
        ("level = 0.95", 'level = "0.95"', "level", "impacts.level: found '0.95'"),
        ("orders = 4", "orders = 4.5", "orders", "impacts.orders: found 4.5. It must be a positive whole"),
        ("k = 6 }", "k = true }", "weights = { kind = \"knn\"", r"robustness\[1\].weights.k: found true"),
        ("k = 6 }", "n = 6 }", "weights = { kind = \"knn\"", r"robustness\[1\].weights.n: there is no such key"),
        ("outcome = true", 'outcome = "yes"', "outcome", "maps.outcome: found 'yes'. It must be true or false"),
    ],
)  # fmt: skip
def test_the_key_and_the_line_are_named(tmp_path, old, new, at, said):
    assert old in TEXT
    text = TEXT.replace(old, new, 1)
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=said) as caught:
        read_study(path)
    assert str(caught.value).startswith(f"study.toml, line {line_of(text, at)}: ")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('title = "a"\nmodel = ', "line 2: this is not TOML"),
        ('title = "a"\ntitle = "b"', "line 2: .*stands twice"),
        ('title = "a', r"line 1, column 11|line 1: this is not TOML"),
        ("", "line 1|title.* is missing"),
    ],
)
def test_what_is_not_toml_is_said_with_its_line(tmp_path, text, said):
    path = tmp_path / "study.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=said):
        read_study(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    with pytest.raises(StudyError, match=r"nowhere\.toml cannot be read"):
        read_study(tmp_path / "nowhere.toml")
    (tmp_path / "latin.toml").write_bytes(b'title = "\xe9"')
    with pytest.raises(StudyError, match="UTF-8"):
        read_study(tmp_path / "latin.toml")


def test_a_dict_is_a_study_and_is_not_changed():
    study = study_of(STUDY)
    study.content["model"]["formula"] = "other"
    assert STUDY["model"]["formula"] == "y ~ x"
    assert study_of(study) is study


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"robustness": [{"name": "a", "effects": "none"}] * 2}, r"robustness\[2\].name: 'a' is the name"),
        ({"robustness": [{"name": "a"}]}, r"robustness\[1\]: it says nothing"),
        ({"model": MODEL | {"estimator": "SpatialLag", "durbin": True}}, "model.durbin"),
        ({"model": MODEL | {"durbin": 1}}, "true or false or a list of texts"),
        ({"data": {"layer": "a.shp", "id": "a", "time": "b"}}, "data.time: periods need a table"),
    ],
)
def test_parts_that_do_not_fit_each_other_are_named(change, said):
    with pytest.raises(StudyError, match=f"^study: {said}|{said}"):
        study_of(STUDY | change)


def test_the_page_of_docs_has_every_key_as_the_docstring_does():
    page = (Path(__file__).parents[2] / "docs" / "studies.md").read_text(encoding="utf-8")
    told = textwrap.dedent(study_file.__doc__.split("::\n", 1)[1]).strip()
    assert f"```toml\n{told}\n```" in page
    content = tomllib.loads(told)
    assert set(content) == set(ROOT)
    for name, key in ROOT.items():
        if key.keys is not None and name != "weights":
            table = content[name] if key.kind == "table" else content[name][0]
            others = (
                set(OPTIONS) if name == "robustness" else set()
            )  # some of them are named in a comment there
            assert set(key.keys) - others <= set(table) <= set(key.keys), name
