"""Tables as csv, LaTeX and HTML: the same rows, with all digits or with those that a reader wants."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth import _format
from spatialhealth._format import escape_tex, p_value
from spatialhealth.report.to_latex import Tabular

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Table", "number"]

_HEADINGS = {
    "variable": "Regressor",
    "contrast": "Difference",
    "parameter": "Parameter",
    "effect": "Effect",
    "estimate": "Estimate",
    "std_error": "Std. error",
    "z": "z",
    "p_value": "p",
    "ci_low": "CI low",
    "ci_high": "CI high",
    "order": "Order",
    "cumulative": "Cumulative",
    "alternative": "Model",
    "rung": "Step",
    "of": "Of",
    "test": "Test",
    "statistic": "Statistic",
    "chow": "Chow",
    "p_holm": "p (Holm)",
    "null": "Null hypothesis",
    "horizon": "Horizon",
    "finding": "Question",
    "what": "Number",
    "expected": "Asked",
    "holds": "Held",
    "measure": "Measure",
    "path": "Path",
    "outcome": "Outcome",
    "scenario": "Scenario",
    "quantity": "Quantity",
    "difference": "Difference",
    "difference_low": "CI low",
    "difference_high": "CI high",
    "when": "When",
    "cluster": "Cluster",
    "units": "Units",
    "period": "Period",
}
_TEXTS = (
    *(
        "variable",
        "effect",
        "test",
        "null",
        "finding",
        "what",
        "measure",
        "path",
        "outcome",
        "scenario",
        "quantity",
    ),
    *("when", "cluster", "period"),
)  # other columns hold numbers, or numbers with their errors in brackets
_NAMES = ("test",)  # columns of names that stay on one line
_SENTENCES = ("null",)  # columns that LaTeX sets in lines
_LINE, _LINE_WIDTH = 34, "6cm"  # characters of a line, and its width
_MANY = 4  # columns of text above which a table is set smaller, with errors below their estimates
_WIDE = 8  # columns of any kind above which a table is set smaller
_DIGITS = "%.12g"


@dataclass(frozen=True, eq=False)
class Table:
    r"""A table and what is written about it.

    Parameters
    ----------
    name : str
        Name of its files, without ending.
    caption : str
    frame : DataFrame
        Columns of texts and numbers; the index is not shown.
    shown : DataFrame, optional
        What stands in its place on the page and in LaTeX, with fewer columns or with numbers put together.

    Examples
    --------
    >>> import pandas as pd
    >>> table = Table("shares", "Shares", pd.DataFrame({"variable": ["a_b"], "estimate": [-0.25]}))
    >>> print(table.to_latex())
    \begin{tabular}{lr}
    \toprule
    Regressor & Estimate \\
    \midrule
    a\_b & $-$0.2500 \\
    \bottomrule
    \end{tabular}
    """

    name: str
    caption: str
    frame: pd.DataFrame
    shown: pd.DataFrame | None = None

    def to_csv(self) -> str:
        """Give the table with twelve significant digits."""
        text: str = self.frame.to_csv(index=False, float_format=_DIGITS, lineterminator="\n")
        return text

    def to_frame(self) -> pd.DataFrame:
        """Give the numbers."""
        return self.frame

    def to_latex(self) -> str:
        """Give the table for LaTeX with the package booktabs.

        One that is wider than the text is shrunk (package graphicx); one with more rows than a page holds is a
        longtable, which stands outside of floats.
        """
        headings, rows, right = self._written()
        lined = [name in _SENTENCES for name in self._visible.columns]
        spec = "".join(
            rf"p{{{_LINE_WIDTH}}}" if line else "r" if number else "l"
            for number, line in zip(right, lined, strict=True)
        )
        widths = [
            _LINE if line else max(map(len, column))
            for line, column in zip(lined, zip(headings, *rows, strict=True), strict=True)
        ]
        heads, *body = (" & ".join(map(escape_tex, row)) + r" \\" for row in (headings, *rows))
        return str(Tabular(spec, [heads], body, widths))

    def to_html(self) -> str:
        """Give the table with its caption; the first cell of a row is the row's heading."""
        headings, rows, right = self._written()

        names = [str(name) for name in self._visible.columns]
        texts = sum(self._visible.dtypes.map(lambda kind: kind.kind not in "iuf"))

        def cell(text: str, j: int, tag: str, scope: str = "") -> str:
            kind = ' class="n"' if right[j] else ' class="name"' if names[j] in _NAMES else ""
            written = html.escape(text)
            if right[j] and tag == "td" and texts > _MANY:
                written = written.replace(" (", "<br>(")  # the error below its estimate, for want of width
            return f"<{tag}{scope}{kind}>{written}</{tag}>"

        head = "".join(cell(text, j, "th", ' scope="col"') for j, text in enumerate(headings))
        body = []
        before = None
        for row in rows:
            # a name that goes on from the row above is left out of sight, not out of the table
            kind = ' class="again"' if row[0] == before else ""
            before = row[0]
            first = cell(row[0], 0, "th", ' scope="row"')
            rest = "".join(cell(text, j, "td") for j, text in enumerate(row[1:], 1))
            body.append(f"<tr{kind}>{first}{rest}</tr>")
        many = ' class="many"' if texts > _MANY or len(names) > _WIDE else ""
        return (
            f'<div class="wide"><table{many}><caption>{html.escape(self.caption)}</caption>'
            f"<thead><tr>{head}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"
        )

    @property
    def _visible(self) -> pd.DataFrame:
        return self.frame if self.shown is None else self.shown

    def _written(self) -> tuple[list[str], list[list[str]], list[bool]]:
        """Give headings, rows and whether a column holds numbers."""
        columns, right = [], []
        frame = self._visible
        for j, name in enumerate(frame.columns):
            values = frame[name]
            numeric = values.dtype.kind in "iuf"
            right.append(numeric or (name not in _TEXTS and j > 0))
            columns.append([_cell(str(name), value) for value in values])
        headings = [_HEADINGS.get(str(name), str(name)) for name in frame.columns]
        return headings, [list(row) for row in zip(*columns, strict=True)], right


def number(value: float) -> str:
    """Write a number with a true minus sign.

    Examples
    --------
    >>> number(-0.27117)
    '−0.2712'
    """
    return _format.number(value).replace("-", "−")


def _cell(column: str, value: Any) -> str:
    if isinstance(value, str):
        return value
    if column in ("p_value", "p_holm"):
        return p_value(value)
    if column == "z":
        return "" if value != value else f"{value:.2f}".replace("-", "−")
    return (
        f"{value:,}" if float(value).is_integer() and not isinstance(value, float) else number(float(value))
    )
