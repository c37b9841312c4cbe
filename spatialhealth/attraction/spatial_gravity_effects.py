"""Effects of a city's variable on flows: from it, to it, within it, and between all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth._format import HEADINGS, html_table, inference_rows, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._stats import inference
from spatialhealth._typing import Array
from spatialhealth._validation import check_share
from spatialhealth.errors import OptionError
from spatialhealth.operator.operator import SpatialOperator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["FLOW_EFFECTS", "FlowEffectsTable", "Multipliers"]

FLOW_EFFECTS = ("origin", "destination", "intra", "network", "total")
_RECONSTRUCTED = 1e-8
# origin, destination, intra, network, total from (intra, its row, its column, everything)
_SHARES = np.array([[-1, 1, 0, 0], [-1, 0, 1, 0], [1, 0, 0, 0], [1, -1, -1, 1], [0, 0, 0, 1]], dtype=float)


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums of weights / (1 - rho_d b - rho_o a - rho_w a b) over pairs (a, b) of eigenvalues of W.

    Parameters
    ----------
    a, b : ndarray of shape (q,)
        Of the side of origins and of destinations.
    weights : ndarray of shape (4, q)
        For the cell of the city, its row, its column, and all cells.
    """

    a: Array
    b: Array
    weights: Array

    def at(self, rho: Array) -> tuple[Array, Array]:
        """Give the five effects of a unit stimulus, shape (5,), and their derivatives, shape (5, 3)."""
        inverse = 1 / (1 - rho[0] * self.b - rho[1] * self.a - rho[2] * self.a * self.b)
        factors = np.stack([self.b, self.a, self.a * self.b], axis=1)
        values = (self.weights @ inverse).real
        slopes = (self.weights @ (inverse[:, None] ** 2 * factors)).real
        return _SHARES @ values, _SHARES @ slopes


@dataclass(frozen=True, eq=False)
class Multipliers:
    """What a change at one city does to flows, on average over cities, for each way it can enter.

    Parameters
    ----------
    origin, destination : _Sums
        A change of all flows from the city, or of all flows to it, the one within it included.
    own : _Sums or None
        A change of the flow within the city only; where it is asked for.
    """

    origin: _Sums
    destination: _Sums
    own: _Sums | None

    @classmethod
    def of(cls, operator: SpatialOperator, own: bool) -> Multipliers:
        """Read them from W.

        Parameters
        ----------
        operator : SpatialOperator
        own : bool
            Whether flows within a city have coefficients of their own.

        Returns
        -------
        Multipliers

        Raises
        ------
        OptionError
            If eigenvectors are needed and W has too few.
        """
        if operator.has_unit_rows and not own:
            return cls._of_unit_rows(operator)
        return cls._by_vectors(operator)

    @classmethod
    def _of_unit_rows(cls, operator: SpatialOperator) -> Multipliers:
        """With rows that sum to one, a change along a whole row stays one along whole rows: no vectors are needed."""
        values, n = operator.spectrum.eigenvalues, operator.n
        ones = np.ones(n)
        cell, line, everything = np.append(ones, 0), np.append(n * ones, 0), np.append(0 * ones, n * n)
        across = np.append(0 * ones, n)
        many, one = np.append(values, 1.0), np.ones(n + 1)
        origin = _Sums(many, one, np.stack([cell, line, across, everything]) / n**2)
        destination = _Sums(one, many, np.stack([cell, across, line, everything]) / n**2)
        return cls(origin, destination, None)

    @classmethod
    def _by_vectors(cls, operator: SpatialOperator) -> Multipliers:
        values, right, left = _eigen(operator)
        n = len(values)
        g, h = right.sum(axis=0), left.sum(axis=1)
        c = right * left.T
        ones, gh, diagonal = np.ones(n), g * h, np.diag(g * h)
        weights = {
            "origin": ((c.T @ right) * h, np.outer(ones, gh), diagonal, np.outer(gh, gh)),
            "destination": ((right.T @ c) * h[:, None], diagonal, np.outer(gh, ones), np.outer(gh, gh)),
            "own": (c.T @ c, (left @ c).T * g, (left @ c) * g[:, None], np.outer(g, g) * (left @ left.T)),
        }
        a, b = np.repeat(values, n), np.tile(values, n)
        sums = {
            name: _Sums(a, b, np.stack([each.ravel() for each in parts]) / n**2)
            for name, parts in weights.items()
        }
        return cls(sums["origin"], sums["destination"], sums["own"])


def _eigen(operator: SpatialOperator) -> tuple[Array, Array, Array]:
    """Give eigenvalues, right vectors as columns, and their inverse."""
    spectrum = operator.spectrum
    if spectrum.log_balance is not None:
        turn = np.exp((spectrum.log_balance - spectrum.log_balance.mean()) / 2)
        values, vectors = np.linalg.eigh(spectrum.similar.toarray())
        return values, vectors / turn[:, None], vectors.T * turn
    dense = operator.matrix.toarray()
    values, right = np.linalg.eig(dense)
    try:
        left = np.linalg.inv(right)
    except np.linalg.LinAlgError:
        left = np.full_like(right, np.nan)
    if not np.abs((right * values) @ left - dense).max() < _RECONSTRUCTED:
        raise OptionError(
            "The effects need the eigenvectors of W, and W has too few (or nearly so). Use row-standardised "
            "weights without isolates and intra='constant' or 'none', which need none, or symmetric weights."
        )
    return values, right, left


@dataclass(frozen=True, eq=False)
class FlowEffectsTable:
    """Effects of the variables of cities on flows.

    Parameters
    ----------
    response : str
    variables : tuple of v str
    estimates : ndarray of shape (v, 5)
        Origin, destination, intra, network and total effect.
    covariance : ndarray of shape (5 v, 5 v)
        Of `estimates`, row by row, by the delta method.
    n : int
        Number of cities.
    level : float
        Confidence level of the intervals.
    """

    response: str
    variables: tuple[str, ...]
    estimates: Array
    covariance: Array
    n: int
    level: float

    def __post_init__(self) -> None:
        check_share("effects", "level", self.level)
        for array in (self.estimates, self.covariance):
            array.flags.writeable = False

    @property
    def std_errors(self) -> Array:
        """Standard errors of `estimates`, shape (v, 5)."""
        return np.asarray(np.sqrt(np.maximum(np.diag(self.covariance), 0)).reshape(self.estimates.shape))

    @property
    def _columns(self) -> dict[str, Array]:
        return inference(self.estimates.ravel(), self.std_errors.ravel(), self.level)

    @property
    def table(self) -> pd.DataFrame:
        """One row an effect: variable, effect, estimate, std_error, z, p_value, ci_low, ci_high."""
        pd = pandas_for("table", ".estimates and .std_errors")
        names = np.repeat(np.array(self.variables, dtype=object), len(FLOW_EFFECTS))
        effects = FLOW_EFFECTS * len(self.variables)
        return pd.DataFrame({"variable": names, "effect": effects, **self._columns})

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    @property
    def _rows(self) -> list[list[str]]:
        labels = [[name if k == 0 else "", e] for name in self.variables for k, e in enumerate(FLOW_EFFECTS)]
        return [["", "Effect", *HEADINGS], *inference_rows(labels, self._columns)]

    @property
    def note(self) -> str:
        """What the numbers are."""
        return (
            f"Mean over all {self.n:,} x {self.n:,} flows of what one more unit in every city changes, by where "
            "the flow is: from the city, to it, within it, between others. Standard errors by the delta method."
        )

    def __str__(self) -> str:
        return "\n".join([f"Effects on {self.response}", *ruled_table(self._rows, labels=2), self.note])

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f"<h4>Effects on {self.response}</h4>{html_table(self._rows, labels=2)}<p>{self.note}</p>"
