"""From columns to the grid of a regression table: which rows there are, in which order, and what each cell says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from spatialhealth.errors import OptionError
from spatialhealth.models.design import CONSTANT, LAG_PREFIX
from spatialhealth.report.entries import FACTS, LAGS, PANELS, REGRESSORS, Column, Entry, facts_of
from spatialhealth.report.grid import Block, Cell, Grid, Row, p_rounded, rounded

__all__ = ["Asked", "grid_of"]

_HEADING = "Coefficients"
_CRITERIA = ("loglik", "aic", "bic")
_IN_BRACKETS = {
    "se": "Standard errors",
    "z": "z statistics",
    "t": "t statistics (read from the normal distribution)",
    "p": "p values",
    "ci": "{level} confidence intervals",
}


@dataclass(frozen=True)
class Asked:
    """What a table was asked for; see `spatialhealth.report.table`."""

    brackets: str
    stars: tuple[float, ...]
    beside: bool
    level: float
    decimals: int
    names: Mapping[str, str]
    order: tuple[str, ...]
    drop: tuple[str, ...]
    facts: tuple[str, ...] | None
    tests: Mapping[str, tuple[Any, ...]]
    caption: str
    label: str
    notes: tuple[str, ...]

    def shows(self, name: str) -> bool:
        """Whether a regressor, or its lag, is not among those left out."""
        return name not in self.drop and name.removeprefix(LAG_PREFIX) not in self.drop

    def place(self, name: str) -> int:
        """Place of a name in the order asked for; those not named come after, the constant last."""
        for known in (name, name.removeprefix(LAG_PREFIX)):
            if known in self.order:
                return self.order.index(known)
        return len(self.order) + (name == CONSTANT)

    def written(self, name: str) -> str:
        """Give the name to show; that of a lag follows that of its regressor."""
        if name in self.names or not name.startswith(LAG_PREFIX):
            return self.names.get(name, name)
        base = name.removeprefix(LAG_PREFIX)
        return LAG_PREFIX + self.names.get(base, base)


def grid_of(columns: Sequence[Column], asked: Asked) -> Grid:
    """Lay out a table.

    Parameters
    ----------
    columns : sequence of Column
    asked : Asked

    Returns
    -------
    Grid
    """
    effects = list(dict.fromkeys(title for column in columns for title in column.effects))
    slots = [
        (column, title)
        for column in columns
        for title in ("", *(effects if asked.beside else ()))
        if not title or title in column.effects
    ]
    titles = [*PANELS, *(() if asked.beside else effects)]
    blocks = [block for title in titles if (block := _block(title, slots, asked)).rows]
    if len(blocks) == 1 and blocks[0].title == REGRESSORS:
        blocks = [Block("", blocks[0].rows)]
    facts = _facts(columns, slots, asked)
    heads = tuple(
        (title.replace(" effects", "", 1) or _HEADING) if asked.beside else c.name for c, title in slots
    )
    spans = (
        tuple((c.name, sum(1 for other, _ in slots if other is c)) for c in columns) if asked.beside else ()
    )
    return Grid(
        heads, spans, (*blocks, Block("", facts)) if facts else tuple(blocks),
        asked.caption, asked.label, _notes(columns, asked),
    )  # fmt: skip


def _block(title: str, slots: Sequence[tuple[Column, str]], asked: Asked) -> Block:
    """Give the rows of a panel; with effects beside, those of a regressor stand in its row."""
    panels = [_panel(title, column, beside) for column, beside in slots]
    names = [name for name in dict.fromkeys(name for panel in panels for name in panel) if asked.shows(name)]
    rows = []
    for name in sorted(names, key=asked.place):
        entries = [panel.get(name) for panel in panels]
        symbol = title in PANELS and title not in (REGRESSORS, LAGS) and name not in asked.names
        cells = tuple(_estimate(entry, asked) for entry in entries)
        brackets = tuple(_bracket(entry, asked) for entry in entries)
        rows += [Row(asked.written(name), cells, "estimate", symbol), Row("", brackets, "bracket")]
    return Block(title, tuple(rows))


def _panel(title: str, column: Column, beside: str) -> Mapping[str, Entry]:
    if beside:
        return column.effects[beside] if title == REGRESSORS else {}
    return column.coefficients.get(title, column.effects.get(title, {}))


def _estimate(entry: Entry | None, asked: Asked) -> Cell:
    if entry is None:
        return Cell()
    stars = sum(entry.p_value < level for level in asked.stars)
    return Cell(rounded(entry.estimate, asked.decimals), "*" * stars)


def _bracket(entry: Entry | None, asked: Asked) -> Cell:
    if entry is None or not entry.std_error > 0:  # zero by construction, or at its bound: there is no error
        return Cell()
    if asked.brackets == "ci":
        low, high = (rounded(limit, asked.decimals) for limit in (entry.ci_low, entry.ci_high))
        return Cell(f"[{low}, {high}", "]")
    if asked.brackets == "p":
        inside = p_rounded(entry.p_value, asked.decimals)
    else:
        inside = rounded(entry.std_error if asked.brackets == "se" else entry.z, asked.decimals)
    return Cell(f"({inside}", ")") if inside else Cell()


def _facts(columns: Sequence[Column], slots: Sequence[tuple[Column, str]], asked: Asked) -> tuple[Row, ...]:
    """Give the rows below the estimates; with effects beside, a model's facts stand under its coefficients."""
    known = {
        id(column): facts_of(column.result, asked.decimals) for column in columns if column.result is not None
    }
    keys: Sequence[str] = tuple(FACTS) if asked.facts is None else asked.facts
    if asked.facts is None:
        keys = [key for key in keys if key != "sigma2" and not (key == "outcome" and _outcome(columns))]

    def row(label: str, texts: Mapping[int, str]) -> Row:
        return Row(label, tuple(Cell("" if beside else texts.get(id(c), "")) for c, beside in slots), "fact")

    rows = [row(FACTS[key], {place: facts[key] for place, facts in known.items()}) for key in keys]
    for label, tests in asked.tests.items():
        texts = {id(c): _test(test, asked.decimals) for c, test in zip(columns, tests, strict=True)}
        rows.append(row(label, texts))
    return tuple(row for row in rows if any(cell.text for cell in row.cells))


def _test(test: Any, decimals: int) -> str:
    """Write a test as its value with the p value in brackets."""
    if test is None:
        return ""
    try:
        value, p = float(test.value), float(test.p_value)
    except AttributeError:
        raise OptionError(
            f"table: a test is a {type(test).__name__}. Give objects with value and p_value, or None for no test."
        ) from None
    if value != value:
        return "not applicable"
    inside = p_rounded(p, decimals)
    return f"{rounded(value, decimals)} ({inside})" if inside else rounded(value, decimals)


def _outcome(columns: Sequence[Column]) -> str:
    """Give the outcome if it is the same in all columns."""
    outcomes = {column.result.response for column in columns if column.result is not None}
    return outcomes.pop() if len(outcomes) == 1 else ""


def _inference(columns: Sequence[Column]) -> list[str]:
    """Say where the standard errors of the effects come from, column by column where they differ."""
    ways: dict[str, list[str]] = {}
    for column in columns:
        if column.how:
            ways.setdefault(column.how, []).append(column.name)
    if len(ways) < 2:
        return [f"Inference on effects {how}." for how in ways]
    return ["Inference on effects: " + "; ".join(f"{', '.join(n)} {how}" for how, n in ways.items()) + "."]


def _notes(columns: Sequence[Column], asked: Asked) -> tuple[str, ...]:
    """Say what the numbers are, and what they are not."""
    results = [column.result for column in columns if column.result is not None]
    notes = [f"Outcome: {_outcome(columns)}."] if _outcome(columns) else []
    notes.append(_IN_BRACKETS[asked.brackets].format(level=f"{100 * asked.level:g} %") + " in brackets.")
    if asked.stars:
        notes.append(", ".join(f"{'*' * j} p < {level:g}" for j, level in enumerate(asked.stars, 1)) + ".")
    notes += _inference(columns)
    if any(result.has_lag and not column.effects for column in columns if (result := column.result)):
        notes.append("Coefficients of a model with a spatial lag of the outcome (rho) are not effects.")
    if asked.tests:
        notes.append("Tests: value, with the p value in brackets.")
    shown = set(_CRITERIA if asked.facts is None else asked.facts) & set(_CRITERIA)
    likelihoods = {(r.response, r.effects, r.correction, r.within.size) for r in results}
    if shown and len(likelihoods) > 1:
        listed = ", ".join(FACTS[key] for key in _CRITERIA if key in shown)
        notes.append(
            f"Compare {listed} only between models with the same outcome, data, effects and correction."
        )
    if asked.drop:
        notes.append(f"In the models but not shown: {', '.join(map(asked.written, asked.drop))}.")
    sources = dict.fromkeys(result.source for result in results if "simulated" in result.source.lower())
    notes += ["Data are simulated." if source == "simulated" else f"Data: {source}." for source in sources]
    return (*notes, *asked.notes)
