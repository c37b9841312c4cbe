"""StatisticTable: several tests of one question, side by side."""

from __future__ import annotations

import html
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from spatialhealth._format import html_table, latex_table, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth.diagnostics.statistic import Statistic, named

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["StatisticTable"]

_SIDES = "lrlrl"
_HEADS = ["Test", "Statistic", "Distribution", "p", "Null hypothesis"]


@dataclass(frozen=True)
class StatisticTable:
    """Tests in the order in which they are read.

    Parameters
    ----------
    title : str
        What is tested, of what.
    statistics : tuple of Statistic
    note : str, default ""
        What a reader must know beside the figures.
    """

    title: str
    statistics: tuple[Statistic, ...]
    note: str = ""

    def __len__(self) -> int:
        return len(self.statistics)

    def __iter__(self) -> Iterator[Statistic]:
        return iter(self.statistics)

    def __getitem__(self, name: str | int) -> Statistic:
        """Give the test of that name, or at that place."""
        return (
            self.statistics[name] if isinstance(name, int) else named(self.statistics, name, "in this table")
        )

    @property
    def names(self) -> list[str]:
        """Names of the tests."""
        return [statistic.name for statistic in self.statistics]

    def to_frame(self) -> pd.DataFrame:
        """Give one row a test, indexed by its name: statistic, df, p_value, distribution, null, reason."""
        pd = pandas_for("StatisticTable.to_frame", ".statistics, or print(table)")
        return pd.concat([statistic.to_frame() for statistic in self.statistics])

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    def _rows(self) -> list[list[str]]:
        return [_HEADS, *(statistic.row() for statistic in self.statistics)]

    def __str__(self) -> str:
        table = ruled_table(self._rows(), _SIDES, most=110)
        return "\n".join([self.title, *table, *([self.note] if self.note else [])])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        note = f"<p>{html.escape(self.note)}</p>" if self.note else ""
        return f"<h4>{html.escape(self.title)}</h4>{html_table(self._rows(), _SIDES)}{note}"

    def to_latex(self) -> str:
        """Give a LaTeX table for the package booktabs.

        Returns
        -------
        str
        """
        return latex_table(self._rows(), _SIDES)
