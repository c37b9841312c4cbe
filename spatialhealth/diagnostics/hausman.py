"""Fixed against random effects: the spatial Hausman test, and its auxiliary regression."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth.diagnostics.fitted import Fitted, check_regressors, fitted
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.diagnostics.table import StatisticTable
from spatialhealth.diagnostics.wald import wald
from spatialhealth.errors import OptionError, some
from spatialhealth.models.base import SpatialModel
from spatialhealth.models.covariances import LIKELIHOOD
from spatialhealth.models.design import CONSTANT, LAG_PREFIX

__all__ = ["hausman"]

_NULL = "effects of units and regressors are unrelated: random effects are consistent"
_MEAN = "mean of "
_NOTHING = 1e-8


def hausman(fixed: SpatialModel, random: SpatialModel) -> StatisticTable:
    """Compare the coefficients of a model with fixed effects and of the same model with random ones.

    Parameters
    ----------
    fixed : fitted model
        With effects="entity".
    random : fitted model
        The same estimator, data and weights with effects="random".

    Returns
    -------
    StatisticTable
        - "Hausman": d' (V_fixed - V_random)^-1 d over the coefficients that both have, spatial parameters
          left out; chi-square if V_fixed - V_random is positive definite, as it must be in large samples.
          Otherwise the value is shown with its sign and without a p value;
        - "Hausman, auxiliary": the model with random effects with the mean over time of every regressor
          added (but of what is the same for all units, such as dummies of periods), Wald test that these have
          no effect (Mundlak 1978). It asks the same and is never negative.

    Raises
    ------
    OptionError
        If the models are not the same but for their effects.

    Notes
    -----
    The order is Var(fixed) - Var(random): under the null random effects are efficient. With
    `correction="none"` the covariance of the fixed effects is too small by (T - 1) / T; fit them with
    "lee-yu". Fit both models with `cov_type="expected"` where n allows it: the difference of two observed
    informations is noise in good part, and the test then rejects a true null too often. The auxiliary form
    depends on neither.

    References
    ----------
    Hausman, J. A. (1978). Specification tests in econometrics. Econometrica 46, 1251-1271.

    Mundlak, Y. (1978). On the pooling of time series and cross section data. Econometrica 46, 69-85.

    Mutl, J. and Pfaffermayr, M. (2011). The Hausman test in a Cliff and Ord panel model. Econometrics Journal
    14, 48-76.
    """
    inside, between = fitted("hausman", fixed), fitted("hausman", random)
    _check(inside, between)
    tests = (_form(inside, between), _auxiliary(between))
    model = inside.result.model
    return StatisticTable(f"Fixed against random effects in {model}, {inside.outcome}", tests)


def _check(fixed: Fitted, random: Fitted) -> None:
    one, other = fixed.result, random.result
    if one.effects != "entity" or other.effects != "random":
        raise OptionError(
            f"hausman compares effects='entity' with effects='random'; it was given {one.effects!r} and "
            f"{other.effects!r}, in this order."
        )
    if type(fixed.model) is not type(random.model):
        raise OptionError(f"hausman needs one estimator with two effects, not {one.model} and {other.model}.")
    if one.y.shape != other.y.shape or not np.array_equal(one.y, other.y):
        raise OptionError(
            "hausman needs both models fitted to the same data, with weights in the same order."
        )
    check_regressors(fixed, random)
    if one.lagged != other.lagged or (one.operator.matrix != other.operator.matrix).nnz:
        raise OptionError("hausman needs the same weights and the same lagged regressors in both models.")
    errors = one.error_operator, other.error_operator
    if errors[0] is not None and errors[1] is not None and (errors[0].matrix != errors[1].matrix).nnz:
        raise OptionError("hausman needs the same weights of the errors in both models.")


def _form(fixed: Fitted, random: Fitted) -> Statistic:
    one, other = fixed.result, random.result
    names = [name for name in fixed.columns if name in random.columns and name != CONSTANT]
    here, there = [one.position[n] for n in names], [other.position[n] for n in names]
    if not {one.cov_type, other.cov_type} <= set(LIKELIHOOD):
        reason = (
            "Var(fixed) - Var(random) is a variance only while random effects are efficient, which robust "
            "covariances do not take for granted; the auxiliary form does without."
        )
        return Statistic.not_applicable("Hausman", _NULL, reason)
    difference = one.params[here] - other.params[there]
    spread = one.covariance[np.ix_(here, here)] - other.covariance[np.ix_(there, there)]
    scale = np.sqrt(np.diag(one.covariance)[here])
    roots, axes = np.linalg.eigh(spread / np.outer(scale, scale))
    value = float(np.sum((axes.T @ (difference / scale)) ** 2 / roots))
    negative = int(np.sum(roots <= 0))
    if not negative:
        return Statistic.chi_square("Hausman", value, len(names), _NULL)
    reason = (
        f"Var(fixed) - Var(random) is not positive definite ({negative} of {len(names)} eigenvalues are "
        "negative), so that the statistic has no chi-square distribution; the auxiliary form does."
    )
    return Statistic("Hausman", value, float("nan"), _NULL, "none", None, reason=reason)


def _auxiliary(random: Fitted) -> Statistic:
    """Add the means over time of the regressors to the model with random effects, and test them."""
    table = random.table
    means = np.broadcast_to(table.x.mean(axis=0), table.x.shape)
    apart = np.sqrt(np.sum((table.x - means) ** 2, axis=(0, 1)))
    between = np.sqrt(np.sum((means - means.mean(axis=(0, 1))) ** 2, axis=(0, 1)))
    # what is the same for all units, such as a dummy of a period, has one mean, which the constant holds
    moving = np.flatnonzero(np.minimum(apart, between) > _NOTHING * np.sqrt(np.sum(table.x**2, axis=(0, 1))))
    if not len(moving):
        reason = "No regressor varies both over time and, in its means, between units."
        return Statistic.not_applicable("Hausman, auxiliary", _NULL, reason)
    added = tuple(_MEAN + table.names[j] for j in moving)
    taken = set(added) & set(table.names)
    if taken:
        raise OptionError(
            f"The names {some(sorted(taken))} are those of the means that hausman adds. Rename them."
        )
    options: dict[str, Any] = random.model.get_params()
    if "durbin" in options and options["durbin"] is not False:
        lagged = random.result.lagged
        options["durbin"] = [*lagged, *(_MEAN + name for name in lagged if _MEAN + name in added)]
    options["weights"] = random.operator
    options["constant"] = random.has_constant
    augmented = type(random.model)(**options).fit_arrays(
        table.y,
        np.concatenate([table.x, means[..., moving]], axis=2),
        names=(*table.names, *added),
        periods=table.periods,
        response=table.response,
    )
    tested = [name for name in augmented.result_.param_names if name.startswith((_MEAN, LAG_PREFIX + _MEAN))]
    found = wald(augmented, tested)
    return Statistic.chi_square(
        "Hausman, auxiliary", found.value, len(tested), "no effect of the means over time"
    )
