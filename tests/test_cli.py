"""The command line: what it prints, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import spatialhealth as sh
from spatialhealth import cli

STUDY = """
title = "Small"
[data]
dataset = "us_cigarettes"
[weights]
kind = "distance_band"
threshold = 300_000
[model]
estimator = "SLX"
formula = "log(sales) ~ log(price / cpi)"
effects = "entity"
[maps]
outcome = false
"""


def test_a_study_is_run_and_its_report_is_named(tmp_path, capsys):
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    assert cli.main(["study", str(tmp_path / "study.toml"), "--out", str(tmp_path / "out")]) == 0
    said = capsys.readouterr()
    assert "Fitting SLX to 1,380 rows of 46 units." in said.out
    assert said.out.splitlines()[-1].endswith(str(tmp_path / "out" / "report.html"))
    assert "have no neighbour" in said.err
    assert (tmp_path / "out" / "results.json").is_file()


def test_a_wrong_study_ends_with_two_and_one_message(tmp_path, capsys):
    (tmp_path / "study.toml").write_text(STUDY.replace("threshold", "treshold"), encoding="utf-8")
    assert cli.main(["study", str(tmp_path / "study.toml"), "--out", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("spatialhealth: study.toml, line 7: weights.treshold: there is no such key.")
    assert len(said.err.splitlines()) == 1


def test_a_study_that_is_not_there_ends_with_two(tmp_path, capsys):
    assert cli.main(["study", str(tmp_path / "nowhere.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made_ends_with_two(tmp_path, capsys):
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    (tmp_path / "taken").write_text("", encoding="utf-8")
    assert cli.main(["study", str(tmp_path / "study.toml"), "--out", str(tmp_path / "taken")]) == 2
    assert "taken" in capsys.readouterr().err


def test_ctrl_c_ends_quietly(tmp_path, capsys, monkeypatch):
    def stop(*arguments, **options):
        raise KeyboardInterrupt

    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    monkeypatch.setattr(sh.Study, "run", stop)
    assert cli.main(["study", str(tmp_path / "study.toml")]) == 130
    assert capsys.readouterr().err == "spatialhealth: stopped.\n"


@pytest.mark.parametrize("arguments", [[], ["stdy"], ["study"], ["demo", "--depth", "3"]])
def test_a_wrong_command_ends_with_two(arguments, capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(arguments)
    assert ended.value.code == 2
    assert "usage: spatialhealth" in capsys.readouterr().err


def test_the_demonstration_runs_as_a_module(tmp_path):
    command = [sys.executable, "-W", "error", "-m", "spatialhealth.cli"]
    root = Path(__file__).parents[1]
    version = subprocess.run([*command, "--version"], capture_output=True, text=True, cwd=root, check=True)
    assert version.stdout.strip() == f"spatialhealth {sh.__version__}"
    done = subprocess.run(
        [*command, "demo", "--out", str(tmp_path)], capture_output=True, text=True, cwd=root, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "The data of this study are simulated." in done.stdout
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "The data of this study are simulated." in page
    assert "spatialhealth demo" in page
