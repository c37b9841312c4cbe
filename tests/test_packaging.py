"""The conda recipe and the citation say what the metadata say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import spatialhealth

ROOT = Path(spatialhealth.__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
ELSEWHERE = {"matplotlib": "matplotlib-base"}  # what conda-forge calls it


def test_the_recipe_has_the_dependencies_of_the_metadata():
    recipe = (ROOT / "packaging" / "conda" / "meta.yaml").read_text(encoding="utf-8")
    run = recipe.split("  run:\n")[1].split("\n\n")[0]
    listed = dict(re.findall(r"- ([\w-]+) >=([\d.]+)", run))
    wanted = dict(re.fullmatch(r"([\w-]+)>=([\d.]+)", each).groups() for each in PROJECT["dependencies"])
    assert listed.pop("python") == PROJECT["requires-python"].removeprefix(">=")
    assert listed == {ELSEWHERE.get(name, name): bound for name, bound in wanted.items()}
    assert f'version = "{spatialhealth.__version__}"' in recipe


def test_bounds_are_lower_bounds_only():
    every = [
        *PROJECT["dependencies"],
        *(one for extra in PROJECT["optional-dependencies"].values() for one in extra),
    ]
    assert all(re.fullmatch(r"[\w-]+>=[\d.]+", each) for each in every)


def test_the_citation_has_the_version():
    text = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"version: {spatialhealth.__version__}" in text
