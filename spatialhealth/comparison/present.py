"""What the tables of this folder share: LaTeX, and a frame from rows of names and values."""

from __future__ import annotations

from collections.abc import Sequence

from spatialhealth._format import escape_tex

__all__ = ["latex_table"]


def latex_table(rows: Sequence[Sequence[str]], labels: int, note: str) -> str:
    """Give rows, the first of them headings, as a LaTeX table for the package booktabs.

    Parameters
    ----------
    rows : sequence of sequences of str
    labels : int
        Leading columns that stand to the left.
    note : str
        What to say below; empty for nothing.

    Returns
    -------
    str
    """
    width = len(rows[0])
    heads, *body = (
        " & ".join(
            escape_tex(cell if j < labels or not cell.startswith("-") else "−" + cell[1:])
            for j, cell in enumerate(row)
        )
        + r" \\"
        for row in rows
    )
    lines = [r"\toprule", heads, r"\midrule", *body, r"\bottomrule"]
    if note:
        lines.append(rf"\multicolumn{{{width}}}{{p{{\linewidth}}}}{{\footnotesize {escape_tex(note)}}} \\")
    return "\n".join(
        [rf"\begin{{tabular}}{{{'l' * labels}{'r' * (width - labels)}}}", *lines, r"\end{tabular}"]
    )
