"""Statistic: the outcome of one test, with its null hypothesis in words."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr

from spatialhealth._format import number
from spatialhealth._format import p_value as write_p
from spatialhealth._labels import pandas_for
from spatialhealth._validation import check_share
from spatialhealth.errors import OptionError, did_you_mean

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Statistic", "named"]


@dataclass(frozen=True)
class Statistic:
    """A test: its value, its distribution under the null hypothesis, and that hypothesis in words.

    Parameters
    ----------
    name : str
        Of the test.
    value : float
        The statistic.
    p_value : float
        NaN where the statistic has no p value; `reason` says why.
    null : str
        The null hypothesis in words.
    distribution : str
        Of the statistic under the null.
    df : None, int or pair of int
        Degrees of freedom.
    estimates : mapping of str to float
        Figures the statistic is made of (for Moran's I: expectation, variance, z).
    reason : str, default ""
        Why the test does not apply, or why there is no p value; empty when it applies.

    Examples
    --------
    >>> test = Statistic.chi_square("LM lag", 5.2, 1, "no spatial lag of the outcome")
    >>> test
    LM lag = 5.2000, chi-square(1), p = 0.023. Null: no spatial lag of the outcome.
    >>> test.reject(0.05), test.reject(0.01)
    (True, False)
    """

    name: str
    value: float
    p_value: float
    null: str
    distribution: str
    df: int | tuple[int, int] | None = None
    estimates: Mapping[str, float] = field(default_factory=dict)
    reason: str = ""

    @classmethod
    def chi_square(cls, name: str, value: float, df: int, null: str) -> Statistic:
        """Make a test whose statistic is chi-square under the null."""
        return cls(name, float(value), float(chdtrc(df, value)), null, "chi-square", int(df))

    @classmethod
    def f(cls, name: str, value: float, df: tuple[int, int], null: str) -> Statistic:
        """Make a test whose statistic is F under the null."""
        return cls(name, float(value), float(fdtrc(*df, value)), null, "F", df)

    @classmethod
    def normal(cls, name: str, value: float, null: str, *, one_sided: bool = False) -> Statistic:
        """Make a test whose statistic is standard normal under the null; one-sided ones reject for large values."""
        p = ndtr(-value) if one_sided else 2 * ndtr(-abs(value))
        sides = "one-sided" if one_sided else "two-sided"
        return cls(name, float(value), float(p), null, f"standard normal, {sides}")

    @classmethod
    def moment(cls, name: str, value: float, mean: float, variance: float, null: str) -> Statistic:
        """Make a test whose statistic is normal under the null, with the moments given; two-sided."""
        z = float((value - mean) / np.sqrt(variance))
        estimates = {"expected": float(mean), "variance": float(variance), "z": z}
        return cls(name, float(value), float(2 * ndtr(-abs(z))), null, "normal", None, estimates)

    @classmethod
    def not_applicable(cls, name: str, null: str, reason: str) -> Statistic:
        """Make the entry of a test that does not apply, which says why."""
        return cls(name, float("nan"), float("nan"), null, "", reason=reason)

    @property
    def applies(self) -> bool:
        """Whether there is a p value to decide by."""
        return not self.reason

    def reject(self, level: float = 0.05) -> bool:
        """Tell whether the null hypothesis is rejected.

        Parameters
        ----------
        level : float, default 0.05
            Significance level, strictly between 0 and 1.

        Returns
        -------
        bool

        Raises
        ------
        OptionError
            If the level is none, or the test does not apply, so that there is nothing to decide.
        """
        check_share("reject", "level", level)
        if not self.applies:
            raise OptionError(f"{self.name} decides nothing: {self.reason}")
        return bool(self.p_value < level)

    @property
    def law(self) -> str:
        """The distribution with its degrees of freedom, such as ``chi-square(2)``."""
        if self.df is None:
            return self.distribution
        inside = ", ".join(str(d) for d in self.df) if isinstance(self.df, tuple) else str(self.df)
        return f"{self.distribution}({inside})"

    @property
    def p_text(self) -> str:
        """The p value as it is written in a sentence: ``p = 0.023``, ``p < 0.001``."""
        text = write_p(self.p_value)
        return f"p {text.replace('<', '< ')}" if text.startswith("<") else f"p = {text}"

    def row(self) -> list[str]:
        """Give the cells of a table: name, value, distribution, p value, null (or why it does not apply)."""
        words = f"{self.null}. {self.reason}" if self.reason else self.null
        return [self.name, number(self.value), self.law, write_p(self.p_value), words]

    def __str__(self) -> str:
        if self.value != self.value:
            return f"{self.name} does not apply: {self.reason}"
        test = f"{self.name} = {number(self.value)}"
        if self.reason:
            return f"{test}, no p value. Null: {self.null}. {self.reason}"
        return f"{test}, {self.law}, {self.p_text}. Null: {self.null}."

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))}</p>"

    def to_frame(self) -> pd.DataFrame:
        """Give one row: statistic, df, p_value, distribution, null, reason; indexed by the test's name."""
        pd = pandas_for("Statistic.to_frame", ".value, .df and .p_value")
        row = {
            "statistic": self.value,
            "df": self.df,
            "p_value": self.p_value,
            "distribution": self.distribution,
            "null": self.null,
            "reason": self.reason,
        }
        return pd.DataFrame([row], index=pd.Index([self.name], name="test"))


def named(statistics: Sequence[Statistic], name: str, where: str) -> Statistic:
    """Give the test of a name, or say which tests there are.

    Parameters
    ----------
    statistics : sequence of Statistic
    name : str
    where : str
        Where it was looked for, such as "in this table".

    Returns
    -------
    Statistic

    Raises
    ------
    OptionError
        If there is no test of that name.
    """
    names = [statistic.name for statistic in statistics]
    if name not in names:
        raise OptionError(
            f"There is no test {name!r} {where}.{did_you_mean(name, names)} It has: {', '.join(names)}."
        )
    return statistics[names.index(name)]
