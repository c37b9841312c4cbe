"""Models side by side: coefficients, effects and facts in one table for a paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from spatialhealth._labels import pandas_for
from spatialhealth._validation import check_option, check_share
from spatialhealth.errors import OptionError, some
from spatialhealth.models.design import LAG_PREFIX
from spatialhealth.report.assemble import Asked, grid_of
from spatialhealth.report.entries import FACTS, Column, column_of, names_in
from spatialhealth.report.grid import Grid
from spatialhealth.report.to_html import grid_to_html, html_page
from spatialhealth.report.to_latex import grid_to_latex
from spatialhealth.report.to_text import grid_to_markdown, grid_to_text
from spatialhealth.report.to_word import grid_to_word

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["RegressionTable", "table"]

Brackets = Literal["se", "z", "t", "p", "ci"]
Beside = Literal["below", "beside"]
_STARS = (0.1, 0.05, 0.01)
_MOST_DECIMALS = 12
_CSV_DIGITS = "%.12g"


@dataclass(frozen=True, eq=False)
class RegressionTable:
    """Models side by side, in every format that a paper asks for. Made by `table`.

    Parameters
    ----------
    grid : Grid
        The table as it is shown.
    columns : tuple of Column
        The numbers behind it, unrounded.
    """

    grid: Grid
    columns: tuple[Column, ...]

    @property
    def caption(self) -> str:
        """The caption."""
        return self.grid.caption

    @property
    def numbers(self) -> pd.DataFrame:
        """All estimates, unrounded, one row each.

        Columns: model, panel, term, estimate, std_error, z, p_value, ci_low, ci_high; those of terms that the
        table leaves out included.
        """
        pd = pandas_for("RegressionTable.numbers", "str(table)")
        return pd.DataFrame(
            [
                {"model": column.name, "panel": panel, "term": term, **asdict(entry)}
                for column in self.columns
                for panels in (column.coefficients, column.effects)
                for panel, entries in panels.items()
                for term, entry in entries.items()
            ]
        )

    def to_frame(self) -> pd.DataFrame:
        """Give the table as it is shown, as texts.

        Returns
        -------
        DataFrame
            Indexed by panel, row and kind (estimate, bracket, fact); one column a model.
        """
        pd = pandas_for("RegressionTable.to_frame", "str(table)")
        index, label = [], ""
        for block in self.grid.blocks:
            for row in block.rows:
                label = row.label if row.kind != "bracket" else label
                index.append((block.title, label, row.kind))
        return pd.DataFrame(
            [[str(cell) for cell in row.cells] for row in self.grid.rows],
            index=pd.MultiIndex.from_tuples(index, names=["panel", "row", "kind"]),
            columns=self.grid.single_heads,
        )

    def to_csv(self) -> str:
        """Give `numbers` as csv, with twelve significant digits."""
        text: str = self.numbers.to_csv(index=False, float_format=_CSV_DIGITS, lineterminator="\n")
        return text

    def to_html(self) -> str:
        """Give an HTML table that brings its own looks."""
        return grid_to_html(self.grid)

    def to_latex(self) -> str:
        r"""Give a LaTeX table that stays on an A4 page.

        Returns
        -------
        str
            A float ``table`` with the packages booktabs and dcolumn, shrunk by graphicx to the width of the text
            where it is wider; or, for more rows than a page holds, a ``longtable``, which stands outside of floats.
        """
        return grid_to_latex(self.grid)

    def to_markdown(self) -> str:
        """Give a Markdown table."""
        return grid_to_markdown(self.grid)

    def to_word(self, path: Any) -> Path:
        """Write a Word document (.docx).

        Parameters
        ----------
        path : path-like

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            If the path does not end in .docx.
        MissingLibraryError
            If python-docx is not installed: ``pip install spatialhealth[report]``.
        """
        if Path(path).suffix.lower() != ".docx":
            raise OptionError(f"to_word: {str(path)!r} must end in .docx.")
        return grid_to_word(self.grid, path)

    def save(self, path: Any) -> Path:
        """Write the table in the format that the ending of the path names.

        Parameters
        ----------
        path : path-like
            Ends in .docx, .tex, .html, .md, .txt, or .csv (`numbers`).

        Returns
        -------
        Path

        Raises
        ------
        OptionError
            If the ending is none of these.
        MissingLibraryError
            For .docx, if python-docx is not installed.
        """
        out = Path(path)
        ending = out.suffix.lower()
        if ending == ".docx":
            return self.to_word(out)
        writers = {
            ".tex": self.to_latex,
            ".html": lambda: html_page(self.grid),
            ".md": self.to_markdown,
            ".txt": self.__str__,
            ".csv": self.to_csv,
        }
        if ending not in writers:
            raise OptionError(f"save: {str(path)!r} must end in {', '.join(writers)} or .docx.")
        out.write_text(writers[ending]().rstrip("\n") + "\n", encoding="utf-8", newline="\n")
        return out

    def __str__(self) -> str:
        return grid_to_text(self.grid)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return self.to_html()


def table(
    models: Any,
    *,
    brackets: Brackets = "se",
    stars: bool | Sequence[float] = False,
    impacts: bool | Beside = False,
    level: float = 0.95,
    decimals: int = 3,
    names: Mapping[str, str] | None = None,
    order: Sequence[str] = (),
    drop: Sequence[str] = (),
    facts: Sequence[str] | None = None,
    tests: Mapping[str, Any] | None = None,
    caption: str = "",
    label: str = "",
    notes: str | Sequence[str] = (),
) -> RegressionTable:
    r"""Put models side by side in one table for a paper.

    Parameters
    ----------
    models : sequence, or mapping of str to
        Fitted estimators, their `result_`, effects (`Impacts`) or tables of effects (`Impacts.contrast(...)`). The
        keys of a mapping are the headings; those of a sequence are (1), (2) and so on. One item alone will do.
    brackets : {"se", "z", "t", "p", "ci"}, default "se"
        What stands in brackets below an estimate: its standard error, its ratio to it (called z or t; p values are
        from the normal distribution either way), its p value, or its confidence interval.
    stars : bool or sequence of float, default False
        Stars by p value: True is 0.1, 0.05, 0.01 for one, two and three; or levels of your own, the largest first.
    impacts : bool or {"below", "beside"}, default False
        Whether direct, indirect and total effects stand in the table too: below the coefficients (also True), or in
        columns beside them. An `Impacts` among the models then shows the coefficients it comes from too, so that
        effects by simulation can be had: ``table({"SDM": model.impacts(method="simulate")}, impacts=True)``.
    level : float, default 0.95
        Confidence level of the intervals.
    decimals : int, default 3
        Digits after the point, rounded to the nearest. A number that is not zero and would be written as zero gets
        two significant digits and an exponent; a p value says what it is less than.
    names : mapping of str to str, optional
        Names to show. That of a regressor also stands for its lag (``W:`` + name) and its effects.
    order : sequence of str, optional
        Names to put first in each panel, in this order.
    drop : sequence of str, optional
        Names to leave out, for example dummies; with a regressor goes its lag. A note says so.
    facts : sequence of str, optional
        Rows below the estimates, in this order: model, outcome, effects, correction, n, t, observations, loglik,
        aic, bic, pseudo_r2, sigma2, covariance. All but sigma2 by default; outcome where the models differ in it.
    tests : mapping of str to sequence or mapping, optional
        Rows of tests: for each label one test a model, in order, or by heading; None where there is none. A test is
        an object with `value` and `p_value`.
    caption, label : str, optional
        Caption; and the name by which LaTeX refers to the table.
    notes : str or sequence of str, optional
        Said below the table, after what it says of itself.

    Returns
    -------
    RegressionTable
        Prints, shows itself in a notebook, and has `to_frame()`, `numbers`, `to_html()`, `to_latex()`,
        `to_markdown()`, `to_word(path)` and `save(path)`.

    Raises
    ------
    OptionError
        If an option is unknown, names what no model has, or an item is no model.
    NotFittedError
        If a model has not been fitted.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states, panel = sh.datasets.load_states(), sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> models = {
    ...     "SAR": sh.SpatialLag(weights=W, effects="two-way"),
    ...     "SDM": sh.SpatialDurbin(weights=W, effects="two-way"),
    ... }
    >>> for model in models.values():
    ...     model = model.fit_formula("log(sales) ~ log(price / cpi)", panel)
    >>> short = {"log(price / cpi)": "Price"}
    >>> print(sh.report.table(models, stars=True, names=short, facts=["n", "t", "loglik"]))
    ------------------------------------------------
                                      SAR        SDM
    ------------------------------------------------
    Regressors
    Price                       -1.030***  -1.035***
                                (0.042)    (0.043)
    Spatial lags of regressors
    W:Price                                 0.057
                                           (0.087)
    Spatial parameters
    rho                          0.279***   0.291***
                                (0.029)    (0.034)
    ------------------------------------------------
    N                                  46         46
    T                                  30         30
    LogL                        1,516.727  1,516.945
    ------------------------------------------------
    Outcome: log(sales).
    Standard errors in brackets.
    * p < 0.1, ** p < 0.05, *** p < 0.01.
    Coefficients of a model with a spatial lag of the outcome (rho) are not effects.
    """
    items = _items(models)
    check_option("table", "brackets", brackets, Brackets)
    check_share("table", "level", level)
    if not isinstance(impacts, bool):
        check_option("table", "impacts", impacts, Beside)
    columns = tuple(column_of(name, item, bool(impacts), level) for name, item in items.items())
    asked = Asked(
        brackets, _levels(stars), impacts == "beside", level, _decimals(decimals),
        _known("names", dict(names or {}), columns), _known("order", _texts("order", order), columns),
        _known("drop", _texts("drop", drop), columns), _fact_keys(facts), _tests(tests or {}, tuple(items)),
        caption, label, _texts("notes", (notes,) if isinstance(notes, str) and notes else notes),
    )  # fmt: skip
    return RegressionTable(grid_of(columns, asked), columns)


def _items(models: Any) -> dict[str, Any]:
    if isinstance(models, Mapping):
        items = {str(name): item for name, item in models.items()}
    elif isinstance(models, (list, tuple)):
        items = {f"({j})": item for j, item in enumerate(models, 1)}
    else:
        items = {"(1)": models}
    if not items:
        raise OptionError(
            "table: there is no model. Give fitted models: table([m1, m2]) or table({'SDM': m1})."
        )
    return items


def _levels(stars: Any) -> tuple[float, ...]:
    if isinstance(stars, bool):
        return _STARS if stars else ()
    levels = tuple(check_share("table", "stars", level) for level in stars) if _is_sequence(stars) else ()
    if not levels or any(low >= high for high, low in pairwise(levels)):
        raise OptionError(
            f"table: stars={stars!r} must be True, False, or levels from the largest to the smallest, such as "
            "(0.05, 0.01, 0.001)."
        )
    return levels


def _is_sequence(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _decimals(decimals: Any) -> int:
    if isinstance(decimals, int) and not isinstance(decimals, bool) and 0 <= decimals <= _MOST_DECIMALS:
        return decimals
    raise OptionError(f"table: decimals={decimals!r} must be a whole number from 0 to {_MOST_DECIMALS}.")


def _texts(option: str, values: Any) -> tuple[str, ...]:
    if isinstance(values, str) and not values:
        return ()
    if _is_sequence(values) and all(isinstance(value, str) for value in values):
        return tuple(values)
    raise OptionError(f"table: {option}={values!r} must be a sequence of texts.")


def _known(option: str, names: Any, columns: Sequence[Column]) -> Any:
    """Give back names, if every one of them is in some model."""
    there = names_in(columns)
    bases = {name.removeprefix(LAG_PREFIX) for name in there}
    unknown = [name for name in names if name not in there and name not in bases]
    if unknown:
        raise OptionError(
            f"table: {option} names {some(unknown)}, which no model has. There are: {some(there, 30)}."
        )
    return names


def _fact_keys(facts: Any) -> tuple[str, ...] | None:
    if facts is None:
        return None
    return tuple(check_option("table", "facts", key, tuple(FACTS)) for key in _texts("facts", facts))


def _tests(tests: Mapping[str, Any], heads: tuple[str, ...]) -> dict[str, tuple[Any, ...]]:
    given = {}
    for label, row in tests.items():
        if isinstance(row, Mapping):
            unknown = [name for name in row if name not in heads]
            if unknown:
                raise OptionError(
                    f"table: the test {label!r} is for {some(unknown)}; the models are {some(heads)}."
                )
            given[str(label)] = tuple(row.get(name) for name in heads)
        elif _is_sequence(row) and len(row) == len(heads):
            given[str(label)] = tuple(row)
        else:
            raise OptionError(
                f"table: the test {label!r} needs one entry for each of the {len(heads)} models (None where there is "
                "none), or a mapping from headings to tests."
            )
    return given
