"""The pages of the documentation, and their blocks of code run one after the other."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["DOCS", "blocks", "run", "shown"]

DOCS = Path(__file__).parent.parent / "docs"


def blocks(page: str) -> list[str]:
    """Give the blocks of Python of a page, by its path below docs/ without ending."""
    return re.findall(r"```python\n(.*?)```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), flags=re.S)


def shown(page: str) -> list[str]:
    """Give what a page shows as printed by its blocks of Python."""
    return re.findall(r"```text\n(.*?)```", (DOCS / f"{page}.md").read_text(encoding="utf-8"), flags=re.S)


def run(page: str) -> dict[str, object]:
    """Run the blocks of a page, and give the names that they leave."""
    names: dict[str, object] = {}
    for block in blocks(page):
        exec(compile(block, f"{page}.md", "exec"), names)
    return names
