"""Alternatives of a study as tasks: the same bytes whoever fits them, and kept as they are done."""

from __future__ import annotations

from importlib.resources import files

import pytest

import spatialhealth as sh
from spatialhealth import cli
from spatialhealth.errors import CheckpointError, StudyError
from spatialhealth.report import run as module
from spatialhealth.report.results import models_in_parts
from tests.refusal import refusal

STUDY = {
    "title": "Small",
    "data": {"dataset": "us_cigarettes", "where": "year >= 85"},
    "weights": {"kind": "knn", "k": 4},
    "model": {"estimator": "SpatialLag", "formula": "log(sales) ~ log(price / cpi)", "effects": "entity"},
    "robustness": [
        {"name": "band", "weights": {"kind": "distance_band", "threshold": 300_000}},
        {"name": "late", "where": "year >= 88"},
        {"name": "Durbin", "estimator": "SpatialDurbin"},
    ],
    "maps": {"outcome": False},
}


@pytest.fixture
def fits(monkeypatch):
    """The names of the models that are fitted."""
    names, real = [], module.fit_one

    def fit_one(study, name, *arguments):
        names.append(name)
        return real(study, name, *arguments)

    monkeypatch.setattr(module, "fit_one", fit_one)
    return names


def content(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.suffix != ".png"
    }


def test_the_same_bytes_with_processes_and_from_a_folder(tmp_path, fits):
    said = []
    first = sh.Study(STUDY).run(tmp_path / "a", say=said.append, checkpoint=tmp_path / "kept")
    assert fits == ["Main model", "band", "late", "Durbin"]
    assert [text for text in said if text.startswith("Alternative")] == [
        "Alternative: band.", "Alternative: late.", "Alternative: Durbin.",
    ]  # fmt: skip
    fits.clear()
    again = sh.Study(STUDY).run(tmp_path / "b", checkpoint=tmp_path / "kept")
    assert fits == ["Main model"]
    sh.Study(STUDY).run(tmp_path / "c", n_jobs=2)
    assert content(tmp_path / "a") == content(tmp_path / "b") == content(tmp_path / "c")
    assert again.to_frame().equals(first.to_frame())
    assert again.alternatives[0].warnings == first.alternatives[0].warnings != ()


def test_rows_may_be_added_and_other_studies_are_refused(tmp_path, fits):
    shorter = STUDY | {"robustness": STUDY["robustness"][1:2]}
    read = sh.report.study_file.study_of
    module.run(read(shorter), checkpoint=tmp_path)
    fits.clear()
    module.run(read(STUDY | {"title": "Longer"}), checkpoint=tmp_path)
    assert fits == ["Main model", "band", "Durbin"]
    with refusal(CheckpointError, "study: the folder", "differ in weights"):
        module.run(read(STUDY | {"weights": {"kind": "knn", "k": 5}}), checkpoint=tmp_path)
    with refusal(CheckpointError, "differ in data"):
        module.run(read(STUDY | {"data": {"dataset": "us_cigarettes"}}), checkpoint=tmp_path)


@pytest.mark.parametrize("jobs", [1, 2])
def test_a_wrong_alternative_is_named_by_its_key(jobs):
    wrong = STUDY | {"robustness": [{"name": "odd", "formula": "log(sales) ~ nowhere"}]}
    with refusal(StudyError, "robustness[1]", "'nowhere'"):
        module.run(sh.report.study_file.study_of(wrong), n_jobs=jobs)


def test_the_command_takes_jobs_and_a_folder(tmp_path, monkeypatch, capsys):
    asked = {}

    def stop(path, out, **options):
        asked.update(options)
        error = KeyboardInterrupt()
        error.add_note("study: stopped with 1 of 3 tasks done. They are kept in 'kept'.")
        raise error

    monkeypatch.setattr(sh.Study, "run", stop)
    template = files("spatialhealth.report") / "templates" / "demo.toml"
    assert cli.main(["study", str(template), "--jobs", "2", "--checkpoint", "kept"]) == 130
    assert asked["n_jobs"] == 2 and asked["checkpoint"] == "kept"
    assert capsys.readouterr().err.splitlines()[1].startswith("study: stopped with 1 of 3")


def test_every_alternative_says_what_it_changes():
    changes = {
        "winsorised": {"winsorise": 0.025},
        "year before": {"lag": 1},
        "two years before": {"lag": 2, "where": "year >= 86"},
        "instrumented": {
            "estimator": "SpatialIV",
            "endogenous": ["log(price / cpi)"],
            "instruments": ["log(price_lag1 / cpi_lag1)"],
        },
    }
    study = STUDY | {"robustness": [{"name": name, **asked} for name, asked in changes.items()]}
    found = module.run(sh.report.study_file.study_of(study)).alternatives
    assert {fit.name: fit.change for fit in found} == {
        "winsorised": "values below the 2.5 % and above the 97.5 % quantile of each variable drawn in to it",
        "year before": "regressors of the period before",
        "two years before": "rows with year >= 86; regressors of 2 periods before",
        "instrumented": "estimator: SpatialIV; endogenous: log(price / cpi); instruments: log(price_lag1 / cpi_lag1)",
    }


@pytest.mark.parametrize(("count", "parts"), [(1, [1]), (5, [5]), (6, [3, 3]), (12, [4, 4, 4])])
def test_models_stand_in_parts_as_wide_as_a_page(count, parts):
    rows = [{"name": f"k = {k}", "weights": {"kind": "knn", "k": k}} for k in range(1, count + 1)]
    results = module.run(sh.report.study_file.study_of(STUDY | {"robustness": rows}))
    found = models_in_parts(results)
    names = [[column.name for column in part.columns] for part in found]
    assert [len(each) - 1 for each in names] == parts
    assert all(each[0] == "Main model" for each in names)
    assert [name for each in names for name in each[1:]] == [row["name"] for row in rows]
    captions = [part.caption for part in found]
    assert len(set(captions)) == len(parts) and ("(1 of" in captions[0]) == (len(parts) > 1)
