"""Weights that differ by period: one block-diagonal operator over all rows that were observed."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth.errors import WeightsError
from spatialhealth.operator.auto import choose, engine
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.lanczos import Lanczos, LanczosLogDet
from spatialhealth.operator.operator import SpatialOperator
from spatialhealth.operator.spectrum import Spectrum

__all__ = ["Block", "BlockLogDet", "BlockOperator"]


@dataclass(frozen=True, eq=False)
class Block:
    """The weights of one period, or of several that have the same.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (m, m)
    starts : tuple of int
        First row of each copy in the stack.
    """

    matrix: sp.csr_matrix
    starts: tuple[int, ...]

    @cached_property
    def spectrum(self) -> Spectrum:
        """Symmetry and range of the spectrum."""
        return Spectrum(self.matrix)

    @property
    def is_empty(self) -> bool:
        """Whether nobody has a neighbour in this block."""
        return bool(self.matrix.nnz == 0)

    def __getstate__(self) -> dict[str, Any]:
        return {"matrix": self.matrix, "starts": self.starts}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)


class BlockLogDet(LogDet):
    """ln|I - rho W| of block-diagonal weights: the sum over the blocks.

    Parameters
    ----------
    parts : list of (LogDet, int)
        Engine of every distinct block, and how often the block stands on the diagonal.
    n : float
        Rows of all blocks (or the sum of their weights), those without any link included.
    """

    def __init__(self, parts: list[tuple[LogDet, int]], n: float) -> None:
        self._parts, self._n = parts, n
        self.name = " and ".join(sorted({part.name for part, _ in parts}))
        self.is_exact = all(part.is_exact for part, _ in parts)
        self.accuracy = max(part.accuracy for part, _ in parts)

    @property
    def words(self) -> str:
        """How it was computed."""
        return (
            super().words if self.is_exact else " and ".join(sorted({part.words for part, _ in self._parts}))
        )

    @property
    def guide(self) -> LogDet:
        """The sum of the parts' guides."""
        if all(part.guide is part for part, _ in self._parts):
            return self
        return BlockLogDet([(part.guide, count) for part, count in self._parts], self._n)

    def value_error(self, rho: float) -> float:
        """Give the most that the standard error of L(rho) can be: blocks of one seed need not err on their own."""
        return float(sum(count * part.value_error(rho) for part, count in self._parts))

    def slope_error(self, rho: float) -> float:
        """Give the most that the standard error of L'(rho) can be."""
        return float(sum(count * part.slope_error(rho) for part, count in self._parts))

    def power_errors(self, order: int) -> Array:
        """Give the most that the standard errors of `power_traces` can be, shape (order + 1,)."""
        return np.asarray(sum(count * part.power_errors(order) for part, count in self._parts))

    def sharper(self, rho: float, allowed: float) -> LogDet:
        """Give a sum of sharper engines, each with its share of the allowed error."""
        share = allowed / len(self._parts)
        parts = [(part.sharper(rho, share / count), count) for part, count in self._parts]
        same = all(new is old for (new, _), (old, _) in zip(parts, self._parts, strict=True))
        return self if same else BlockLogDet(parts, self._n)

    def value(self, rho: float) -> float:
        """Give L(rho)."""
        return sum(count * part.value(rho) for part, count in self._parts)

    def slope(self, rho: float) -> float:
        """Give L'(rho)."""
        return sum(count * part.slope(rho) for part, count in self._parts)

    def derivatives(self, rho: float) -> tuple[float, float, float]:
        """Give L(rho), L'(rho) and L''(rho)."""
        value, first, second = np.sum(
            [count * np.array(p.derivatives(rho)) for p, count in self._parts], axis=0
        )
        return float(value), float(first), float(second)

    def slopes(self, rhos: Array) -> Array:
        """Give L' at many rhos, shape (r,)."""
        return np.asarray(sum(count * part.slopes(rhos) for part, count in self._parts))

    def power_traces(self, order: int) -> Array:
        """Give tr(W^q) for q = 0 ... order, shape (order + 1,)."""
        traces = np.asarray(sum(count * part.power_traces(order) for part, count in self._parts))
        traces[0] = self._n
        return traces


class BlockOperator(SpatialOperator):
    """W over all observed rows of a panel, one block a period: rows of different periods are no neighbours.

    Parameters
    ----------
    ids : ndarray of shape (N,)
        Labels of the rows, period by period.
    blocks : sequence of Block
        The distinct blocks; together their copies fill the diagonal.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos, default "auto"
        Engine of the log-determinant of every block.
    weights : PeriodWeights, optional
        What the blocks were taken from.

    Raises
    ------
    WeightsError
        If no row has a neighbour.
    """

    def __init__(
        self, ids: Array, blocks: list[Block], logdet: LogDetName | Lanczos = "auto", weights: Any = None
    ) -> None:
        self.blocks = tuple(blocks)
        self.weights = weights
        placed = sorted(
            ((start, block.matrix) for block in blocks for start in block.starts), key=lambda at: at[0]
        )
        self.ids = ids
        self.matrix = sp.csr_matrix(sp.block_diag([matrix for _, matrix in placed], format="csr"))
        if self.matrix.nnz == 0:
            raise WeightsError(
                "No observed unit has an observed neighbour in any period, so there is nothing spatial to "
                "estimate. Use weights with more neighbours."
            )
        self.n = len(ids)
        self.row_sums = np.asarray(self.matrix.sum(axis=1)).ravel()
        self._requested = logdet
        self._solver = None

    @property
    def linked(self) -> tuple[Block, ...]:
        """The blocks in which somebody has a neighbour."""
        return tuple(block for block in self.blocks if not block.is_empty)

    @cached_property
    def logdet(self) -> LogDet:
        """The sum of the blocks' engines."""
        parts = [(engine(block.spectrum, self._requested), len(block.starts)) for block in self.linked]
        return BlockLogDet(parts, self.n)

    @cached_property
    def logdet_method(self) -> str:
        """Names of the engines in use."""
        if self._requested != "auto":
            return self._requested if isinstance(self._requested, str) else LanczosLogDet.name
        return " and ".join(sorted({choose(block.spectrum) for block in self.linked}))

    @cached_property
    def interval(self) -> tuple[float, float]:
        """Open interval of rho that every block admits."""
        spectra = [block.spectrum for block in self.linked]
        # a block that nothing ends below does not end what another one does
        below = [each for each in spectra if not each.is_open_below] or spectra
        return max(each.interval[0] for each in below), min(each.interval[1] for each in spectra)
