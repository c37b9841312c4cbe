"""Direct, indirect and total effects, with their joint covariance."""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import HEADINGS, html_table, inference_rows, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth._validation import check_positive
from spatialhealth.errors import OptionError
from spatialhealth.impacts.by_order import by_order
from spatialhealth.impacts.contrast import parse_contrast
from spatialhealth.impacts.draws import replaced_words
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.impacts.local import local
from spatialhealth.models.maketables import ReadByMaketables, maketables_effects
from spatialhealth.models.result import FitResult

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["EFFECTS", "Impacts"]

EFFECTS = ("direct", "indirect", "total")
_NARROW = 60  # signs a line of a note, at the least


@dataclass(frozen=True, eq=False)
class Impacts(ReadByMaketables):
    """Effects of every regressor, averaged over units.

    Parameters
    ----------
    result : FitResult
        The model they come from.
    variables : tuple of k str
        Regressors, with the values of their moderators in brackets if there are any.
    estimates : ndarray of shape (k, 3)
        Direct, indirect and total effect of each.
    covariance : ndarray of shape (3 k, 3 k)
        Of `estimates`, row by row.
    level : float
        Confidence level of the intervals.
    method : {"delta", "simulate", "bootstrap"}
    draws : ndarray of shape (r, k, 3), optional
        Simulated effects.
    rejected : int
        Draws that were replaced: rho outside the admissible interval, or a bootstrap sample that could not be fitted.
    labels : dict of str to tuple of k, optional
        Columns of `table` that tell the rows apart, in place of `variables`: the regressor and the values of
        its moderators.
    pairs : Pairs, optional
        The coefficients behind the rows; those of the regressors by default.
    note : str
        What a reader of the effects must know.
    horizon : {"", "short-run", "long-run"}
        Of a dynamic model: which of its effects these are.
    """

    result: FitResult
    variables: tuple[str, ...]
    estimates: Array
    covariance: Array
    level: float
    method: str
    draws: Array | None = None
    rejected: int = 0
    labels: dict[str, tuple[Any, ...]] = field(default_factory=dict)
    pairs: Pairs | None = None
    note: str = ""
    horizon: str = ""

    def __post_init__(self) -> None:
        for array in (self.estimates, self.covariance, self.draws):
            if array is not None:
                array.flags.writeable = False

    @property
    def std_errors(self) -> Array:
        """Standard errors of `estimates`, shape (k, 3)."""
        return np.asarray(np.sqrt(np.diag(self.covariance)).reshape(self.estimates.shape))

    @property
    def table(self) -> pd.DataFrame:
        """The effects, one row each.

        Columns: variable, effect (direct, indirect, total), estimate, std_error, z, p_value, ci_low, ci_high.
        After `variable` stands a column for each moderator in `at`, empty where it has no part in the effect; of
        one that is called as another column, such as `z`, it is ``at[z]``.
        """
        pd = pandas_for("Impacts.table", ".estimates, .std_errors and .variables, or print(effects)")
        labels = {**self._labels(3), "effect": np.tile(EFFECTS, len(self.variables))}
        return pd.DataFrame({**labels, **self._columns()})

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    @property
    def __maketables_coef_table__(self) -> pd.DataFrame:
        """The effects, for the package maketables."""
        return maketables_effects(self.table)

    @property
    def _fitted(self) -> FitResult:
        return self.result

    def contrast(self, expression: str) -> pd.DataFrame:
        """Give a linear combination of the effects of regressors, with their covariance accounted for.

        Parameters
        ----------
        expression : str
            Names of regressors with signs and factors: ``"log(tertiary) - log(primary)"``,
            ``"a + 0.5 * b - 2 * c"``. With values of moderators, a name is followed by them as in the printed
            effects: ``"log(tertiary) [digital=1] - log(tertiary) [digital=0]"``.

        Returns
        -------
        DataFrame
            Three rows (direct, indirect, total) with the columns of `table`; `variable` is the expression.

        Raises
        ------
        FormulaError
            If the expression cannot be read or names no regressor of the model.
        """
        weights = parse_contrast(expression, self.variables)
        combine = np.kron(weights, np.eye(3))
        estimate = combine @ self.estimates.reshape(-1)
        std_error = np.sqrt(np.einsum("ij,jk,ik->i", combine, self.covariance, combine))
        draws = None if self.draws is None else np.einsum("rke,k->re", self.draws, weights)
        return self._frame(
            {"variable": [expression] * 3, "effect": list(EFFECTS)}, estimate, std_error, draws
        )

    def local(self, variable: str, *, random_state: Any = 0) -> pd.DataFrame:
        """Give the effects of one regressor unit by unit.

        Parameters
        ----------
        variable : str
            Name of a regressor; with values of moderators, followed by them: ``"log(tertiary) [digital=1]"``.
        random_state : int or numpy.random.Generator, default 0
            Seed of what is not exact beyond 20,000 units. The same seed gives the same figures.

        Returns
        -------
        DataFrame
            Indexed by unit. `own`: effect of the unit's regressor on its own outcome; `received`: effect on its
            outcome of the same change in all other units; `emitted`: effect of its regressor on the outcomes
            of all other units. Each with its standard error by the delta method (`own_std_error` ...). The
            mean of `own` is the direct effect, the means of the other two are the indirect one.

            Beyond 20,000 units `own` is an approximation, and `own_approximation_error` says how far it may be off;
            `received` and `emitted` are then off by as much, with the other sign. Without that column all is exact.

        Raises
        ------
        OptionError
            If the model has no such regressor, or `random_state` is none.

        Notes
        -----
        For more than 20,000 units, what leaves a wide surrounding of a unit (at least six orders of neighbours, and
        as many more as it takes) and comes back is left out, and `own_approximation_error` is a limit for it. Where
        links are so long that surroundings soon hold all units, low orders are exact and the others come from random
        signs, and `own_approximation_error` is their standard error. It adds to `own_std_error`, which is that
        of the parameters.
        """
        pd = pandas_for("Impacts.local", "spatialhealth.impacts.local.local")
        if variable not in self.variables:
            raise OptionError(
                f"There is no regressor {variable!r}. The model has: {', '.join(self.variables)}."
            )
        columns = local(self.result.operator, self._pairs, self.variables.index(variable), random_state)
        ids = self.result.operator.ids
        if isinstance(
            ids[0], tuple
        ):  # a panel with holes: every unit in every period in which it was observed
            return pd.DataFrame(columns, index=pd.MultiIndex.from_tuples(ids, names=["unit", "period"]))
        return pd.DataFrame(columns, index=pd.Index(ids, name="unit"))

    def by_order(self, k: int) -> pd.DataFrame:
        """Give the effects by order of neighbourhood, from the powers of W.

        Parameters
        ----------
        k : int
            Highest order: 0 is the unit itself, 1 its neighbours, 2 their neighbours, and so on.

        Returns
        -------
        DataFrame
            One row a variable, effect and order, with the columns of `table`, and `cumulative`: the sum of
            the estimates up to that order, which tends to the effect of `table`. Where traces of powers of W are
            estimated from random vectors, `approximation_error`: the Monte-Carlo error of the estimate.

        Raises
        ------
        OptionError
            If `k` is no positive whole number.

        Notes
        -----
        The effect of order q is (rho^q beta + rho^(q-1) theta) W^q (LeSage and Pace 2009, section 2.7).
        """
        check_positive("by_order", "k", k, integer=True)
        value, variance, error = by_order(self.result.operator, self._pairs, int(k))
        variables, orders = len(self.variables), int(k) + 1
        frame = self._frame(
            {
                **self._labels(3 * orders),
                "effect": np.tile(np.repeat(EFFECTS, orders), variables),
                "order": np.tile(np.arange(orders), 3 * variables),
            },
            value.reshape(-1),
            np.sqrt(variance).reshape(-1),
            None,
        )
        frame = frame.assign(cumulative=value.cumsum(axis=2).reshape(-1))
        return frame.assign(approximation_error=error.reshape(-1)) if error.any() else frame

    @property
    def _pairs(self) -> Pairs:
        return Pairs.of(self.result) if self.pairs is None else self.pairs

    def _labels(self, times: int) -> dict[str, Array]:
        """Give the columns that tell the rows apart, each entry so many times."""
        labels = self.labels or {"variable": self.variables}
        return {name: np.repeat(_column(values), times) for name, values in labels.items()}

    def _frame(
        self, labels: dict[str, Any], estimate: Array, std_error: Array, draws: Array | None
    ) -> pd.DataFrame:
        pd = pandas_for("A table of effects", ".estimates, .std_errors and .covariance")
        return pd.DataFrame({**labels, **self._inference(estimate, std_error, draws)})

    def _columns(self) -> dict[str, Array]:
        """Give the columns of `table` behind its labels."""
        flat = None if self.draws is None else self.draws.reshape(len(self.draws), -1)
        return self._inference(self.estimates.reshape(-1), self.std_errors.reshape(-1), flat)

    def _inference(self, estimate: Array, std_error: Array, draws: Array | None) -> dict[str, Array]:
        columns = inference(estimate, std_error, self.level)
        if draws is not None:
            tails = [(1 - self.level) / 2, (1 + self.level) / 2]
            columns["ci_low"], columns["ci_high"] = np.quantile(draws, tails, axis=0)
        return columns

    def __repr__(self) -> str:
        how = "delta method" if self.draws is None else f"{len(self.draws)} draws"
        return f"<Impacts of {len(self.variables)} regressors in {self.result.model}, {how}>"

    def __str__(self) -> str:
        table = ruled_table(self._rows(), labels=2)
        kind = "bootstrap samples" if self.method == "bootstrap" else "draws"
        how = "by the delta method" if self.draws is None else f"from {len(self.draws):,} {kind}"
        note = f"Intervals at {self.level:.0%}, standard errors {how}."
        notes = [note, *self._replaced, *textwrap.wrap(self.note, max(len(table[0]), _NARROW))]
        return "\n".join([f"Effects on {self.result.response}", *table, *notes])

    @property
    def _replaced(self) -> list[str]:
        """What was drawn anew, in words."""
        if self.method == "bootstrap" and self.rejected:
            return [f"Drawn anew: {self.rejected:,}, to which the model could not be fitted."]
        return replaced_words(self.rejected, self.result.within.is_dynamic)

    def _repr_html_(self) -> str:
        notes = [*self._replaced, *([self.note] if self.note else [])]
        return html_table(self._rows(), labels=2) + "".join(f"<p>{html.escape(note)}</p>" for note in notes)

    def _rows(self) -> list[list[str]]:
        labels = [
            [name if j == 0 else "", effect] for name in self.variables for j, effect in enumerate(EFFECTS)
        ]
        return [["", "Effect", *HEADINGS], *inference_rows(labels, self._columns())]


def _column(values: tuple[Any, ...]) -> Array:
    """Give labels as a column: numbers where all are numbers or absent, else as they are."""
    if all(isinstance(value, str) for value in values):
        return np.array(values)
    numbers = all(value is None or isinstance(value, float) for value in values)
    return np.array(values, dtype=float if numbers else object)
