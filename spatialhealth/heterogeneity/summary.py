"""Regimes in words and figures: text and HTML."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from spatialhealth._format import html_table, number, p_value, text_table
from spatialhealth.impacts.effects import EFFECTS
from spatialhealth.models.summary import Summary

if TYPE_CHECKING:
    from spatialhealth.diagnostics.statistic import Statistic
    from spatialhealth.heterogeneity.result import Regimes

__all__ = ["RegimesSummary"]

_SIDE_BY_SIDE = 4  # groups: more are written below each other


class RegimesSummary:
    """Summary of a model by groups.

    Parameters
    ----------
    regimes : Regimes
    """

    def __init__(self, regimes: Regimes) -> None:
        self._regimes = regimes

    @property
    def title(self) -> str:
        """The model, its outcome and the groups."""
        return f"{Summary(self._regimes.whole.result_).title}, by {self._regimes.groups.name}"

    @property
    def facts(self) -> dict[str, str]:
        """What a reader must know beside the figures."""
        groups, result = self._regimes.groups, self._regimes.whole.result_
        facts = {"Data": result.source} if result.source else {}
        return (
            facts
            | {"Groups": groups.described(_SIDE_BY_SIDE), "Effects": result.effects}
            | self._regimes.facts
        )

    @property
    def note(self) -> str:
        """How to read the tables."""
        less = (
            " difference is the second group less the first;" if len(self._regimes.groups.labels) == 2 else ""
        )
        return (
            f"Standard errors in brackets;{less} Chow tests that the groups do not differ. all units: the model "
            "without groups."
        )

    def _effects(self) -> list[list[str]]:
        sides, tests = self._regimes.sides, list(self._regimes.effect_tests.values())
        if self._is_long:
            names = [(name, effect) for name in self._regimes.effects.names for effect in EFFECTS]
            every = [
                [_cell(values[row], errors[row]) for _, values, errors in sides] for row in range(len(names))
            ]
            return _long(["Effects", ""], names, ["all units", *self._regimes.groups.titles], every, tests)
        heads = ["Effects", "", *(title for title, _, _ in sides), "Chow", "df", "p"]
        rows = []
        for j, name in enumerate(self._regimes.effects.names):
            for e, effect in enumerate(EFFECTS):
                row = 3 * j + e
                cells = [_cell(values[row], errors[row]) for _, values, errors in sides]
                rows.append(["" if e else name, effect, *cells, *_test(tests[row])])
        return [heads, *rows]

    def _coefficients(self) -> list[list[str]]:
        estimates = self._regimes.coefficients
        if self._is_long:
            names = [(name,) for name in estimates.names]
            every = [
                [*map(_cell, estimates.values[:, j], estimates.std_errors[:, j])] for j in range(len(names))
            ]
            tests = list(self._regimes.coefficient_tests.values())
            return _long(["Coefficients"], names, list(self._regimes.groups.titles), every, tests)
        heads = ["Coefficients", *self._regimes.groups.titles, "Chow", "df", "p"]
        rows = [
            [name, *map(_cell, estimates.values[:, j], estimates.std_errors[:, j]), *_test(test)]
            for j, (name, test) in enumerate(self._regimes.coefficient_tests.items())
        ]
        return [heads, *rows]

    @property
    def _is_long(self) -> bool:
        return len(self._regimes.groups.labels) > _SIDE_BY_SIDE

    @property
    def _verdicts(self) -> list[str]:
        return [str(self._regimes.chow), str(self._regimes.lr)]

    def __str__(self) -> str:
        more = int(self._is_long)
        effects = text_table(self._effects(), labels=2 + more)
        coefficients = text_table(self._coefficients(), labels=1 + more)
        rule = "-" * max(map(len, (*effects, *coefficients)))
        facts = text_table(list(self.facts.items()), labels=2)
        words = [
            line for text in (*self._verdicts, self.note) for line in textwrap.wrap(text, max(len(rule), 60))
        ]
        parts = [[self.title], facts, effects, coefficients, words]
        return f"\n{rule}\n".join("\n".join(part) for part in parts)

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        tables = [
            html_table([["", ""], *self.facts.items()], labels=2),
            html_table(self._effects(), labels=2 + int(self._is_long)),
            html_table(self._coefficients(), labels=1 + int(self._is_long)),
        ]
        words = "".join(f"<p>{html.escape(text)}</p>" for text in (*self._verdicts, self.note))
        return f"<h4>{html.escape(self.title)}</h4>{'<br>'.join(tables)}{words}"


def _long(
    heads: list[str],
    names: Sequence[tuple[str, ...]],
    titles: list[str],
    cells: list[list[str]],
    tests: list[Statistic],
) -> list[list[str]]:
    """Write what would stand side by side below each other, the test in the first row of each."""
    rows = [[*heads, "Group", "Estimate", "Chow", "df", "p"]]
    for name, estimates, test in zip(names, cells, tests, strict=True):
        for j, (title, cell) in enumerate(zip(titles, estimates, strict=True)):
            first = [*name, title, cell, *_test(test)]
            rows.append([*[""] * len(name), title, cell, "", "", ""] if j else first)
    return rows


def _cell(value: float, error: float) -> str:
    return f"{number(float(value))} ({number(float(error))})"


def _test(test: Statistic) -> list[str]:
    return [number(test.value), "" if test.df is None else str(test.df), p_value(test.p_value)]
