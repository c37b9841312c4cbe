"""The triage policy: mild cases of the high tier told apart by digital diagnosis, and sent to primary care."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_number, check_positive, check_share, random_generator
from spatialhealth.errors import AlignmentError, DataError, LabelError, OptionError, some
from spatialhealth.imbalance import UtilisationGap, utilisation_gap
from spatialhealth.scenario.changes import check_unit_share
from spatialhealth.scenario.triage_result import Flows, Triage

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["TriagePolicy"]

_SHARES = ("coverage", "sensitivity", "specificity", "share_mild")


@dataclass(frozen=True, eq=False)
class TriagePolicy:
    """Patients of the high tier are triaged; those found mild go to primary care.

    Parameters
    ----------
    coverage : float or Series by city
        Share of the high tier's patients who are triaged, in [0, 1].
    sensitivity : float
        Share of the severe cases that the triage finds severe, in [0, 1].
    specificity : float
        Share of the mild cases that it finds mild, in [0, 1].
    share_mild : float or Series by city
        Share of the high tier's patients who are mild cases, in [0, 1].

    Raises
    ------
    OptionError
        If a share is outside [0, 1].

    Notes
    -----
    Of a load H of the high tier, with coverage c and share of mild cases m,

    - c m specificity H moves to primary care rightly: mild cases found mild;
    - c (1 - m)(1 - sensitivity) H moves there wrongly: severe cases that are missed, the burden of the policy;
    - the rest stays, among it c m (1 - specificity) H mild cases that were taken for severe.

    Loads keep their sum. A case is taken to be as much work in one tier as in the other, and capacities stay as they
    are.

    Examples
    --------
    >>> import pandas as pd
    >>> load = pd.DataFrame({"high": [950.0], "primary": [400.0]}, index=["a"])
    >>> capacity = pd.DataFrame({"high": [1000.0], "primary": [1000.0]}, index=["a"])
    >>> found = TriagePolicy(coverage=0.5, sensitivity=0.9, specificity=0.8, share_mild=0.4).apply(load, capacity)
    >>> found.cities[["moved_mild", "missed", "kept_mild"]].round(1).values.tolist()
    [[152.0, 28.5, 38.0]]
    """

    coverage: Any
    sensitivity: float
    specificity: float
    share_mild: Any

    def __post_init__(self) -> None:
        for name in _SHARES:
            value = getattr(self, name)
            if name in ("coverage", "share_mild") and hasattr(value, "loc"):
                _check_series(name, value)
            else:
                check_unit_share("TriagePolicy", name, value)

    def apply(
        self,
        load: pd.DataFrame,
        capacity: pd.DataFrame,
        high: str = "high",
        primary: str = "primary",
        *,
        overburdened: float = 90.0,
        idle: float = 60.0,
        std_errors: Mapping[str, float] | None = None,
        level: float = 0.95,
        draws: int = 999,
        random_state: Any = 0,
    ) -> Triage:
        """Say what the policy does to loads and imbalance, city by city.

        Parameters
        ----------
        load : DataFrame
            Cases or bed days by tier, indexed by city.
        capacity : DataFrame
            What the tiers can take, in the same unit and with the same columns and cities.
        high, primary : str
            Columns of the two tiers.
        overburdened, idle : float, default 90 and 60
            Utilisation in per cent from which a tier is overburdened, and up to which it is idle; see
            `spatialhealth.imbalance.utilisation_gap`.
        std_errors : mapping of str to float, optional
            Standard errors of coverage, sensitivity, specificity or share_mild, for intervals of the sums: draws are
            from beta distributions with these means and standard errors. Without them the policy is exact.
        level : float, default 0.95
            Of the intervals.
        draws : int, default 999
        random_state : int or numpy.random.Generator, default 0
            Seed of these draws, and of the resampling of cities behind the intervals of the imbalance.

        Returns
        -------
        Triage
            `.table` by city and tier, `.cities`, `.totals`, `.before` and `.after`: the imbalance.

        Raises
        ------
        DataError
            If a load is negative or missing, a capacity is not positive, or a column is absent.
        AlignmentError
            If loads, capacities and shares are not of the same cities.
        OptionError
        """
        check_share("TriagePolicy", "level", level)
        check_positive("TriagePolicy", "draws", draws, integer=True)
        rng = random_generator("TriagePolicy", random_state)
        tiers = (high, primary)
        loads, capacities = _checked(load, capacity, tiers)
        shares = {name: self._by_city(name, load.index) for name in _SHARES}
        flows = _flows(loads[:, 0], **shares)
        errors = self._errors(std_errors or {})
        drawn = None
        if errors:
            many = {name: _drawn(value, errors.get(name), draws, rng) for name, value in shares.items()}
            drawn = _flows(loads[:, 0], **many)
        after = loads + np.column_stack([-flows.moved, flows.moved])
        gaps = [
            self._gap(load.index, 100 * each / capacities, overburdened, idle, level, rng)
            for each in (loads, after)
        ]
        return Triage(
            self, load.index, tiers, loads, after, capacities, flows, drawn, gaps[0], gaps[1], level,
            str(load.attrs.get("source", "")),
        )  # fmt: skip

    def _by_city(self, name: str, cities: pd.Index) -> Array:
        value = getattr(self, name)
        if not hasattr(value, "loc"):
            return np.full(len(cities), float(value))
        lacking = [city for city in cities if city not in value.index]
        if lacking:
            raise AlignmentError(
                f"TriagePolicy: {name} lacks the cities {some(lacking)}. Give a share for each."
            )
        return np.asarray(value.loc[cities].to_numpy(dtype=float))

    @staticmethod
    def _errors(std_errors: Mapping[str, float]) -> dict[str, float]:
        for name, value in std_errors.items():
            if name not in _SHARES:
                raise OptionError(
                    f"TriagePolicy: std_errors names {name!r}. There are: {', '.join(_SHARES)}."
                )
            if check_number("TriagePolicy", f"std_errors[{name!r}]", value) < 0:
                raise OptionError(f"TriagePolicy: std_errors[{name!r}]={value!r} must not be negative.")
        return {name: float(value) for name, value in std_errors.items() if value > 0}

    @staticmethod
    def _gap(
        cities: pd.Index, use: Array, overburdened: float, idle: float, level: float, rng: np.random.Generator
    ) -> UtilisationGap | None:
        """Give the imbalance; None for a single city, which has no distribution."""
        if len(cities) < 2:
            return None
        pd = pandas_for("TriagePolicy.apply", "the formulas in its notes")
        tiers = [pd.Series(use[:, j], index=cities) for j in range(2)]
        return utilisation_gap(*tiers, overburdened=overburdened, idle=idle, level=level, random_state=rng)


def _flows(load: Array, coverage: Array, sensitivity: Array, specificity: Array, share_mild: Array) -> Flows:
    """Give what moves and what stays, for one set of shares or for many draws of them."""
    triaged = coverage * load
    mild, severe = share_mild * triaged, (1 - share_mild) * triaged
    return Flows(triaged, specificity * mild, (1 - sensitivity) * severe, (1 - specificity) * mild, severe)


def _drawn(mean: Array, error: float | None, draws: int, rng: np.random.Generator) -> Array:
    """Draw a share, shape (draws, n): the same quantile of its own beta distribution in every city."""
    if error is None:
        return np.broadcast_to(mean, (draws, len(mean)))
    from scipy.stats import beta

    inside = np.clip(mean, 1e-9, 1 - 1e-9)
    size = inside * (1 - inside) / error**2 - 1
    if (size <= 0).any():
        raise OptionError(
            f"TriagePolicy: a standard error of {error:g} is too large for a share of {mean[np.argmin(size)]:g}; "
            f"it must be below {np.sqrt(inside * (1 - inside)).min():.3g}."
        )
    quantile = rng.uniform(size=(draws, 1))
    return np.asarray(beta.ppf(quantile, inside * size, (1 - inside) * size))


def _check_series(name: str, value: Any) -> None:
    wrong = value.index[~((value >= 0) & (value <= 1))]
    if len(wrong):
        raise OptionError(f"TriagePolicy: {name} must lie between 0 and 1, and does not at {some(wrong)}.")


def _checked(load: Any, capacity: Any, tiers: tuple[str, str]) -> tuple[Array, Array]:
    """Give loads and capacities (n, 2) in the order of the cities of the loads."""
    for what, frame in (("load", load), ("capacity", capacity)):
        if not hasattr(frame, "columns"):
            raise LabelError(
                f"TriagePolicy: {what} is a {type(frame).__name__}. Give a DataFrame indexed by city."
            )
        absent = [tier for tier in tiers if tier not in frame.columns]
        if absent:
            raise DataError(
                f"TriagePolicy: {what} lacks the columns {some(absent)}. It has: {some(frame.columns)}."
            )
        twice = frame.index[frame.index.duplicated()]
        if len(twice):
            raise DataError(f"TriagePolicy: {what} has cities more than once: {some(twice.unique())}.")
    apart = load.index.symmetric_difference(capacity.index)
    if len(apart):
        raise AlignmentError(
            f"TriagePolicy: load and capacity are not of the same cities; one lacks {some(apart)}."
        )
    loads = load[list(tiers)].to_numpy(dtype=float)
    capacities = capacity.loc[load.index, list(tiers)].to_numpy(dtype=float)
    wrong = load.index[~(np.isfinite(loads) & (loads >= 0)).all(axis=1)]
    if len(wrong):
        raise DataError(
            f"TriagePolicy: loads are negative, missing or infinite at {some(wrong)}. "
            f"Mend {tiers[0]!r} or {tiers[1]!r} there, or leave these cities out of loads and capacities."
        )
    wrong = load.index[~(np.isfinite(capacities) & (capacities > 0)).all(axis=1)]
    if len(wrong):
        raise DataError(
            f"TriagePolicy: capacities are zero, negative, missing or infinite at {some(wrong)}. A tier that is not "
            "there cannot take cases: leave these cities out."
        )
    return loads, capacities
