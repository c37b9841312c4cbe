"""Classes of a map: their limits, colours and labels; diverging ones mirror each other about zero."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_finite, check_option, check_positive, numeric_array
from spatialhealth.errors import MissingDataError, OptionError
from spatialhealth.maps.style import DIVERGING, NEUTRAL, SEQUENTIAL

__all__ = ["Classes", "Scheme", "classify", "written"]

Scheme = Literal["quantiles", "equal-interval", "natural-breaks", "pretty", "decades"]
_MAPCLASSIFY = {
    "quantiles": "Quantiles",
    "equal-interval": "EqualInterval",
    "natural-breaks": "FisherJenks",
    "pretty": "PrettyBreaks",
}
_MANY = 1500  # above it the exact natural breaks, quadratic in the number of values, are sampled
_MOST_DECIMALS = 5
_HUGE = 1e15  # from here on numbers are written with powers of ten


@dataclass(frozen=True, eq=False)
class Classes:
    """Classes of values, each open below and closed above but for the first, which is closed.

    Parameters
    ----------
    limits : ndarray of shape (m + 1,)
        Limits, rising; for one value only, that value twice.
    colours : tuple of str
        One a class.
    labels : tuple of str
        One a class: its limits in figures.
    zero : int, optional
        Place of the class that holds exactly zero, if it has one of its own.
    striped : tuple of bool
        Classes that are drawn with white stripes, which tell the side below zero in grey; none if empty.
    """

    limits: Array
    colours: tuple[str, ...]
    labels: tuple[str, ...]
    zero: int | None = None
    striped: tuple[bool, ...] = ()

    def place(self, values: Any) -> Array:
        """Give the place of each value's class; -1 for a missing value."""
        values = np.asarray(values, dtype=float)
        place = np.searchsorted(self.limits[1:-1], values, side="left")
        if self.zero is not None:
            place = place + (values > 0)
            place[values == 0] = self.zero
        place[np.isnan(values)] = -1
        return np.asarray(place)


def classify(
    values: Any, scheme: Scheme | Any = "quantiles", k: int = 5, diverging: bool | None = None
) -> Classes:
    """Put values into classes.

    Parameters
    ----------
    values : array-like of float
        Missing values are left out.
    scheme : {"quantiles", "equal-interval", "natural-breaks", "pretty", "decades"} or sequence of float
        - "quantiles": as many units in each class;
        - "equal-interval": classes as wide as each other;
        - "natural-breaks": Fisher and Jenks's, with the least variance within classes;
        - "pretty": round limits;
        - "decades": powers of ten below the largest, for values that fade;
        - numbers: the inner limits of the classes, rising.
    k : int, default 5
        Number of classes at most (fewer when there are fewer different values). Diverging classes come in
        pairs, so that there are k + 1 when k is odd, and one more when some values are exactly zero.
    diverging : bool, optional
        Whether the classes mirror each other about zero. By default they do when values of both signs occur.

    Returns
    -------
    Classes

    Raises
    ------
    OptionError
        If the scheme is unknown, k is no positive whole number, or limits do not rise.
    MissingDataError
        If no value is left.

    Examples
    --------
    >>> classify([1, 2, 3, 4], k=2).labels
    ('1.0 to 2.5', '2.5 to 4.0')
    >>> classify([-2, -1, 1, 4], k=2).labels
    ('−4 to 0', '0 to 4')
    """
    check_positive("classify", "k", k, integer=True)
    array = numeric_array("The values of a map", values, 1)
    array = check_finite("The values of a map", array[~np.isnan(array)])
    if not len(array):
        raise MissingDataError("There is nothing to map: every value is missing.")
    if diverging is None:
        diverging = bool(array.min() < 0 < array.max())
    if not isinstance(scheme, str):
        limits = _given(array, scheme)
    else:
        check_option("classify", "scheme", scheme, Scheme)
        if diverging:
            return _mirrored(array, scheme, int(k))
        values = np.unique(array)
        if len(values) <= k and (values == np.round(values)).all() and scheme != "decades":
            # counts of few kinds, and yes or no: each value is a class
            labels = tuple(f"{value:,.0f}".replace("-", "−") for value in values.tolist())
            colours = _ramp(len(values))
            colours = colours[::-1] if values[-1] <= 0 else colours
            return Classes(np.append(values[0], values), colours, labels)
        limits = _limits(array, scheme, int(k))
    colours = _arms(limits) if diverging else _ramp(len(limits) - 1)
    if not diverging and array.max() <= 0:
        colours = colours[::-1]  # dark is far from zero on either side
    striped = tuple(bool(end <= 0) for end in limits[1:]) if diverging else ()
    return Classes(limits, colours, _labels(limits, _writer(scheme)), None, striped)


def _limits(array: Array, scheme: str, k: int) -> Array:
    """Give rising limits, from the least value to the greatest."""
    import mapclassify

    low, high = array.min(), array.max()
    different = len(np.unique(array))
    if different == 1:
        return np.array([low, low])
    if scheme == "decades":
        return _decades(array, k)
    if scheme == "natural-breaks" and len(array) > _MANY:
        array = np.quantile(array, np.linspace(0, 1, _MANY))
    with warnings.catch_warnings():
        # ties make classes coincide; those that do are merged below
        warnings.simplefilter("ignore")
        bins = getattr(mapclassify, _MAPCLASSIFY[scheme])(array, k=min(k, different)).bins
    inner = np.unique(np.asarray(bins, dtype=float))
    if scheme == "quantiles" and inner[0] == low and k > 1:
        # so many units share the least value (often zero) that it is a class by itself
        return np.concatenate([[low, low], _limits(array[array > low], scheme, k - 1)[1:]])
    first = low
    if scheme == "pretty" and len(inner) > 1:
        first = min(low, inner[0] - (inner[-1] - inner[-2]))
    inner = inner[(inner > low) & (inner < high)]
    last = max(high, float(bins[-1])) if scheme == "pretty" else high
    return np.concatenate([[first], inner, [last]])


def _decades(array: Array, k: int) -> Array:
    low, high = array.min(), array.max()
    if high <= 0:
        return np.asarray(-_decades(-array, k)[::-1])
    inner = 10.0 ** (np.floor(np.log10(high)) - np.arange(k - 1)[::-1])
    return np.concatenate([[low], inner[(inner > low) & (inner < high)], [high]])


def _given(array: Array, inner: Any) -> Array:
    inner = numeric_array("scheme", list(inner), 1)
    if not len(inner) or not np.isfinite(inner).all() or (np.diff(inner) <= 0).any():
        raise OptionError(f"classify: the limits {inner.tolist()} must be finite numbers that rise.")
    low = array.min() if array.min() < inner[0] else inner[0]
    high = array.max() if array.max() > inner[-1] else inner[-1]
    return np.unique(np.concatenate([[low], inner, [high]]))


def _mirrored(array: Array, scheme: str, k: int) -> Classes:
    """Give classes of the same limits on both sides of zero, without empty ones at the ends."""
    sides = max(1, (k + 1) // 2)
    sizes = np.abs(array[array != 0])
    if not len(sizes):
        return Classes(np.zeros(2), (NEUTRAL,), ("0",), 0)
    arm = np.unique(np.append(_limits(sizes, scheme, sides)[1:], sizes.max()))
    limits = np.concatenate([-arm[::-1], [0.0], arm])
    colours = list(_pick(DIVERGING, 0.5 - np.linspace(0.42, 0.14, len(arm)))) if len(arm) > 1 else None
    if colours is None:
        colours = list(_pick(DIVERGING, np.array([0.2, 0.8])))
    else:
        colours += list(_pick(DIVERGING, 0.5 + np.linspace(0.14, 0.42, len(arm))))
    while array.min() > limits[1] or (array.min() >= 0 and limits[0] < 0):
        limits, colours = limits[1:], colours[1:]
    while array.max() <= limits[-2]:
        limits, colours = limits[:-1], colours[:-1]
    labels = list(_labels(limits, _writer(scheme)))
    zero = None
    if (array == 0).any():
        zero = int((limits < 0).sum())
        labels.insert(zero, "0")
        colours.insert(zero, NEUTRAL)
    striped = tuple(at < int((limits < 0).sum()) for at in range(len(labels)))
    return Classes(limits, tuple(colours), tuple(labels), zero, striped)


def _ramp(classes: int) -> tuple[str, ...]:
    return _pick(SEQUENTIAL, np.linspace(0.04, 0.94, classes) if classes > 1 else np.array([0.45]))


def _arms(limits: Array) -> tuple[str, ...]:
    """Give the colours of diverging classes whose limits were given, by the middle of each."""
    middle = (limits[1:] + limits[:-1]) / 2
    return _pick(DIVERGING, 0.5 + 0.42 * middle / np.abs(middle).max())


def _pick(name: str, at: Array) -> tuple[str, ...]:
    from matplotlib import colormaps
    from matplotlib.colors import to_hex

    return tuple(to_hex(colour) for colour in colormaps[name](at))


def _writer(scheme: Any) -> Callable[[Any], tuple[str, ...]]:
    """Give how limits are written: those of decades in significant digits, for no decimals fit them all."""

    def of_decades(limits: Any) -> tuple[str, ...]:
        short = _significant(limits)
        return short if len(set(short)) == len(np.unique(limits)) else written(limits)

    return of_decades if isinstance(scheme, str) and scheme == "decades" else written


def _significant(limits: Any) -> tuple[str, ...]:
    return tuple(_rounded(value, 2) for value in np.asarray(limits, dtype=float).tolist())


def _rounded(value: float, figures: int) -> str:
    """Write a number in so many significant digits, without powers of ten unless it is very large or small."""
    short = float(f"{value:.{figures}g}")
    if not 1 <= abs(short) < _HUGE:
        return f"{short:.{figures}g}".replace("-", "−")
    decimals = max(figures - 1 - int(np.floor(np.log10(abs(short)))), 0)
    text = f"{short:,.{decimals}f}"
    return (text.rstrip("0").rstrip(".") if decimals else text).replace("-", "−")


def _labels(limits: Array, write: Callable[[Any], tuple[str, ...]]) -> tuple[str, ...]:
    labels: list[str] = []
    alone = False
    for (low, high), (start, end) in zip(pairwise(write(limits)), pairwise(limits), strict=True):
        if start == end:
            labels.append((f"{start:,.0f}" if start == round(start) else f"{start:.4g}").replace("-", "−"))
        else:
            labels.append(f"over {low} to {high}" if alone else f"{low} to {high}")
        alone = start == end
    return tuple(labels)


def written(limits: Any) -> tuple[str, ...]:
    """Write numbers with as many decimals as it takes to tell them apart, or in two figures where that takes many.

    Parameters
    ----------
    limits : array-like of float

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> written([-0.5, 0, 1250])
    ('−0.5', '0.0', '1,250.0')
    >>> written([0.61012, 0.61107, 0.62])
    ('0.6101', '0.6111', '0.6200')
    >>> written([-0.15374, -0.00124, -0.0000005, 0])
    ('−0.15', '−0.0012', '−5e−07', '0')
    """
    limits = np.asarray(limits, dtype=float)
    gaps = np.diff(np.unique(limits))
    finest = gaps.min() if len(gaps) else max(abs(limits[0]), 1e-300) / 10
    largest = np.abs(limits).max()
    if largest and (largest >= 1e9 or largest < 1e-4):
        figures = int(np.clip(np.ceil(np.log10(largest / finest)) + 1, 2, 15))
        return tuple(_rounded(value, figures) for value in limits.tolist())
    decimals = 0
    if not np.array_equal(limits, np.round(limits)):
        # no limit is written off by more than a tenth of the finest class
        decimals = int(np.clip(np.ceil(-np.log10(0.2 * finest)), 0, 10))
    if decimals > _MOST_DECIMALS and len(set(_significant(limits))) == len(np.unique(limits)):
        return _significant(limits)
    return tuple(f"{value + 0.0:,.{decimals}f}".replace("-", "−") for value in limits)
