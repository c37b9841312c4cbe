"""Regimes: one model a group, or one model whose coefficients differ by group."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._validation import check_share
from spatialhealth.errors import NotFittedError, OptionError, SmallGroupWarning
from spatialhealth.heterogeneity.again import as_given
from spatialhealth.heterogeneity.groups import Groups, groups_of
from spatialhealth.heterogeneity.pooled import pooled as one_model
from spatialhealth.heterogeneity.result import Regimes
from spatialhealth.heterogeneity.separate import separate
from spatialhealth.models.base import SpatialModel
from spatialhealth.panel.stack import StackedTable
from spatialhealth.panel.table import PanelTable

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["regimes"]

_FEW = 5  # units a group


def regimes(
    model: SpatialModel,
    by: Any,
    *,
    pooled: bool = False,
    restandardise: bool = True,
    formula: str | None = None,
    data: pd.DataFrame | None = None,
    level: float = 0.95,
) -> Regimes:
    """Fit a model by groups of units, and test whether the groups are alike (spatial Chow test).

    Parameters
    ----------
    model : estimator
        A fitted one; or, with `formula` and `data`, one that is not. It is left as it is.
    by : str, Series, dict, or sequence of length n
        The group of each unit, the same in all periods:

        - the name of a column of `data`, or of the table that the model was fitted to by formula, while that table
          is still in memory (it is not copied);
        - labels indexed by unit, or by (unit, period);
        - labels in the order of the units of W.
    pooled : bool, default False
        - False: one model a group, each on its own block of W: everything may differ, rho, the variance and the
          effects of time included. Links across groups are left out;
        - True: one model on all units and links, in which each group has coefficients (and a constant) of its own
          for the regressors and for their spatial lags; rho, the variance and the fixed effects are common.
    restandardise : bool, default True
        Whether the rows of a block of W sum to one again once the links across groups are out, if W's own rows do.
        Without it (and always when W's rows do not sum to one) the links that are left keep their weights.
    formula : str, optional
        To fit `model` by, on `data`.
    data : DataFrame, optional
        Where the column `by` is looked up.
    level : float, default 0.95
        Confidence level of the intervals.

    Returns
    -------
    Regimes
        `.models`, `.table` (effects side by side), `.chow`, `.lr`, `.tests`, `.summary()`, `.to_frame()`.

    Raises
    ------
    OptionError
        If `by` names nothing there is, or puts all units in one group.
    DataError
        If a unit has no group, or changes its group over time.
    WeightsError, IdentificationError, ConvergenceError
        If a group cannot be fitted by itself; the message names it.

    Warns
    -----
    SmallGroupWarning
        If a group has fewer than five units.
    IsolateWarning
        If units lose their last neighbour with the links across groups.

    Notes
    -----
    With pooled=True the lagged regressors are W (x 1[group]): theta of a group belongs to the units that emit. Its
    effects are those of beta and theta of the group with the multipliers of all units, so that they differ between
    groups only where the coefficients do. Those of separate models are averages over the group on its own block.

    Wald statistics add the variances of separate models, which share no unit and no link, and use the joint
    covariance of the pooled one; effects are compared by the delta method. They take over the model's `cov_type`, and
    do not need equal variances.

    References
    ----------
    Anselin, L. (1990). Spatial dependence and spatial structural instability in applied regression analysis.
    Journal of Regional Science 30, 185-207.

    Chow, G. C. (1960). Tests of equality between sets of coefficients in two linear regressions. Econometrica 28,
    591-605.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    >>> groups = sh.regimes(model, by="port_developed", pooled=True)
    >>> groups.chow.df, groups.chow.reject(0.05)
    (6, True)
    """
    _check_options(pooled, restandardise, level)
    whole = _whole(model, formula, data)
    table = _table(whole)
    groups = groups_of(by, table, _data(whole) if data is None else data)
    found = (
        one_model(whole, table, groups, level)
        if pooled
        else separate(whole, table, groups, restandardise, level)
    )
    _warn_of_few(groups)
    return found


def _warn_of_few(groups: Groups) -> None:
    few = [
        f"{label} ({size})" for label, size in zip(groups.labels, groups.sizes, strict=True) if size < _FEW
    ]
    if few:
        warnings.warn(
            f"{len(few)} of {len(groups.labels)} groups of {groups.name!r} have fewer than {_FEW} units: "
            f"{', '.join(few[:10])}{' ...' if len(few) > 10 else ''}. What is particular to so few units cannot be "
            "told from the coefficients of their group, and its standard errors do not show it. Join small groups.",
            SmallGroupWarning,
            stacklevel=3,
        )


def _check_options(pooled: Any, restandardise: Any, level: Any) -> None:
    for name, value in (("pooled", pooled), ("restandardise", restandardise)):
        if not isinstance(value, (bool, np.bool_)):
            raise OptionError(f"regimes: {name}={value!r} must be True or False.")
    check_share("regimes", "level", level)


def _whole(model: Any, formula: str | None, data: Any) -> SpatialModel:
    """Give the model of all units, fitted now if a formula is given."""
    if not isinstance(model, SpatialModel):
        raise OptionError(
            f"regimes: model is a {type(model).__name__}. Give an estimator of this package, such as "
            "SpatialDurbin(weights=W)."
        )
    if formula is not None:
        if data is None:
            raise OptionError("regimes: formula needs data to be evaluated on; give data=panel too.")
        return type(model)(**model.get_params()).fit_formula(formula, data)
    if not model.__sklearn_is_fitted__():
        raise NotFittedError(
            f"regimes: this {type(model).__name__} has not been fitted yet. Fit it first, or give formula and data."
        )
    return model


def _table(whole: SpatialModel) -> PanelTable:
    table: PanelTable = whole.__dict__["_rows"]
    if isinstance(table, StackedTable):
        raise OptionError(
            "regimes: a panel with holes (missing='unbalanced'), or with weights by period, cannot be cut into "
            "groups. Balance the panel first, or enter the group as an interaction, 'x + x:C(group)', and ask for "
            "impacts(at={'group': [...]})."
        )
    return as_given(table, whole.result_)


def _data(whole: SpatialModel) -> Any:
    formula = whole.__dict__["_formula"]
    return None if formula is None else formula.table.get()
