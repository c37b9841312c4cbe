"""The within transformation: means over time, over units, or both taken out."""

from __future__ import annotations

from spatialhealth._typing import Array, Effects

__all__ = ["demean"]


def demean(values: Array, effects: Effects) -> Array:
    """Take fixed effects out of periods-major values.

    Parameters
    ----------
    values : ndarray of shape (T, n) or (T, n, k)
    effects : {"none", "entity", "time", "two-way", "random"}
        - "entity": each unit's mean over time is subtracted;
        - "time": each period's mean over units is subtracted;
        - "two-way": both;
        - "none", "random": nothing.

    Returns
    -------
    ndarray of the same shape

    Notes
    -----
    Of a spatial lag it is always demean(W y) that is needed, never W demean(y): they differ whenever the
    columns of W do not sum to one.

    Examples
    --------
    >>> import numpy as np
    >>> demean(np.array([[1.0, 2.0], [3.0, 6.0]]), "two-way").tolist()
    [[0.5, -0.5], [-0.5, 0.5]]
    """
    if effects in ("entity", "two-way"):
        values = values - values.mean(axis=0, keepdims=True)
    if effects in ("time", "two-way"):
        values = values - values.mean(axis=1, keepdims=True)
    return values
