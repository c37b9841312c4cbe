"""On which line of a TOML file each key stands; the standard parser does not tell."""

from __future__ import annotations

import re
from collections import Counter

__all__ = ["lines_of"]

_PART = r"""(?:"(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)"""
_KEY = rf"{_PART}(?:\s*\.\s*{_PART})*"
_HEADER = re.compile(rf"\s*(\[\[?)\s*({_KEY})\s*\]")
_ASSIGNMENT = re.compile(rf"\s*({_KEY})\s*=")
_VALUE = re.compile(
    r'"""(?:[^\\]|\\.)*?"""|' + r"'''.*?'''|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'|\#[^\n]*|[\[\]{}\n]",
    re.DOTALL,
)


def lines_of(text: str) -> dict[str, int]:
    r"""Give the line of every table and key of a valid TOML text.

    Parameters
    ----------
    text : str

    Returns
    -------
    dict of str to int
        Lines, from 1, by dotted path; an array of tables is counted from 1. The keys of an inline table are
        not listed: they stand on the line of the table, or a little below it.

    Examples
    --------
    >>> lines_of("[model]\neffects = 'none'\n[[robustness]]\nk = [\n 1]\n")
    {'model': 1, 'model.effects': 2, 'robustness[1]': 3, 'robustness[1].k': 4}
    """
    found: dict[str, int] = {}
    table = ""
    count: Counter[str] = Counter()
    at, line = 0, 1
    while at < len(text):
        header, key = _HEADER.match(text, at), _ASSIGNMENT.match(text, at)
        match = header or key
        if match:
            line += text.count("\n", at, match.start(match.lastindex or 0))
        if header:
            table = _plain(header[2])
            if header[1] == "[[":
                count[table] += 1
            table = _counted(table, count)
            found.setdefault(table, line)
        elif key:
            found.setdefault(f"{table}.{_plain(key[1])}".lstrip("."), line)
        start = match.end() if match else at
        # the start of a header holds a bracket that its end must close
        end = _end_of_line(text, start)
        at, line = end, line + text.count("\n", match.start(match.lastindex or 0) if match else at, end)
    return found


def _end_of_line(text: str, start: int) -> int:
    """Give the place after the statement that goes on at `start`, past strings and brackets."""
    depth = 0
    for part in _VALUE.finditer(text, start):
        token = part[0]
        if token in "[{":
            depth += 1
        elif token in "]}":
            depth = max(depth - 1, 0)
        elif token == "\n" and not depth:
            return part.end()
    return len(text)


def _plain(key: str) -> str:
    return ".".join(part.strip("\"'") for part in re.findall(_PART, key))


def _counted(table: str, count: Counter[str]) -> str:
    """Put the number of the table at hand behind every part of the path that is an array of tables."""
    parts = table.split(".")
    out: list[str] = []
    for j, part in enumerate(parts):
        number = count[".".join(parts[: j + 1])]
        out.append(f"{part}[{number}]" if number else part)
    return ".".join(out)
