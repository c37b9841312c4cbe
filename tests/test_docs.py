"""Every page of the documentation keeps its word: examples run and print what it says, links lead to files."""

from __future__ import annotations

import doctest
import importlib
import re

import pytest

from tests import pages
from tests.pages import DOCS

PACKAGE = DOCS.parent / "spatialhealth"
PAGES = sorted([*DOCS.glob("*.md"), *DOCS.glob("tutorial/*.md")])


def of(page):
    """Path of a page below docs/, without ending."""
    return page.relative_to(DOCS).with_suffix("").as_posix()


# pages whose blocks are scripts, without the answers; some have tests of their own, which look at what they leave
TOLD = {"dynamic", "heterogeneity", "interactions", "iv", "qgis"}
SCRIPTS = [
    of(page)
    for page in PAGES
    if "```python" in page.read_text() and ">>>" not in page.read_text() and page.stem not in TOLD
]
SESSIONS = [page for page in PAGES if ">>>" in page.read_text()]

name = {"ids": of}


def test_there_are_pages_of_both_kinds():
    assert {"comparison", "covariances", "diagnostics", "tables"} <= {page.stem for page in SESSIONS}
    assert "missing" in SCRIPTS


@pytest.mark.parametrize("page", SESSIONS, **name)
def test_the_examples_print_what_the_page_says(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = re.sub(r"^```.*$", "", page.read_text(encoding="utf-8"), flags=re.M)
    examples = doctest.DocTestParser().get_doctest(text, {}, page.name, str(page), 0)
    said: list[str] = []
    flags = doctest.NORMALIZE_WHITESPACE | doctest.IGNORE_EXCEPTION_DETAIL
    result = doctest.DocTestRunner(optionflags=flags).run(examples, out=said.append)
    assert result.attempted > 0
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("page", SCRIPTS)
def test_the_blocks_run_one_after_the_other_and_print_what_the_page_shows(
    page, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    pages.run(page)
    said = capsys.readouterr().out.split()
    for shown in pages.shown(page):
        assert " ".join(shown.split()) in " ".join(said), shown


def test_a_page_of_the_tutorial_opens_with_what_its_folder_says_of_itself():
    for page in set(DOCS.glob("tutorial/*.md")) - {DOCS / "tutorial/index.md"}:
        folder = importlib.import_module(f"spatialhealth.{page.stem}")
        opening = re.search(r"\*\*Takes\*\*.*", folder.__doc__ or "", flags=re.S)[0]
        assert " ".join(opening.split()) in " ".join(
            page.read_text(encoding="utf-8").replace("- **", "**").split()
        )


def test_the_page_on_dynamic_models_gives_the_figures_of_its_text(capsys):
    names, page = pages.run("dynamic"), " ".join((DOCS / "dynamic.md").read_text(encoding="utf-8").split())
    assert "long-run total" in capsys.readouterr().out
    model, effects = names["model"], names["effects"]
    for name in ("tau", "eta", "rho"):
        shown = rf"{name} = {model.params_[name]:.4f} \({model.std_errors_[name]:.4f}\)"
        assert re.search(shown, page)
    now, lasting = effects.short_run.estimates[0, 2], effects.long_run.estimates[0, 2]
    assert f"by {-now:.2f} per cent within the year" in page
    assert f"{-lasting:.2f} per cent once" in page
    low, high = effects.long_run.table.loc[2, ["ci_low", "ci_high"]]
    assert f"interval {-high:.2f} to {-low:.2f}" in page


def test_the_page_on_instruments_finds_the_truth_where_likelihood_does_not(capsys):
    pages.run("iv")
    printed = capsys.readouterr().out
    assert "First stage" in printed and "Effects on inflow" in printed
    assert pages.shown("iv")
    for shown in pages.shown("iv"):
        assert " ".join(shown.split()) in " ".join(printed.split())
    instruments, likelihood = (float(v) for v in re.findall(r"([\d.]+) by", printed)[-2:])
    assert abs(instruments - 0.7) < 0.05 < 0.2 < likelihood - 0.7


@pytest.mark.parametrize("page", PAGES, **name)
def test_links_lead_to_files(page):
    # code may hold a subscript that looks like a link
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    for link, anchor in re.findall(r"\]\((?!http)([^)#]*)(?:#([^)]+))?\)", prose):
        target = page.parent / link if link else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), (link, anchor)


def test_the_page_on_mathematics_names_files_and_functions_that_exist():
    folder, source, seen = "", "", 0
    for name in re.findall(r"`([^`]+)`", (DOCS / "mathematics.md").read_text(encoding="utf-8")):
        if name.endswith(".py"):
            folder = name.rpartition("/")[0] or folder
            source = (PACKAGE / folder / name.rpartition("/")[2]).read_text(encoding="utf-8")
        elif source and re.fullmatch(r"[\w.]+", name):
            assert re.search(rf"(def|class) {name.rpartition('.')[2]}\b", source), name
            seen += 1
    assert seen > 40


def anchors(page):
    """Give what a link within a page can point to: its headings, as GitHub writes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), flags=re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_the_rosetta_table_prints_what_is_estimated():
    rho, page = pages.run("rosetta")["rho"], (DOCS / "rosetta.md").read_text(encoding="utf-8")
    rows = {
        "SAR, entity, none": "SAR, entity effects",
        "SAR, entity, lee-yu": "SAR, entity, Lee-Yu",
        "SAR, two-way, lee-yu": "SAR, two-way, Lee-Yu",
        "SDM, two-way, lee-yu": "SDM, two-way, Lee-Yu",
    }
    assert set(rho) == set(rows)
    for name, row in rows.items():
        written = re.search(rf"^\| {re.escape(row)} \|.*\| ([\d.]+) \| ([\d.]+) \|$", page, flags=re.M)
        assert f"{rho[name]:.6f}" == written[1] == written[2]
