"""One W for all periods, or one a period; and their sub-matrices over the units that were observed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth._typing import LogDet as LogDetName
from spatialhealth.errors import AlignmentError, OptionError, some
from spatialhealth.operator.blocks import Block, BlockOperator
from spatialhealth.operator.operator import SpatialOperator, as_operator
from spatialhealth.weights.ids import places

__all__ = ["PeriodWeights", "varies_by_period"]


def varies_by_period(weights: Any) -> bool:
    """Whether weights are given period by period: a mapping, or a list or tuple of weights."""
    if isinstance(weights, (Mapping, list)):
        return True
    if not isinstance(weights, tuple):
        return False
    # (ids, matrix) is one W
    return not (len(weights) == 2 and hasattr(weights[1], "shape") and not hasattr(weights[1], "index"))


@dataclass(frozen=True, eq=False)
class PeriodWeights:
    """The weights of a panel.

    Parameters
    ----------
    operators : tuple of SpatialOperator
        One, or one a period, all with the same ids in the same order.
    labels : tuple or None
        Periods that `operators` belong to; None for a list, which goes by the order of the sorted periods.
    restandardise : bool
        Whether the links that are left to a unit are made to sum to one again, where those of all weights did.
    logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos
    """

    operators: tuple[SpatialOperator, ...]
    labels: tuple[Any, ...] | None
    restandardise: bool
    logdet: LogDetName

    @classmethod
    def of(cls, weights: Any, restandardise: bool, logdet: LogDetName) -> PeriodWeights:
        """Read weights in any form.

        Parameters
        ----------
        weights : weights, list or tuple of weights, or mapping of period to weights
            Each in any form that `spatialhealth.weights.as_links` takes.
        restandardise : bool
        logdet : {"auto", "eigen", "lu", "lanczos"} or Lanczos

        Returns
        -------
        PeriodWeights

        Raises
        ------
        OptionError
            If the list or mapping is empty.
        AlignmentError
            If the weights of two periods have not the same ids.
        """
        if not varies_by_period(weights):
            return cls((as_operator(weights, logdet),), None, restandardise, logdet)
        given = list(weights.items()) if isinstance(weights, Mapping) else list(enumerate(weights))
        if not given:
            raise OptionError("weights is empty. Give one W, or one for every period.")
        first, *others = (as_operator(each, logdet) for _, each in given)
        names = [repr(label) for label, _ in given]
        operators = (
            first,
            *(_same_order(first, each, names[0], name) for each, name in zip(others, names[1:], strict=True)),
        )
        labels = tuple(label for label, _ in given) if isinstance(weights, Mapping) else None
        return cls(operators, labels, restandardise, logdet)

    @property
    def ids(self) -> Array:
        """Unit ids, shape (n,)."""
        return self.operators[0].ids

    @property
    def varies(self) -> bool:
        """Whether there is one W a period."""
        return self.labels is not None or len(self.operators) > 1

    @cached_property
    def is_row_standardised(self) -> bool:
        """Whether the rows of all weights sum to one, isolates apart."""
        return all(operator.is_row_standardised for operator in self.operators)

    @property
    def restandardises(self) -> bool:
        """Whether sub-matrices are row-standardised again."""
        return self.restandardise and self.is_row_standardised

    def numbers(self, periods: Array) -> list[int]:
        """Give which of `operators` is that of each period; the first of those that are equal.

        Parameters
        ----------
        periods : ndarray of shape (T,)
            Sorted labels.

        Raises
        ------
        AlignmentError
            If there is not one W for every period.
        """
        if not self.varies:
            return [0] * len(periods)
        if self.labels is None:
            if len(self.operators) != len(periods):
                raise AlignmentError(
                    f"weights lists {len(self.operators)} graphs, and the data have {len(periods)} periods: "
                    f"{some(periods)}. Give one for each, in this order, or a mapping of period to graph."
                )
            return self._first[: len(periods)]
        place = {label: number for number, label in enumerate(self.labels)}
        absent = [period for period in periods.tolist() if period not in place]
        if absent:
            raise AlignmentError(
                f"weights has no graph for the periods {some(absent)}; it has them for {some(self.labels)}. "
                "Give one for every period of the data, with the labels of the data."
            )
        return [self._first[place[period]] for period in periods.tolist()]

    @cached_property
    def _first(self) -> list[int]:
        """For every one of `operators`, the first that is equal to it."""
        seen: dict[tuple[bytes, ...], int] = {}
        parts = [(each.matrix.indptr, each.matrix.indices, each.matrix.data) for each in self.operators]
        return [seen.setdefault(tuple(part.tobytes() for part in each), k) for k, each in enumerate(parts)]

    def over(self, unit: Array, period: Array, periods: Array) -> BlockOperator:
        """Give the operator of the rows that were observed.

        Parameters
        ----------
        unit, period : ndarray of shape (N,)
            Places of each row in `ids` and in `periods`, sorted by period.
        periods : ndarray of shape (T,)
            Sorted labels.

        Returns
        -------
        BlockOperator
        """
        numbers = self.numbers(periods)
        ends = np.searchsorted(period, np.arange(len(periods) + 1))
        found: dict[tuple[int, bytes], tuple[Array, list[int]]] = {}
        for t, number in enumerate(numbers):
            here = unit[ends[t] : ends[t + 1]]
            if len(here):
                found.setdefault((number, here.tobytes()), (here, []))[1].append(int(ends[t]))
        blocks = [Block(self._sub(number, here), tuple(at)) for (number, _), (here, at) in found.items()]
        # a list is known by its periods from now on, so that new data can have some of them
        labelled = (
            replace(self, labels=tuple(periods.tolist())) if self.varies and self.labels is None else self
        )
        return BlockOperator(row_labels(self.ids, unit, period, periods), blocks, self.logdet, labelled)

    def _sub(self, number: int, here: Array) -> sp.csr_matrix:
        """Give the weights among some units."""
        operator = self.operators[number]
        matrix = sp.csr_matrix(operator.matrix[here][:, here])
        if self.restandardises and len(here) < operator.n:
            sums = np.asarray(matrix.sum(axis=1)).ravel()
            matrix = sp.csr_matrix(sp.diags(1 / np.where(sums > 0, sums, 1.0)) @ matrix)
        return matrix


def row_labels(ids: Array, unit: Array, period: Array, periods: Array) -> Array:
    """Give (unit, period) of every row, or the unit alone where there is one period."""
    labels = np.empty(len(unit), dtype=object)
    labels[:] = (
        ids[unit].tolist()
        if len(periods) == 1
        else list(zip(ids[unit].tolist(), periods[period].tolist(), strict=True))
    )
    return labels


def _same_order(
    first: SpatialOperator, other: SpatialOperator, name: str, other_name: str
) -> SpatialOperator:
    """Give the second operator in the order of the first."""
    if np.array_equal(first.ids, other.ids):
        return other
    order = places(other.ids, first.ids)
    extra = other.ids[places(first.ids, other.ids) < 0].tolist()
    only = first.ids[order < 0].tolist(), sorted(extra, key=str)
    if any(only):
        said = (f"only in {w}: {some(o)}" for w, o in zip((name, other_name), only, strict=True) if o)
        raise AlignmentError(
            f"The weights of the periods {name} and {other_name} have not the same units; {'; '.join(said)}. "
            "Build all of them over all units; who is not observed in a period is left out by missing='unbalanced'."
        )
    return SpatialOperator((first.ids, other.matrix[order][:, order]), other._requested)
