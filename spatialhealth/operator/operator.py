"""SpatialOperator: the weights as every model sees them."""

from __future__ import annotations

from copy import copy
from functools import cached_property
from typing import Any

import numpy as np

from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth._validation import check_option
from spatialhealth.errors import SizeError
from spatialhealth.operator.auto import choose, engine
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.factor import factorise
from spatialhealth.operator.krylov import conjugate_gradients, stabilised_gradients
from spatialhealth.operator.lanczos import Lanczos, LanczosLogDet
from spatialhealth.operator.spectrum import Spectrum
from spatialhealth.weights.convert import as_links

__all__ = ["INVERSE_LIMIT", "SpatialOperator", "as_operator", "check_inverse", "columns_of_identity"]

_ROW_SUM = 1e-9
_BLOCK = 512
INVERSE_LIMIT = 20_000  # units beyond which all columns of an inverse are too many


class SpatialOperator:
    """W, wrapped once and shared by every model on the same units.

    Parameters
    ----------
    weights : Graph, W, tuple (ids, matrix), DataFrame or Series
        See `spatialhealth.weights.as_links`. Taken as they are: nothing is standardised here.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        - "eigen": from all eigenvalues; small n, or dense W;
        - "lu": from sparse factors; exact at every size that memory allows;
        - "lanczos": from random vectors, with a stated error; a `Lanczos` sets its accuracy and seed;
        - "auto": chosen from n, density and how far links reach; `logdet_method` says which. Exact engines as long
          as a factorisation takes a few seconds: some 300,000 units on a map.

    Attributes
    ----------
    ids : ndarray of shape (n,)
        Unit ids, in the order of the rows of `matrix`.
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    n : int
    row_sums : ndarray of shape (n,)
    interval : tuple of float
        Open interval of admissible rho.

    Raises
    ------
    WeightsError, DuplicateError, OptionError
        If the weights or the option cannot be used.

    Examples
    --------
    >>> import numpy as np
    >>> W = SpatialOperator((["a", "b"], np.array([[0.0, 1.0], [1.0, 0.0]])))
    >>> W.interval
    (-1.0, 1.0)
    >>> round(W.logdet.value(0.5), 6)  # ln(1 - 0.5 ** 2)
    -0.287682
    """

    def __init__(self, weights: Any, logdet: LogDetName | Lanczos = "auto") -> None:
        check_engine(logdet)
        self.ids, self.matrix = as_links(weights)
        self.n = len(self.ids)
        self.row_sums = np.asarray(self.matrix.sum(axis=1)).ravel()
        self._requested = logdet
        self._solver: tuple[float, Any] | None = None

    def __repr__(self) -> str:
        standard = "row-standardised" if self.is_row_standardised else "not row-standardised"
        return (
            f"<SpatialOperator of {self.n:,} units, {self.matrix.nnz:,} links, {len(self.isolates)} isolates, "
            f"{standard}, log-determinant by {self.logdet_method}>"
        )

    def __getstate__(self) -> dict[str, Any]:
        # factors cannot be pickled; they are made again when needed
        return {
            name: value
            for name, value in {**self.__dict__, "_solver": None}.items()
            if name != "spectrum" and (name != "logdet" or isinstance(value, LanczosLogDet))
        }

    @cached_property
    def spectrum(self) -> Spectrum:
        """Symmetry and range of the spectrum."""
        return Spectrum(self.matrix)

    @cached_property
    def logdet(self) -> LogDet:
        """The engine of L(rho) = ln|I - rho W| and its derivatives."""
        return engine(self.spectrum, self._requested)

    @cached_property
    def logdet_method(self) -> str:
        """Name of the engine in use."""
        if isinstance(self._requested, Lanczos):
            return LanczosLogDet.name
        return choose(self.spectrum) if self._requested == "auto" else self._requested

    @property
    def asks_for_factors(self) -> bool:
        """Whether exact sparse factors were asked for by name, however long they take."""
        return self._requested == "lu"

    def sharper(self, rho: float, allowed: float) -> SpatialOperator:
        """Give an operator with the same W whose L'(rho) has no more than the allowed standard error.

        Parameters
        ----------
        rho : float
        allowed : float

        Returns
        -------
        SpatialOperator
            This one where its engine is exact, or good enough.
        """
        if isinstance(self.logdet, LanczosLogDet) and self.logdet.slope_error(rho) > allowed:
            self.logdet.attach(self.spectrum.probes(self.logdet.options.random_state))
        better = self.logdet.sharper(rho, allowed)
        if better is self.logdet:
            return self
        sharper = copy(self)
        sharper.logdet = better  # type: ignore[misc]
        return sharper

    @property
    def interval(self) -> tuple[float, float]:
        """Open interval of admissible rho."""
        return self.spectrum.interval

    def admits(self, rho: float) -> bool:
        """Whether rho lies in the admissible interval, whose ends are only computed if they must be."""
        if abs(rho) * self.spectrum.bound < 1:
            return True
        low, high = self.interval
        return low < rho < high

    @cached_property
    def isolates(self) -> Array:
        """Ids of the units without a neighbour."""
        return np.asarray(self.ids[np.diff(self.matrix.indptr) == 0])

    @cached_property
    def is_row_standardised(self) -> bool:
        """Whether every row sums to one, those of isolates (zero) apart."""
        linked = np.diff(self.matrix.indptr) > 0
        return bool(np.abs(self.row_sums[linked] - 1).max() < _ROW_SUM)

    @cached_property
    def has_unit_rows(self) -> bool:
        """Whether every row sums to one, so that W leaves a constant as it is."""
        return self.is_row_standardised and len(self.isolates) == 0

    @cached_property
    def has_equal_rows(self) -> bool:
        """Whether all rows have the same sum, so that W makes a constant of a constant."""
        return bool(np.ptp(self.row_sums) <= _ROW_SUM * np.abs(self.row_sums).max())

    def lag(self, values: Array) -> Array:
        """Give W x for every period.

        Parameters
        ----------
        values : ndarray of shape (n,), (T, n) or (T, n, k)
            Periods first.

        Returns
        -------
        ndarray of the same shape
        """
        if values.ndim == 1:
            return np.asarray(self.matrix @ values)
        units_first = np.moveaxis(values, 1, 0)
        lagged = self.matrix @ units_first.reshape(self.n, -1)
        return np.moveaxis(np.asarray(lagged).reshape(units_first.shape), 0, 1)

    def solve(self, rho: float, values: Array, transpose: bool = False) -> Array:
        """Give (I - rho W)^-1 x, or its transpose's.

        Parameters
        ----------
        rho : float
            Spatial parameter, inside the admissible interval.
        values : ndarray of shape (n,) or (n, m)
        transpose : bool, default False
            Whether to solve with (I - rho W)'.

        Returns
        -------
        ndarray of the same shape
        """
        values = np.asarray(values, dtype=float)
        if not self.spectrum.can_be_factored:
            found = self._iterated(float(rho), values.reshape(self.n, -1), transpose)
            return found.reshape(values.shape)
        if self._solver is None or self._solver[0] != rho:
            stable = abs(rho) * self.row_sums.max() < 1
            self._solver = (rho, factorise(self.matrix, float(rho), stable))
        return np.asarray(self._solver[1].solve(values, "T" if transpose else "N"))

    def _iterated(self, rho: float, values: Array, transpose: bool) -> Array:
        """Solve by products with W: with the symmetric matrix that is similar to it, if there is one."""
        balance = self.spectrum.log_balance
        if balance is None:
            matrix = self.matrix.T.tocsr() if transpose else self.matrix
            return stabilised_gradients(lambda x: x - rho * (matrix @ x), values)
        turn = np.exp((balance - balance.mean()) * (-0.5 if transpose else 0.5))[:, None]
        similar = self.spectrum.similar
        return np.asarray(conjugate_gradients(lambda x: x - rho * (similar @ x), turn * values) / turn)

    def gram_trace(self, rho: float) -> float:
        """Give tr(G'G), G = W (I - rho W)^-1, exactly, by solving for every unit in blocks.

        Parameters
        ----------
        rho : float
            Spatial parameter, inside the admissible interval.

        Returns
        -------
        float

        Raises
        ------
        SizeError
            If there are more than 20,000 units.
        """
        check_inverse(self.n)
        starts = range(0, self.n, _BLOCK)
        return float(
            sum(
                np.square(self.matrix @ self.solve(rho, columns_of_identity(self.n, start))).sum()
                for start in track(starts, "expected information")
            )
        )


def check_engine(logdet: Any) -> None:
    """Raise OptionError for what names no engine of the log-determinant."""
    if not isinstance(logdet, Lanczos):
        check_option("SpatialOperator", "logdet", logdet, LogDetName)


def check_inverse(n: int) -> None:
    """Raise SizeError where the expected information would need too many columns of an inverse."""
    if n > INVERSE_LIMIT:
        raise SizeError(
            f"The expected information needs all {n:,} columns of an inverse. "
            "Use cov_type='observed', which needs none."
        )


def columns_of_identity(n: int, start: int, size: int = _BLOCK) -> Array:
    """Give columns start ... start + size of the identity, shape (n, at most size)."""
    columns = np.zeros((n, min(size, n - start)))
    columns[start + np.arange(columns.shape[1]), np.arange(columns.shape[1])] = 1.0
    return columns


def as_operator(weights: Any, logdet: LogDetName | Lanczos = "auto") -> SpatialOperator:
    """Give the operator itself, or build one from weights.

    Parameters
    ----------
    weights : SpatialOperator, Graph, W, tuple (ids, matrix), DataFrame or Series
        A SpatialOperator is shared as it is, with its own engine, when `logdet` is "auto" or the same.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Engine of the log-determinant.

    Returns
    -------
    SpatialOperator
    """
    check_engine(logdet)
    if isinstance(weights, SpatialOperator):
        if logdet in ("auto", weights.logdet_method, weights._requested):
            return weights
        return SpatialOperator((weights.ids, weights.matrix), logdet)
    return SpatialOperator(weights, logdet)
