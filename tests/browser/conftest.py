"""Pages in a headless browser: reports, and maps by themselves.

Without a browser these tests are skipped, unless they are asked for.

`make test-browser` asks for them: it installs what they need and sets SPATIALHEALTH_BROWSER, with which nothing is
skipped.
"""

from __future__ import annotations

import os
import shutil
import tomllib
from importlib.resources import files
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh

REQUIRED = bool(os.environ.get("SPATIALHEALTH_BROWSER"))
FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
EXAMPLES = Path(__file__).parents[2] / "examples"


def lacking(what):
    """Skip, or fail where the tests were asked for."""
    say = pytest.fail if REQUIRED else pytest.skip
    say(f"{what} is not installed: make test-browser installs it")


@pytest.fixture(scope="session")
def chromium():
    """A headless Chromium."""
    path = next((found for name in ("chromium", "chromium-browser") if (found := shutil.which(name))), None)
    if path is None:
        lacking("Chromium")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        lacking("playwright")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def axe():
    """The text of axe-core, which the package axe-playwright-python brings along."""
    if find_spec("axe_playwright_python") is None:
        lacking("axe-playwright-python")
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def written(content, folder):
    sh.Study(content).run(folder)
    # alone, as it is sent to somebody: nothing beside it
    alone = folder / "alone" / "report.html"
    alone.parent.mkdir()
    alone.write_bytes((folder / "report.html").read_bytes())
    return alone


@pytest.fixture(scope="session")
def demo(chromium, tmp_path_factory):
    """The report of the demonstration: no hospital questions."""
    text = (files("spatialhealth.report") / "templates" / "demo.toml").read_text(encoding="utf-8")
    return written(tomllib.loads(text), tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="session")
def hospital(chromium, tmp_path_factory):
    """The report of the simulated cities, with seven alternatives and few bootstrap samples."""
    content = tomllib.loads((EXAMPLES / "china_cities" / "study.toml").read_text(encoding="utf-8"))
    content["robustness"] = content["robustness"][5:]
    content["hospital"]["imbalance"]["samples"] = 39
    return written(content, tmp_path_factory.mktemp("hospital"))


@pytest.fixture(scope="session")
def explored(chromium, tmp_path_factory):
    """A page of its own with numbers, clusters, what is uncertain, and kinds of units."""
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    inflow = np.log(panel["inflow"].xs(2021, level="year"))
    found = sh.imbalance.lisa(
        inflow, sh.weights.contiguity(cities), permutations=999, random_state=1, correction="none"
    )
    drawn = pd.Series(np.random.default_rng(0).normal(size=len(cities)), index=cities.index)
    north = cities.geometry.representative_point().y > 34
    themes = [
        sh.maps.Theme("population", "Inhabitants", "Values"),
        sh.maps.Theme(found, "Clusters of inflow", "Values", "LISA, simulated."),
        sh.maps.Theme(
            drawn, "A change of nothing", "Scenarios", "Drawn at random.", uncertain=drawn.abs() < 0.5
        ),
        sh.maps.Theme(north.map({True: "north", False: "south"}).where(drawn > -2), "Side", "Kinds"),
    ]
    page = sh.maps.explore(cities, themes, names="name", title="Chinese cities", height=360)
    return page.save(tmp_path_factory.mktemp("explored") / "cities.html")


@pytest.fixture(scope="session")
def spots(chromium, tmp_path_factory):
    """Cities as points, the first of them without any."""
    cities = sh.datasets.load_cities()
    points = cities.geometry.representative_point()
    points.iloc[0] = None
    page = sh.maps.explore(cities.set_geometry(points), "population", title="Points")
    return page.save(tmp_path_factory.mktemp("spots") / "spots.html")


class Visit:
    """A page, with what it asked for and what it complained of."""

    def __init__(self, page, allowed):
        self.page = page
        self.allowed = allowed
        self.requests = []
        self.complaints = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("console", lambda message: self.complaints.append(message.text))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def check(self):
        assert [text for text in self.complaints if not (self.allowed and self.allowed in text)] == []
        others = [url for url in self.requests if not url.startswith(("file:", "data:", "blob:"))]
        assert [url for url in others if url != self.allowed] == []


@pytest.fixture
def visit(chromium):
    """Open a report; when the test is over, it must not have complained or asked the network for anything."""
    visits = []

    def opened(path, width=1200, script=True, network=False, allowed=""):
        context = chromium.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, offline=not network
        )
        context.grant_permissions(["clipboard-read", "clipboard-write"])
        found = Visit(context.new_page(), allowed)
        visits.append((context, found))
        found.page.goto(path.as_uri())
        return found.page

    yield opened
    for context, found in visits:
        context.close()
        found.check()
