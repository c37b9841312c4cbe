"""Replay: the data changed as a scenario says, and what the fitted model makes of the difference, city by city."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import check_positive, check_share, random_generator
from spatialhealth.errors import (
    NotFittedError,
    OptionError,
    ScenarioError,
    StabilityWarning,
    UnaffectedError,
    some,
)
from spatialhealth.impacts.draws import draw, spatial_parameters
from spatialhealth.impacts.horizon import long_run_parameters
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.models.predict import aligned
from spatialhealth.models.result import FitResult
from spatialhealth.operator.transition import largest_root
from spatialhealth.panel.stack import StackedTable
from spatialhealth.scenario.changes import TableChange
from spatialhealth.scenario.defined import check_defined
from spatialhealth.scenario.derive import check_derive, derived
from spatialhealth.scenario.hospitals import AddBeds, HospitalChange, OpenHospital, check_hospitals
from spatialhealth.scenario.result import Outlook, Replay, outlook
from spatialhealth.scenario.spread import Coefficients, basis
from spatialhealth.scenario.where import check_flags

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Scenario", "outlooks", "replay"]

_NO_DRAWS = (
    "The intervals of a scenario have no other source: use weights, effects or regressors that leave less to the "
    "lags of the outcome."
)


@dataclass(frozen=True)
class Scenario:
    """Changes that belong together, under a name.

    Parameters
    ----------
    name : str
    changes : sequence of Change, DigitalRollout, AddBeds, OpenHospital or CloseHospital
        Made one after the other.

    Raises
    ------
    ScenarioError
        If there is none, or something else among them.
    OptionError
        If the name is no text.

    Examples
    --------
    >>> from spatialhealth.scenario import Change
    >>> Scenario("More primary care", [Change("primary", times=1.1)]).name
    'More primary care'
    """

    name: str
    changes: Any

    def __post_init__(self) -> None:
        one = isinstance(self.changes, (TableChange, HospitalChange)) or not isinstance(
            self.changes, Iterable
        )
        if not isinstance(self.name, str):
            raise OptionError(
                f"Scenario: name={self.name!r} must be a text. The name comes first, then the changes."
            )
        changes = (self.changes,) if one or isinstance(self.changes, str) else tuple(self.changes)
        if not changes:
            raise ScenarioError(f"The scenario {self.name!r} changes nothing. Give at least one change.")
        odd = [type(each).__name__ for each in changes if not isinstance(each, (TableChange, HospitalChange))]
        if odd:
            raise ScenarioError(
                f"The scenario {self.name!r} holds {some(odd)}. Give Change, DigitalRollout, AddBeds, OpenHospital "
                "or CloseHospital."
            )
        object.__setattr__(self, "changes", changes)


def replay(
    model: Any,
    scenario: Any,
    data: pd.DataFrame,
    *,
    period: Any = None,
    hospitals: pd.DataFrame | None = None,
    derive: Mapping[str, Callable[[Any, Any], pd.Series]] | None = None,
    level: float = 0.95,
    draws: int = 1000,
    random_state: Any = None,
) -> Replay:
    """Say what a fitted model expects of a scenario, for every city.

    Parameters
    ----------
    model : fitted estimator
    scenario : Scenario, one change, or several
    data : DataFrame
        What the model reads: after `fit_formula` the variables of the formula, else the regressors; for all units of
        W, indexed by unit or by (unit, period).
    period : label, optional
        The period that is changed; the last of the data by default.
    hospitals : DataFrame or GeoDataFrame, optional
        The list of hospitals that `AddBeds`, `OpenHospital` and `CloseHospital` change: indexed by hospital, with
        `city`, `tier`, `beds`.
    derive : mapping of str to callable, optional
        Which columns of the data are made of the hospitals, and how: ``f(hospitals, units)`` gives a Series by unit,
        as `Stock` does, or ``lambda hospitals, units: attraction.index(cities, hospitals, tiers, decay).scores``.
    level : float, default 0.95
        Of the intervals.
    draws : int, default 1000
        Draws of the parameters, from which the intervals are quantiles.
    random_state : int or numpy.random.Generator, optional
        Seed of the draws. With the same seed, scenarios of one model are compared draw by draw.

    Returns
    -------
    Replay
        `.table`: for every city the change of the outcome, and what of it is its own and what spilled over;
        `.totals`; for dynamic models in the short run and in the long run.

    Raises
    ------
    ScenarioError
        If the scenario names a city, column, tier or hospital that there is not, makes a regressor undefined (the
        logarithm of zero), or needs a list of hospitals.
    UnaffectedError
        If it changes nothing that the model reads.
    AlignmentError
        If a derived column lacks a unit, or is not what the data hold; or `where` is a boolean Series that is not of
        the units of the data.
    OptionError
        If an option is out of range, or more than half of the draws are of models that do not exist.
    NotFittedError, DataError

    Warns
    -----
    StabilityWarning
        If a dynamic model is not stable, so that there is no long run.

    Notes
    -----
    The change of the outcome is (I - rho W)^-1 (dX beta + W dX theta), dX the difference of the regressors that the
    changed and the unchanged data give: transformations and interactions of the formula are computed anew. Its part
    own_i is what the changes at i do at i, feedback through the neighbours included; the rest spilled over from the
    changes elsewhere. In the long run beta, theta and rho are those of `DynamicImpacts`. Only the uncertainty of the
    parameters is in the intervals: neither that of the model, nor the error of a single year. Draws with rho outside
    the admissible interval, or not stable, are replaced; `Replay.rejected` counts them.

    References
    ----------
    LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press, chapter 2.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()  # simulated
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    >>> one_more = sh.scenario.Change("tertiary", by=1, where="Guangzhou")
    >>> found = sh.scenario.replay(model, one_more, panel, random_state=1)
    >>> found.table.loc["Guangzhou", ["own", "spilled_over"]].round(3).to_list()
    [0.021, 0.0]
    """
    result = _result_of(model)
    check_share("replay", "level", level)
    check_positive("replay", "draws", draws, integer=True)
    rng = random_generator("replay", random_state)
    scenario = scenario if isinstance(scenario, Scenario) else _unnamed(scenario)
    result.check_reduced_form()
    before, period = _rows(data, period)
    after = _changed(scenario, before, hospitals, derive or {})
    difference, operator, units = _difference(model, result, before, after, scenario.name)
    observed = _observed(result, before, units)
    horizons = outlooks(result, operator, difference, scenario.name, observed, level, draws, rng)
    touched = np.flatnonzero(np.abs(difference).max(axis=1) > 0)
    return Replay(scenario, result.response, period, units, touched, horizons, level, draws, result.source)


def outlooks(
    result: FitResult,
    operator: Any,
    difference: Array,
    name: str,
    observed: Array | None = None,
    level: float = 0.95,
    draws: int = 1000,
    random_state: Any = None,
) -> dict[str, Outlook]:
    """Say what a fitted model expects of a difference of its regressors, with arrays only.

    Parameters
    ----------
    result : FitResult
    operator : SpatialOperator
        Of the period that is changed; `result.operator` where all have one.
    difference : ndarray of shape (n, k)
        Change of each regressor of the model, units in the order of W.
    name : str
        Of the scenario, for messages.
    observed : ndarray of shape (n,), optional
        The outcome itself, if the model has its logarithm.
    level, draws, random_state
        As in `replay`.

    Returns
    -------
    dict of str to Outlook
        "" of a model without dynamics; else "short-run" and, if it is stable, "long-run".

    Raises
    ------
    UnaffectedError
        If nothing changes.
    """
    rng = random_generator("replay", random_state)
    used = np.flatnonzero(np.abs(difference).max(axis=0) > 0)
    if not len(used):
        raise UnaffectedError(
            f"The scenario {name!r} changes nothing that the model reads: its regressors are "
            f"{some(result.regressors)}, and stay as they are."
        )
    pairs = Pairs.of(result)
    stable = result.within.is_dynamic and _is_stable(result)
    drawn, rejected = draw(result, pairs, draws, rng, stable, _NO_DRAWS)
    horizons: dict[str, Outlook] = {}
    for horizon, make in _horizons(result, stable):
        exact = _coefficients(pairs, make(result.params[None]), used)
        many = _coefficients(pairs, make(drawn), used)
        spread = basis(operator, difference[:, used], many)
        point = basis(operator, difference[:, used], exact)
        horizons[horizon] = replace(outlook(point, exact, spread, many, observed, level), rejected=rejected)
    return horizons


def _unnamed(changes: Any) -> Scenario:
    """Give a scenario the words of its changes for a name."""
    made = Scenario("", changes).changes
    return Scenario("; ".join(each.words for each in made), made)


def _result_of(model: Any) -> FitResult:
    result = getattr(model, "result_", None)
    if not isinstance(result, FitResult):
        raise NotFittedError(
            f"replay: model is a {type(model).__name__} without a fit. Give a fitted estimator of this package."
        )
    return result


def _rows(data: Any, period: Any) -> tuple[pd.DataFrame, Any]:
    """Give the rows of the period that is changed, indexed by unit."""
    if not hasattr(data, "columns"):
        raise ScenarioError(
            f"replay: data must be the table that the model reads; it is a {type(data).__name__}."
        )
    if data.index.nlevels == 1:
        if period is not None:
            raise OptionError(f"replay: period={period!r}, but the data have no periods.")
        return data, None
    periods = data.index.get_level_values(1)
    period = periods.max() if period is None else period
    if period not in periods:
        raise ScenarioError(
            f"replay: the data have no period {period!r}. They have: {some(periods.unique())}."
        )
    return data[periods == period].droplevel(1), period


def _changed(
    scenario: Scenario,
    before: pd.DataFrame,
    hospitals: Any,
    derive: Mapping[str, Callable[[Any, Any], Any]],
) -> pd.DataFrame:
    """Make the changes in their order, then the columns that hang on the hospitals."""
    after, of_hospitals = before, [each for each in scenario.changes if isinstance(each, HospitalChange)]
    if of_hospitals and (hospitals is None or not derive):
        raise ScenarioError(
            f"The scenario {scenario.name!r} changes hospitals. Give replay the list with hospitals=, and with "
            "derive= how columns of the data are made of it; or change a column itself with Change."
        )
    for change in scenario.changes:
        if isinstance(change, TableChange):
            after = change.table(after)
    if not of_hospitals:
        return after
    check_hospitals(hospitals)
    check_derive(derive)
    changed = hospitals
    for each in of_hospitals:
        if isinstance(each, (AddBeds, OpenHospital)):
            check_flags(type(each).__name__, each.where, before.index)
        changed = each.hospitals(changed)
    elsewhere = sorted(set(changed["city"]) - set(before.index), key=str)
    if elsewhere:
        raise ScenarioError(f"The hospitals are in cities that the data do not have: {some(elsewhere)}.")
    return derived(derive, hospitals, changed, before, after)


def _difference(model: Any, result: FitResult, before: Any, after: Any, name: str) -> tuple[Array, Any, Any]:
    """Give the change of each regressor (n, k), W, and the units in its order."""
    formula = model.__dict__.get("_formula")
    made = []
    for table in (before, after):
        x = table if formula is None else formula.regressors_of(table)
        x = x.set_axis([str(column) for column in x.columns], axis=1)
        absent = [name for name in result.regressors if name not in x.columns]
        if absent:
            raise ScenarioError(f"replay: the data lack the regressors {some(absent)} of the fit.")
        made.append(x[list(result.regressors)])
    check_defined(name, (made[0], made[1]), (before, after))
    (first, operator), (second, _) = (aligned(result, x) for x in made)
    rows = first.rows if isinstance(first, StackedTable) else None
    units = first.units if rows is None else rows.units[rows.unit]
    return second.x[0] - first.x[0], operator, units


def _is_stable(result: FitResult) -> bool:
    if largest_root(result.operator, *map(float, spatial_parameters(result, result.params))) < 1:
        return True
    warnings.warn(
        "The estimate is not stable, so that the scenario has no long run; the short run is given.",
        StabilityWarning,
        stacklevel=4,
    )
    return False


def _horizons(result: FitResult, stable: bool) -> list[tuple[str, Callable[[Array], Array]]]:
    """Give each horizon's parameters as a function of those of the model."""
    if not result.within.is_dynamic:
        return [("", lambda params: params)]
    short: tuple[str, Callable[[Array], Array]] = ("short-run", lambda params: params)
    return [short, ("long-run", lambda params: long_run_parameters(result, params))] if stable else [short]


def _coefficients(pairs: Pairs, params: Array, used: Array) -> Coefficients:
    both = np.einsum("kcp,rp->rck", pairs.select[used], params)
    rho = np.zeros(len(params)) if pairs.rho_place is None else params[:, pairs.rho_place]
    return Coefficients(both[:, 0], both[:, 1], rho)


def _observed(result: FitResult, before: pd.DataFrame, units: Any) -> Array | None:
    """Give the outcome itself where the model has its logarithm and the data hold it."""
    name = result.response.removeprefix("log(").removesuffix(")")
    if result.response != f"log({name})" or name not in before.columns:
        return None
    return np.asarray(before[name].loc[list(units)].to_numpy(dtype=float))
