"""How numbers are written for people: in text, HTML and LaTeX, wherever a table is shown."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from spatialhealth._typing import Array

__all__ = ["HEADINGS", "escape_tex", "html_table", "inference_rows", "number", "p_value", "text_table"]

HEADINGS = ("Estimate", "Std. error", "z", "p", "CI low", "CI high")
_COLUMNS = ("estimate", "std_error", "z", "p_value", "ci_low", "ci_high")
_TEX = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "|": r"\textbar{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "−": r"$-$",
}


def number(value: float) -> str:
    """Write a number with four digits after the point, or as many as a small one needs; NaN as nothing.

    Examples
    --------
    >>> number(-0.27117), number(0.00001234), number(1234567.0)
    ('-0.2712', '1.234e-05', '1,234,567')
    """
    if value != value:
        return ""
    size = abs(value)
    if size and (size < 1e-3 or size >= 1e9):
        return f"{value:.3e}"
    if size >= 1000:
        return f"{value:,.0f}"
    return f"{value + 0.0:.4f}"


def p_value(value: float) -> str:
    """Write a p value with three digits; NaN as nothing.

    Examples
    --------
    >>> p_value(0.04321), p_value(1e-9)
    ('0.043', '<0.001')
    """
    if value != value:
        return ""
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def inference_rows(labels: Sequence[Sequence[str]], columns: Mapping[str, Array]) -> list[list[str]]:
    """Write estimates with z, p and limits, each row after its labels."""
    write = {"z": lambda value: "" if value != value else f"{value:.2f}", "p_value": p_value}
    return [
        [*label, *(write.get(name, number)(float(columns[name][j])) for name in _COLUMNS)]
        for j, label in enumerate(labels)
    ]


def text_table(rows: Sequence[Sequence[str]], labels: int = 1) -> list[str]:
    """Align rows, the first of them headings: label columns to the left, the others to the right."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if j < labels else cell.rjust(width)
            for j, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def html_table(rows: Sequence[Sequence[str]], labels: int = 1) -> str:
    """Give rows, the first of them headings, as an HTML table."""

    def cells(row: Sequence[str], tag: str) -> str:
        sides = ["left" if j < labels else "right" for j in range(len(row))]
        return "".join(
            f"<{tag} style='text-align:{side};padding:0 0.6em'>{html.escape(cell)}</{tag}>"
            for side, cell in zip(sides, row, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{cells(rows[0], 'th')}</tr></thead><tbody>{body}</tbody></table>"


def escape_tex(text: str) -> str:
    """Escape what LaTeX reads as a command; a true minus sign becomes one of mathematics."""
    return "".join(_TEX.get(sign, sign) for sign in text)
