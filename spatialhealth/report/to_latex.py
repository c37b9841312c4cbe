r"""Tables for LaTeX that stay on an A4 page, with the packages booktabs, dcolumn, graphicx and longtable at most."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spatialhealth._format import escape_tex, true_minus
from spatialhealth.report.grid import GREEK, Cell, Grid, Row

__all__ = ["Tabular", "grid_to_latex"]

_GREEK = {name: rf"$\{name}$" for name in GREEK}
_DECIMALS = "D{.}{.}{-1}"
# lines of a table that a page of A4 holds beside caption and notes, by the size of the font
_LINES = {"normalsize": 40, "footnotesize": 56, "scriptsize": 66}
_WIDTH = 345.0  # points of text on a page of the class article
_CHARACTER = 0.52  # width of a character as a share of the size of the font
_SIZES = (("normalsize", 10.0, 6.0), ("small", 9.0, 5.0), ("footnotesize", 8.0, 4.0), ("scriptsize", 7.0, 3.0),
          ("tiny", 5.0, 1.5))  # name, points, \tabcolsep  # fmt: skip
_SAFE = 0.7  # of the width: below it no guess of the width can be so wrong that the table overflows
_SMALLEST = 0.55  # share of its size to which a table is shrunk before its columns are split
_EXPONENT = re.compile(r"e([+-])0*(\d+)")


@dataclass(frozen=True)
class Tabular:
    """The parts of a tabular, each in LaTeX already.

    Parameters
    ----------
    spec : str
        Columns, as the argument of tabular.
    heads, body : sequence of str
        Lines, ended.
    widths : sequence of int
        Characters of each column.
    caption, label : str
    """

    spec: str
    heads: Sequence[str]
    body: Sequence[str]
    widths: Sequence[int]
    caption: str = ""
    label: str = ""

    def __str__(self) -> str:
        """Give a tabular that shrinks to the width of the text if it must, or pages of it."""
        if self.is_long:
            return self._long()
        lines = [rf"\begin{{tabular}}{{{self.spec}}}", r"\toprule", *self.heads, r"\midrule", *self.body,
                 r"\bottomrule", r"\end{tabular}"]  # fmt: skip
        if _points(self.widths, 0) > _SAFE * _WIDTH:
            lines[0] = (
                rf"\noindent\resizebox{{\ifdim\width>\linewidth\linewidth\else\width\fi}}{{!}}{{{lines[0]}"
            )
            lines[-1] += "}"
        size = next(size for size, most in _LINES.items() if len(self.body) <= most)
        return "\n".join(lines if size == "normalsize" else [rf"{{\{size}", *lines[:-1], lines[-1] + "}"])

    def _long(self) -> str:
        """Give a longtable in the largest font that fits."""
        fitting = [j for j in range(len(_SIZES)) if _points(self.widths, j) <= _WIDTH]
        size, _, gap = _SIZES[fitting[0] if fitting else -1]
        caption = [_caption(self.caption, self.label) + r" \\"] if self.caption else []
        heads = [r"\toprule", *self.heads, r"\midrule"]
        more = rf"\multicolumn{{{len(self.widths)}}}{{r}}{{continued on the next page}} \\"
        return "\n".join(
            [rf"{{\{size}\setlength{{\tabcolsep}}{{{gap:g}pt}}", rf"\begin{{longtable}}{{{self.spec}}}", *caption,
             *heads, r"\endfirsthead", *heads, r"\endhead", r"\midrule", more, r"\endfoot", r"\bottomrule",
             r"\endlastfoot", *self.body, r"\end{longtable}}"]
        )  # fmt: skip

    @property
    def is_long(self) -> bool:
        """Whether it takes more than a page."""
        return len(self.body) > max(_LINES.values())


def _points(widths: Sequence[int], size: int) -> float:
    _, points, gap = _SIZES[size]
    return sum(_CHARACTER * points * width + 2 * gap for width in widths)


def _caption(caption: str, label: str) -> str:
    return rf"\caption{{{escape_tex(caption)}}}" + (rf"\label{{{label}}}" if label else "")


def grid_to_latex(grid: Grid) -> str:
    """Give a grid for LaTeX.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    str
        A float `table`, or for more rows than a page holds a `longtable`; several, one after the other, for more
        columns than a page holds. The first line names the packages.
    """
    tabular = _tabular(grid)
    # on one page a table can be shrunk as far as it can be read; a longtable cannot be shrunk, but be set smaller
    size, room = (-1, _WIDTH) if tabular.is_long else (0, _WIDTH / _SMALLEST)
    label, *others = (_points([width], size) for width in tabular.widths)
    parts = grid.split(others, room - label)
    return "\n".join([r"% \usepackage{booktabs,dcolumn,graphicx,longtable}", *map(_table, parts)])


def _table(grid: Grid) -> str:
    tabular = _tabular(grid)
    notes = rf"\parbox{{\linewidth}}{{\footnotesize {escape_tex(' '.join(grid.notes))}}}"
    if tabular.is_long:
        return f"{tabular}\n\\noindent{notes}\n"
    caption = [_caption(grid.caption, grid.label)] if grid.caption else []
    lines = [
        r"\begin{table}[htbp]",
        r"\centering",
        *caption,
        str(tabular),
        r"\par\smallskip",
        notes,
        r"\end{table}",
    ]
    return "\n".join(lines)


def _tabular(grid: Grid) -> Tabular:
    columns = len(grid.heads) + 1
    body: list[str] = []
    for j, block in enumerate(grid.blocks):
        if block.title:
            body += [r"\addlinespace"] if j else []
            body.append(rf"\multicolumn{{{columns}}}{{l}}{{\textit{{{escape_tex(block.title)}}}}} \\")
        elif j:
            body.append(r"\midrule")
        body += [_line(row) for row in block.rows]
    first = max(len(row.label) for row in grid.rows)
    widths = [
        first,
        *(
            max(len(head), *(_width(row.cells[j], row.kind) for row in grid.rows))
            for j, head in enumerate(grid.heads)
        ),
    ]
    return Tabular("l" + _DECIMALS * len(grid.heads), _heads(grid), body, widths, grid.caption, grid.label)


def _width(cell: Cell, kind: str) -> int:
    """Count the characters of a cell: the point stands in the middle of its column, stars are raised and small."""
    if kind == "fact" or cell.tail == "]":
        return len(str(cell))
    left, _, right = cell.text.partition(".")
    return 2 * max(len(left), len(right) + (len(cell.tail) + 1) // 2)


def _heads(grid: Grid) -> list[str]:
    lines = []
    if grid.spans:
        start, rules = 2, []
        for _, width in grid.spans:
            rules.append(rf"\cmidrule(lr){{{start}-{start + width - 1}}}")
            start += width
        above = " & ".join(
            rf"\multicolumn{{{width}}}{{c}}{{{escape_tex(text)}}}" for text, width in grid.spans
        )
        lines = [rf" & {above} \\", "".join(rules)]
    heads = " & ".join(rf"\multicolumn{{1}}{{c}}{{{escape_tex(head)}}}" for head in grid.heads)
    return [*lines, rf" & {heads} \\"]


def _line(row: Row) -> str:
    label = _GREEK[row.label] if row.symbol else escape_tex(row.label)
    # a star or a bracket behind the end of a row would be read as its argument
    label = "{}" + label if label[:1] in ("[", "*") else label
    return " & ".join([label, *(_cell(cell, row.kind) for cell in row.cells)]) + r" \\"


def _cell(cell: Cell, kind: str) -> str:
    """Give a cell; numbers stand in mathematics, in line at the point."""
    if not cell.text:
        return ""
    if kind == "fact":
        return rf"\multicolumn{{1}}{{c}}{{{escape_tex(true_minus(cell.text))}}}"
    text = _EXPONENT.sub(lambda found: rf"\times 10^{{{found[1].strip('+')}{found[2]}}}", cell.text)
    text = text.replace(",", "{,}").replace("<", "{<}")
    if cell.tail == "]":
        return rf"\multicolumn{{1}}{{c}}{{${text.replace('{,} ', ', ')}]$}}"
    return text + (f"^{{{cell.tail}}}" if "*" in cell.tail else cell.tail)
