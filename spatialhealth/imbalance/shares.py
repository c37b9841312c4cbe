"""Shares of units, or of their people, in classes: by period and group, with intervals that hold at zero and one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.imbalance.resample import wilson

__all__ = ["share_limits", "share_statistic"]


def share_statistic(
    classes: Array, n_classes: int, groups: Array, weights: Array
) -> Callable[[Array], Array]:
    """Give the function of counts that computes the shares.

    Parameters
    ----------
    classes : ndarray of int of shape (T, n)
        Class of each unit in each period.
    n_classes : int
    groups : ndarray of int of shape (n,)
        Group of each unit; shares are within groups.
    weights : ndarray of shape (T, n)

    Returns
    -------
    callable
        (m, n) counts to (m, T * G * K) shares, classes fastest; NaN in a group that no unit was drawn of.
    """
    periods, n = classes.shape
    n_groups = int(groups.max()) + 1
    sums = [
        sp.csr_matrix(
            (weights[t], (np.arange(n), groups * n_classes + classes[t])), (n, n_groups * n_classes)
        )
        for t in range(periods)
    ]

    def statistic(counts: Array) -> Array:
        held = np.stack([counts @ one for one in sums], axis=1).reshape(
            len(counts), periods, n_groups, n_classes
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((held / held.sum(axis=-1, keepdims=True)).reshape(len(counts), -1))

    return statistic


def share_limits(
    classes: Array, n_classes: int, groups: Array, weights: Array, level: float
) -> tuple[Array, Array]:
    """Give Wilson's limits of the same shares, each of shape (T * G * K,).

    Without weights the effective number of units is their number; with weights it is the number that gives the
    share's linearised variance, at most Kish's (sum w)^2 / sum w^2, which is that of a share of zero or one too: the
    variance from few units in a class is too small more often than not.
    """
    share, effective = [], []
    for t in range(len(classes)):
        for group in range(int(groups.max()) + 1):
            mine = groups == group
            part = weights[t, mine] / weights[t, mine].sum()
            is_in = classes[t, mine][:, None] == np.arange(n_classes)
            p = part @ is_in
            variance = (part**2) @ (is_in - p) ** 2
            # a share of all is one but for rounding, which has a variance too
            inside = is_in.any(axis=0) & ~is_in.all(axis=0)
            kish = 1 / np.sum(part**2)
            number = np.divide(p * (1 - p), variance, out=np.full(len(p), kish), where=inside)
            effective.append(np.minimum(number, kish))
            share.append(p)
    return wilson(np.concatenate(share), np.concatenate(effective), level)
