"""A table for print: headings, blocks of rows, notes. Every format is written from this, and computes nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

__all__ = ["GREEK", "Block", "Cell", "Grid", "Row", "p_rounded", "rounded"]

GREEK = {"rho": "ρ", "lambda": "λ", "phi": "φ", "tau": "τ", "eta": "η"}
_LARGE = 1e9


@dataclass(frozen=True)
class Cell:
    """What stands in a cell.

    Parameters
    ----------
    text : str
    tail : str, default ""
        Stars or a closing bracket: what hangs behind the digits, so that these stay in line.
    """

    text: str = ""
    tail: str = ""

    def __str__(self) -> str:
        return self.text + self.tail


@dataclass(frozen=True)
class Row:
    """A row.

    Parameters
    ----------
    label : str
    cells : tuple of Cell
        One a column.
    kind : {"estimate", "bracket", "fact"}
    symbol : bool, default False
        Whether the label is the name of a Greek letter.
    """

    label: str
    cells: tuple[Cell, ...]
    kind: str
    symbol: bool = False


@dataclass(frozen=True)
class Block:
    """Rows that belong together, under a title (which may be empty)."""

    title: str
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class Grid:
    """A table.

    Parameters
    ----------
    heads : tuple of str
        One a column of numbers.
    spans : tuple of (str, int)
        Headings above the headings and how many columns each spans; none if empty.
    blocks : tuple of Block
    caption, label : str
        `label` is what LaTeX refers to the table by.
    notes : tuple of str
    """

    heads: tuple[str, ...]
    spans: tuple[tuple[str, int], ...]
    blocks: tuple[Block, ...]
    caption: str = ""
    label: str = ""
    notes: tuple[str, ...] = ()

    @property
    def rows(self) -> list[Row]:
        """The rows of all blocks."""
        return [row for block in self.blocks for row in block.rows]

    @property
    def single_heads(self) -> list[str]:
        """One heading a column, with the one above it in front, where a format cannot span columns."""
        above = [text for text, width in self.spans for _ in range(width)]
        return (
            [f"{up}: {head}" for up, head in zip(above, self.heads, strict=True)] if above else [*self.heads]
        )

    def split(self, sizes: Sequence[float], room: float) -> list[Grid]:
        """Split by columns, those under one heading together, where they are wider than a page.

        Parameters
        ----------
        sizes : sequence of float
            Width of each column of numbers.
        room : float
            Width of all of them on one page.

        Returns
        -------
        list of Grid
        """
        groups: list[list[int]] = [[]]
        place = 0
        for count in [count for _, count in self.spans] or [1] * len(self.heads):
            together = range(place, place + count)
            if groups[-1] and sum(sizes[j] for j in (*groups[-1], *together)) > room:
                groups.append([])
            groups[-1] += together
            place += count
        return [self] if len(groups) == 1 else [self._only(g, first=j == 0) for j, g in enumerate(groups)]

    def _only(self, columns: Sequence[int], *, first: bool) -> Grid:
        def cut(row: Row) -> Row:
            return replace(row, cells=tuple(row.cells[j] for j in columns))

        start, spans = 0, []
        for text, width in self.spans:
            if start in columns:
                spans.append((text, width))
            start += width
        return replace(
            self,
            heads=tuple(self.heads[j] for j in columns),
            spans=tuple(spans),
            blocks=tuple(Block(block.title, tuple(map(cut, block.rows))) for block in self.blocks),
            caption=self.caption and self.caption + ("" if first else " (continued)"),
            label=self.label if first else "",
        )


def rounded(value: float, decimals: int) -> str:
    """Write a number with a fixed number of digits after the point; NaN as nothing.

    Rounding is to the nearest. A number that is not zero and would be written as zero gets two significant digits
    instead, and one of a thousand million or more is written with an exponent.

    Parameters
    ----------
    value : float
    decimals : int

    Returns
    -------
    str

    Examples
    --------
    >>> rounded(-0.27117, 3), rounded(1234.5678, 2), rounded(-0.0000123, 3), rounded(-0.0, 2)
    ('-0.271', '1,234.57', '-1.2e-05', '0.00')
    """
    if value != value:
        return ""
    if abs(value) >= _LARGE:
        return f"{value:.{decimals}e}"
    text = f"{value + 0.0:,.{decimals}f}"
    return f"{value:.1e}" if value and not re.search("[1-9]", text) else text


def p_rounded(value: float, decimals: int) -> str:
    """Write a p value with a fixed number of digits, or as less than the smallest that these can tell from zero.

    Examples
    --------
    >>> p_rounded(0.04321, 3), p_rounded(1e-9, 2)
    ('0.043', '<0.01')
    """
    if value != value:
        return ""
    least = 10.0**-decimals
    return f"<{least:.{decimals}f}" if value < least else f"{value:.{decimals}f}"
