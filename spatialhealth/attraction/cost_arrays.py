"""Costs between places that are arrays: of points, or of labels."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.costs import GeodesicCost, SuppliedCost, check_cost
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import DuplicateError, MissingDataError, OptionError, ShapeError, some
from spatialhealth.weights.frames import metric_of_points
from spatialhealth.weights.ids import id_array, missing_at

__all__ = ["reach_of_points"]


def reach_of_points(
    owner: str, cost: Any, demand: Any, supply: Any, geographic: bool, within: float = np.inf, ids: Any = None
) -> Reach:
    """Give the distances between two arrays of points, or the costs supplied between two arrays of labels.

    Parameters
    ----------
    owner : str
        Who asks, for messages.
    cost : GeodesicCost, SuppliedCost or None
    demand, supply : array of shape (n, 2) and (m, 2)
        x and y in metres; or longitude and latitude in degrees, if `geographic`. Not looked at if costs are supplied.
    geographic : bool
    within : float, optional
        Greatest cost.
    ids : tuple of two sequences, of lengths n and m, optional
        Labels of demand and supply, which costs that are supplied are found by; positions by default.

    Returns
    -------
    Reach
    """
    cost = check_cost(owner, cost)
    labels = (
        None
        if ids is None
        else tuple(_unique(owner, what, each) for what, each in zip(("demand", "supply"), ids, strict=True))
    )
    if isinstance(cost, SuppliedCost):
        if labels is None:
            raise OptionError(
                f"{owner}: costs that are supplied are found by label. Give ids=(demand, supply)."
            )
        return cost.reach_of(labels[0], labels[1], within)
    if not isinstance(cost, GeodesicCost):
        raise OptionError(f"{owner}: from arrays costs are GeodesicCost or SuppliedCost; this is {cost!r}.")
    for what, points in (("demand", demand), ("supply", supply)):
        if np.ndim(points) != 2 or np.shape(points)[1] != 2 or not len(points):
            raise ShapeError(
                f"{owner}: points of {what} must have shape (n, 2); they have {np.shape(points)}."
            )
    metric = metric_of_points(owner, np.vstack([demand, supply]), geographic)
    if labels is None:
        labels = np.arange(len(demand)), np.arange(len(supply))
    for what, points, each in zip(("demand", "supply"), (demand, supply), labels, strict=True):
        if len(points) != len(each):
            raise ShapeError(
                f"{owner}: {len(points)} points of {what} have {len(each)} ids: give one a point."
            )
    return cost.reach_of(metric, labels[0], labels[1], within)


def _unique(owner: str, what: str, labels: Any) -> Array:
    absent = missing_at(labels)
    if len(absent):
        raise MissingDataError(
            f"{owner}: ids of {what} are missing at positions {some(absent.tolist())}. Name each."
        )
    array = id_array(labels)
    twice = [label for label, count in Counter(array.tolist()).items() if count > 1]
    if twice:
        raise DuplicateError(
            f"{owner}: ids of {what} stand more than once: {some(twice)}. Give each its own."
        )
    return array
