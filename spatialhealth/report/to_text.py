"""A grid as plain text and as Markdown."""

from __future__ import annotations

import re

from spatialhealth.report.grid import Cell, Grid, Row

__all__ = ["grid_to_markdown", "grid_to_text"]

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|~$#])")
_GAP = "  "


def grid_to_text(grid: Grid) -> str:
    """Give a grid as text for a screen, digits in line.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    str
    """
    labels = [row.label for row in grid.rows] + [block.title for block in grid.blocks]
    first = max(map(len, labels), default=0)
    widths, tails = _widths(grid)
    lines = [_GAP.join([" " * first, *(head.rjust(w) for head, w in zip(grid.heads, widths, strict=True))])]
    if grid.spans:
        lines.insert(0, _spans(grid, first, widths))
    rule = "-" * max(map(len, lines))
    lines.append(rule)
    for block in grid.blocks:
        lines += [block.title] if block.title else [rule] if block is not grid.blocks[0] else []
        lines += [
            _GAP.join([row.label.ljust(first), *_aligned(row, widths, tails)]).rstrip() for row in block.rows
        ]
    head = [grid.caption] if grid.caption else []
    return "\n".join([*head, rule, *(line.rstrip() for line in lines), rule, *grid.notes])


def _widths(grid: Grid) -> tuple[list[int], list[int]]:
    """Give the width of each column, and of what hangs behind its digits."""
    tails = [max((len(row.cells[j].tail) for row in grid.rows), default=0) for j in range(len(grid.heads))]
    widths = [
        max(len(head), *(_width(row, row.cells[j], tails[j]) for row in grid.rows))
        for j, head in enumerate(grid.heads)
    ]
    start = 0
    for text, count in grid.spans:
        room = sum(widths[start : start + count]) + len(_GAP) * (count - 1)
        widths[start + count - 1] += max(len(text) - room, 0)
        start += count
    return widths, tails


def _width(row: Row, cell: Cell, tail: int) -> int:
    return len(cell.text) + (0 if row.kind == "fact" else tail)


def _aligned(row: Row, widths: list[int], tails: list[int]) -> list[str]:
    return [
        (cell.text if row.kind == "fact" else cell.text + cell.tail.ljust(tail)).rjust(width)
        for cell, width, tail in zip(row.cells, widths, tails, strict=True)
    ]


def _spans(grid: Grid, first: int, widths: list[int]) -> str:
    parts, start = [" " * first], 0
    for text, count in grid.spans:
        room = sum(widths[start : start + count]) + len(_GAP) * (count - 1)
        parts.append(text.center(room))
        start += count
    return _GAP.join(parts)


def grid_to_markdown(grid: Grid) -> str:
    """Give a grid as a Markdown table (pipes), its notes below.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    str
    """
    heads = ["", *(_escaped(head) for head in grid.single_heads)]
    lines = [_line(heads), _line([":--", *["--:"] * len(grid.heads)])]
    for block in grid.blocks:
        if block.title:
            lines.append(_line([f"**{_escaped(block.title)}**", *[""] * len(grid.heads)]))
        lines += [
            _line([_escaped(row.label), *(_escaped(str(cell)) for cell in row.cells)]) for row in block.rows
        ]
    head = [f"**{_escaped(grid.caption)}**", ""] if grid.caption else []
    notes = ["", " ".join(_escaped(note) for note in grid.notes)] if grid.notes else []
    return "\n".join([*head, *lines, *notes])


def _line(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Escape what Markdown reads as a sign of its own; a line break would end the row."""
    return _MARKDOWN.sub(r"\\\1", " ".join(text.split()))
