"""How numbers are written for people: in text, HTML and LaTeX, wherever a table is shown."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence

from spatialhealth._typing import Array

__all__ = [
    "HEADINGS",
    "escape_tex",
    "html_table",
    "inference_rows",
    "latex_table",
    "number",
    "p_value",
    "ruled_table",
    "text_table",
    "true_minus",
]

HEADINGS = ("Estimate", "Std. error", "z", "p", "CI low", "CI high")
_COLUMNS = ("estimate", "std_error", "z", "p_value", "ci_low", "ci_high")
_MINUS = re.compile(r"(?<!\w)-(?=[\d.])|(?<=\de)-(?=\d)")
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


def _sides(labels: int | str, width: int) -> str:
    """Give the side on which each column stands: l, r, or p for sentences."""
    return labels if isinstance(labels, str) else "l" * labels + "r" * (width - labels)


def text_table(rows: Sequence[Sequence[str]], labels: int | str = 1) -> list[str]:
    """Align rows, the first of them headings.

    Parameters
    ----------
    rows : sequence of sequences of str
    labels : int or str, default 1
        How many columns, the first ones, stand to the left; or l, r or p (sentences) for each column.

    Returns
    -------
    list of str
        Lines without blanks at their ends.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    sides = _sides(labels, len(widths))
    return [
        "  ".join(
            cell.rjust(width) if side == "r" else cell.ljust(width)
            for cell, width, side in zip(row, widths, sides, strict=True)
        ).rstrip()
        for row in rows
    ]


def ruled_table(rows: Sequence[Sequence[str]], labels: int | str = 1, most: int | None = None) -> list[str]:
    """Give the lines of `text_table` with rules around headings and rows, no longer than `most`."""
    heads, *lines = text_table(rows, labels)
    rule = ("-" * max(map(len, (heads, *lines))))[:most]
    return [rule, heads, rule, *lines, rule]


def html_table(rows: Sequence[Sequence[str]], labels: int | str = 1) -> str:
    """Give rows, the first of them headings, as an HTML table."""

    def cells(row: Sequence[str], tag: str) -> str:
        sides = ["right" if side == "r" else "left" for side in _sides(labels, len(row))]
        return "".join(
            f"<{tag} style='text-align:{side};padding:0 0.6em'>{html.escape(cell)}</{tag}>"
            for side, cell in zip(sides, row, strict=True)
        )

    body = "".join(f"<tr>{cells(row, 'td')}</tr>" for row in rows[1:])
    return f"<table><thead><tr>{cells(rows[0], 'th')}</tr></thead><tbody>{body}</tbody></table>"


def latex_table(
    rows: Sequence[Sequence[str]],
    labels: int | str = 1,
    facts: Mapping[str, str] | None = None,
    note: str = "",
) -> str:
    """Give rows, the first of them headings, as a LaTeX table for the package booktabs.

    Parameters
    ----------
    rows : sequence of sequences of str
    labels : int or str, default 1
        As for `text_table`.
    facts : mapping of str to str, optional
        Rows of a name and a text below them.
    note : str, default ""
        What to say below the table.

    Returns
    -------
    str
    """
    sides = _sides(labels, len(rows[0]))
    heads, *body = (
        " & ".join(
            escape_tex(true_minus(cell) if side == "r" and place else cell)
            for cell, side in zip(row, sides, strict=True)
        )
        + r" \\"
        for place, row in enumerate(rows)
    )
    lines = [r"\toprule", heads, r"\midrule", *body]
    if facts:
        span = rf"\multicolumn{{{len(sides) - 1}}}{{l}}"
        lines += [r"\midrule"]
        lines += [rf"{escape_tex(name)} & {span}{{{escape_tex(text)}}} \\" for name, text in facts.items()]
    lines.append(r"\bottomrule")
    if note:
        lines.append(
            rf"\multicolumn{{{len(sides)}}}{{p{{\linewidth}}}}{{\footnotesize {escape_tex(note)}}} \\"
        )
    spec = sides.replace("p", "p{6cm}")
    return "\n".join([rf"\begin{{tabular}}{{{spec}}}", *lines, r"\end{tabular}"])


def true_minus(text: str) -> str:
    """Put a true minus sign in front of numbers, and leave hyphens as they are.

    Examples
    --------
    >>> true_minus("[-0.2, 1.2e-05] two-way")
    '[−0.2, 1.2e−05] two-way'
    """
    return _MINUS.sub("−", text)


def escape_tex(text: str) -> str:
    """Escape what LaTeX reads as a command; a true minus sign becomes one of mathematics."""
    return "".join(_TEX.get(sign, sign) for sign in text)
