"""Every page of the documentation keeps its word: examples run and print what it says, links lead to files."""

from __future__ import annotations

import doctest
import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
PAGES = sorted(DOCS.glob("*.md"))
# pages whose blocks are scripts, without the answers
SCRIPTS = [page for page in PAGES if "```python" in page.read_text() and ">>>" not in page.read_text()]
SESSIONS = [page for page in PAGES if ">>>" in page.read_text()]

name = {"ids": lambda page: page.stem}


def test_there_are_pages_of_both_kinds():
    assert {"comparison", "covariances", "diagnostics", "tables"} <= {page.stem for page in SESSIONS}
    assert {"heterogeneity", "iv"} <= {page.stem for page in SCRIPTS}


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


@pytest.mark.parametrize("page", SCRIPTS, **name)
def test_the_blocks_run_one_after_the_other(page, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for block in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), flags=re.S):
        exec(compile(block, page.name, "exec"), names)


@pytest.mark.parametrize("page", PAGES, **name)
def test_links_lead_to_files(page):
    # code may hold a subscript that looks like a link
    prose = re.sub(r"```.*?```|`[^`]*`", "", page.read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"\]\((?!http)([^)#]+)", prose):
        assert (DOCS / link).exists(), link
