"""Which likelihoods can be compared: those of the same outcome, sample and transformation."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import some
from spatialhealth.likelihood.stacked import StackedWithin
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.result import FitResult
from spatialhealth.runs import digest

__all__ = ["differences", "likelihood_of"]

_SAME = 1e-10  # of the largest outcome


def differences(results: Sequence[FitResult]) -> tuple[str, ...]:
    """Say of each result why its likelihood cannot be compared with those of most others.

    Parameters
    ----------
    results : sequence of FitResult

    Returns
    -------
    tuple of str
        Empty for the members of the largest set of comparable results (the first one among equals), if it has two.
    """
    groups: list[list[int]] = []
    for place, result in enumerate(results):
        home = next((group for group in groups if not _difference(results[group[0]], result)), None)
        if home is None:
            groups.append([place])
        else:
            home.append(place)
    largest = max(groups, key=len)
    if len(largest) == 1 and len(results) > 1:
        apart = tuple(_difference(results[0], result, "the first") for result in results[1:])
        return "no other model here has a likelihood of the same data", *apart
    reference = results[largest[0]]
    return tuple(_difference(reference, result) for result in results)


def likelihood_of(result: FitResult) -> str:
    """Give a mark that results share whose likelihoods can be compared; empty without a likelihood.

    Parameters
    ----------
    result : FitResult

    Returns
    -------
    str
    """
    if not result.has_likelihood:
        return ""
    order = sorted(range(len(result.units)), key=lambda place: str(result.units[place]))
    sample = [str(result.units[place]) for place in order], [str(period) for period in result.periods]
    y = _observed(result)[:, order]
    return digest([*sample, result.response, y, _removed(result.within)])


def _difference(one: FitResult, other: FitResult, named: str = "the others") -> str:
    """Say why the likelihood of `other` is not of what that of `one` is; empty if it is."""
    if not other.has_likelihood:
        return "it has no likelihood"
    if not one.has_likelihood:
        return f"there is no likelihood of {named}"
    return _sample(one, other, named) or _outcome(one, other, named) or _transformation(one, other, named)


def _sample(one: FitResult, other: FitResult, named: str) -> str:
    units, others = one.units.tolist(), other.units.tolist()
    here, there = set(units), set(others)
    apart = [label for label in others if label not in here] + [
        label for label in units if label not in there
    ]
    if apart:
        return f"it is of {len(others):,} units, {named} of {len(units):,}; they differ in {some(apart, limit=3)}"
    if one.periods.tolist() != other.periods.tolist():
        return f"it is of {_span(other)}, {named} of {_span(one)}"
    return ""


def _span(result: FitResult) -> str:
    periods = result.periods.tolist()
    return f"{len(periods)} periods ({periods[0]} to {periods[-1]})" if len(periods) > 1 else "one period"


def _outcome(one: FitResult, other: FitResult, named: str) -> str:
    place = {label: j for j, label in enumerate(other.units.tolist())}
    known = _observed(one)
    y = _observed(other)[:, [place[label] for label in one.units.tolist()]]
    if not np.array_equal(np.isnan(y), np.isnan(known)):
        return (
            f"it is of {np.isfinite(y).sum():,} observed outcomes, {named} of {np.isfinite(known).sum():,}: "
            f"{(np.isnan(y) != np.isnan(known)).sum():,} rows are absent, or lack something, in one of the two only"
        )
    if np.allclose(y, known, rtol=0, atol=_SAME * float(np.nanmax(np.abs(known))), equal_nan=True):
        return ""
    if one.response == other.response:
        made = "Balanced" in other.facts or "Balanced" in one.facts
        why = "; missing values were filled in (see Balanced in the summaries)" if made else ""
        return f"its outcome {other.response!r} has other values than that of {named}{why}"
    return f"its outcome is {other.response!r}, that of {named} {one.response!r}"


def _observed(result: FitResult) -> Array:
    """Give the outcomes, shape (T, n), NaN where they were not observed."""
    if isinstance(result.within, StackedWithin):
        y = np.full((len(result.periods), len(result.units)), np.nan)
        y[result.within.period, result.within.unit] = result.y[0]
        return y
    return result.y if result.imputed is None else np.where(result.imputed.missing, np.nan, result.y)


def _transformation(one: FitResult, other: FitResult, named: str) -> str:
    if _removed(one.within) == _removed(other.within):
        return ""
    return (
        f"its likelihood is of {other.within.size:,} observations {_told(other.within)}, that of {named} of "
        f"{one.within.size:,} {_told(one.within)}"
    )


def _removed(within: Within) -> tuple[bool, bool]:
    """Whether the likelihood is of data whose entity, and whose time, effects are transformed away."""
    entity = within.correction == "lee-yu" and within.has_entity and not within.is_dynamic
    return entity, within.drops_constant


def _told(within: Within) -> str:
    entity, time = _removed(within)
    gone = [name for name, out in (("entity", entity), ("time", time)) if out]
    return f"with {' and '.join(gone)} effects transformed away" if gone else "that are not transformed"
