"""Ladder: the tests of a specification search in order, the decision at each rung, and the model they lead to."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spatialhealth._format import (
    html_table,
    latex_table,
    number,
    p_value,
    ruled_table,
)
from spatialhealth._labels import pandas_for
from spatialhealth._stats import holm
from spatialhealth.diagnostics.statistic import Statistic, named
from spatialhealth.models.base import SpatialModel

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Ladder", "Rung"]

_WIDTH = 110
_SIDES = "llrrrrp"
_HEADS = ["Rung", "Test", "Statistic", "df", "p", "p (Holm)", "Null hypothesis"]


@dataclass(frozen=True)
class Rung:
    """One question of the sequence, and the tests that answer it.

    Parameters
    ----------
    key : str
        Short name of the question.
    question : str
    statistics : tuple of Statistic
    """

    key: str
    question: str
    statistics: tuple[Statistic, ...]

    def decision(self, level: float) -> str:
        """Say which tests reject their null at a level, which do not, and which do not apply."""
        told = [test for test in self.statistics if test.applies]
        groups = {
            "Rejected": [test.name for test in told if test.reject(level)],
            "Not rejected": [test.name for test in told if not test.reject(level)],
            "Does not apply": [test.name for test in self.statistics if not test.applies],
        }
        return " ".join(f"{verdict}: {', '.join(names)}." for verdict, names in groups.items() if names)


@dataclass(frozen=True, eq=False)
class Ladder:
    """What `ladder` found.

    Parameters
    ----------
    rungs : tuple of Rung
    models : mapping of str to fitted model
        OLS, SLX, SAR, SEM, SDM.
    choice : str
        Which of them the tests lead to.
    why : str
        In a clause.
    level : float
        Significance level.
    words : str
        The whole in a paragraph.
    """

    rungs: tuple[Rung, ...]
    models: Mapping[str, SpatialModel]
    choice: str
    why: str
    level: float
    words: str

    @property
    def suggested(self) -> SpatialModel:
        """The fitted model that the tests lead to."""
        return self.models[self.choice]

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """All tests, in order."""
        return tuple(test for rung in self.rungs for test in rung.statistics)

    @property
    def holm(self) -> tuple[float, ...]:
        """Holm's p values, for all tests that apply at once; NaN for the others."""
        return tuple(float(p) for p in holm([test.p_value for test in self.statistics]))

    def __getitem__(self, name: str) -> Statistic:
        """Give the test of that name."""
        return named(self.statistics, name, "on this ladder")

    @property
    def table(self) -> pd.DataFrame:
        """One row a test.

        Columns: rung, question, test, statistic, df, p_value, p_holm, decision, distribution, null, reason.
        """
        pd = pandas_for("Ladder.table", ".statistics, or print(ladder)")
        frames = []
        for step, rung in enumerate(self.rungs, start=1):
            frame = pd.concat([test.to_frame() for test in rung.statistics]).reset_index()
            frame.insert(0, "rung", step)
            frame.insert(1, "question", rung.question)
            frames.append(frame)
        table = pd.concat(frames, ignore_index=True)
        table.insert(6, "p_holm", self.holm)
        table.insert(7, "decision", [self._decision(test) for test in self.statistics])
        return table

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    @property
    def decisions(self) -> dict[str, str]:
        """What each rung found, by its question."""
        return {rung.question: answer for rung, answer in self._answers()}

    def _answers(self) -> list[tuple[Rung, str]]:
        return [(rung, rung.decision(self.level)) for rung in self.rungs]

    def _decision(self, test: Statistic) -> str:
        if not test.applies:
            return "none"
        return "rejected" if test.reject(self.level) else "not rejected"

    def _rows(self) -> list[list[str]]:
        rows, holm = [_HEADS], iter(self.holm)
        for step, rung in enumerate(self.rungs, start=1):
            for place, test in enumerate(rung.statistics):
                df = "" if test.df is None else str(test.df).strip("()")
                null = test.null if test.applies else test.reason
                head = str(step) if place == 0 else ""
                figures = [number(test.value), df, p_value(test.p_value), p_value(next(holm))]
                rows.append([head, test.name, *figures, null])
        return rows

    def __str__(self) -> str:
        short = [[*row[:-1], row[-1] if len(row[-1]) <= 70 else row[-1][:67] + "..."] for row in self._rows()]
        table = ruled_table(short, _SIDES, most=_WIDTH)
        steps = [
            f"{j}. {rung.question}\n   {answer}" for j, (rung, answer) in enumerate(self._answers(), start=1)
        ]
        head = f"Suggested: {self.choice}, {self.why}"
        return "\n".join([head, table[0], *steps, *table, textwrap.fill(self.words, _WIDTH)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        steps = "".join(
            f"<li>{html.escape(rung.question)} {html.escape(answer)}</li>" for rung, answer in self._answers()
        )
        return (
            f"<h4>Suggested: {html.escape(self.choice)}, {html.escape(self.why)}</h4><ol>{steps}</ol>"
            f"{html_table(self._rows(), _SIDES)}<p>{html.escape(self.words)}</p>"
        )

    def to_latex(self) -> str:
        """Give a LaTeX table for the package booktabs; `words` belong in the text.

        Returns
        -------
        str
        """
        return latex_table(self._rows(), _SIDES)
