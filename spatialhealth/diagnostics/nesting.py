"""Whether one fitted model is a special case of another, on the same data and the same likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.diagnostics.fitted import Fitted, check_regressors
from spatialhealth.errors import OptionError, some
from spatialhealth.models.design import CONSTANT, LAG_PREFIX
from spatialhealth.models.result import FitResult
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["Nesting", "common_factor_problem", "nesting", "no_likelihood_ratio"]


@dataclass(frozen=True)
class Nesting:
    """How a model follows from a larger one.

    Parameters
    ----------
    df : int
        Restrictions.
    null : str
        The restrictions in words.
    on_the_edge : bool
        Whether one of them puts a variance at zero, the end of its range.
    """

    df: int
    null: str
    on_the_edge: bool = False


def nesting(restricted: Fitted, full: Fitted) -> Nesting:
    """Say how `restricted` follows from `full`, or refuse.

    Raises
    ------
    OptionError
        If data, effects, likelihood or weights differ, or the one is no special case of the other.
    """
    small, large = restricted.result, full.result
    _same_data(restricted, full)
    _same_likelihood(small, large)
    _same_weights(small, large)
    _same_components(restricted, full)
    extra = [name for name in large.param_names if name not in small.param_names]
    missing = [name for name in small.param_names if name not in large.param_names]
    if not extra and not missing:
        raise OptionError(
            f"Both models have the parameters {some(large.param_names)}: neither restricts the other."
        )
    if missing == ["lambda"] and "rho" in extra:
        problem = common_factor_problem(large)
        if problem or small.lagged:
            raise OptionError(
                _refused(small, large, problem or f"{small.model} has lagged regressors itself.")
            )
        words = ["common factor (theta = -rho beta): the spatial error model is enough"]
        lags = [LAG_PREFIX + name for name in large.lagged]
        more = [name for name in extra if name not in ("rho", *lags)]
        if more:
            words.append(_zero(more))
        # theta and rho follow from beta and lambda, one for one; whatever else is new is zero
        return Nesting(len(extra) - len(missing), "; ".join(words), "phi" in extra)
    if missing:
        raise OptionError(
            _refused(
                small, large, f"{some(missing)} {'is' if len(missing) == 1 else 'are'} not in {large.model}."
            )
        )
    return Nesting(len(extra), _zero(extra), "phi" in extra)


_WORDS = {"rho": "no spatial lag of the outcome", "lambda": "no spatial error", "phi": "no random effects"}
_WORDS |= {"tau": "no effect of the outcome of the period before", "eta": "none of its spatial lag"}


def _zero(extra: list[str]) -> str:
    """Say that parameters are zero."""
    words = ["no spatial lags of regressors"] if any(name.startswith(LAG_PREFIX) for name in extra) else []
    words += [_WORDS[name] for name in extra if name in _WORDS]
    equation = " = ".join(extra) + " = 0"
    return f"{', '.join(words)} ({equation})" if words else equation


def common_factor_problem(result: FitResult) -> str:
    """Say why a spatial error model is no special case of a model with W y and W x; empty if it is one."""
    if result.within.is_dynamic:
        return f"{result.model} is dynamic, and a spatial error would restrict the lags of its outcome too."
    bare = [name for name in result.regressors if LAG_PREFIX + name not in result.param_names]
    if "rho" not in result.param_names or not result.lagged:
        return f"{result.model} has not both W y and W x."
    if bare:
        return f"{some(bare)} stand without spatial lag in {result.model}: set durbin=True."
    if not result.operator.has_unit_rows and (CONSTANT in result.param_names or result.within.has_time):
        return (
            "With weights whose rows do not all sum to one the common factor restricts the lag of the constant "
            "too, which the model does not have. Use row-standardised weights without isolates."
        )
    return ""


def _refused(small: FitResult, large: FitResult, why: str) -> str:
    return (
        f"{small.model} is no special case of {large.model}: {why} A likelihood ratio compares nested "
        "models only; compare others by their information criteria."
    )


def _same_data(restricted: Fitted, full: Fitted) -> None:
    small, large = restricted.result, full.result
    same = (
        small.y.shape == large.y.shape
        and np.array_equal(small.units, large.units)
        and np.array_equal(small.periods, large.periods)
        and np.array_equal(_known(small), _known(large), equal_nan=True)
    )
    if not same:
        raise OptionError(
            f"The models are fitted to different data: {small.response} of {small.n_entities} units in "
            f"{small.n_periods} periods, and {large.response} of {large.n_entities} in {large.n_periods}, "
            "are not the same outcomes in the same order of units. Fit both to one table, with weights in "
            "one order."
        )
    check_regressors(restricted, full)


def _known(result: FitResult) -> Array:
    """Give the outcomes that were observed, NaN for others."""
    return result.y if result.imputed is None else np.where(result.imputed.missing, np.nan, result.y)


def _same_likelihood(small: FitResult, large: FitResult) -> None:
    for result in (small, large):
        problem = no_likelihood_ratio(result)
        if problem:
            raise OptionError(f"{result.model} {problem} Use spatialhealth.diagnostics.wald.")
    if (small.effects, large.effects) == ("none", "random"):
        return
    if small.effects != large.effects or small.correction != large.correction:
        raise OptionError(
            f"The models have different effects: {small.effects} (correction {small.correction!r}) and "
            f"{large.effects} (correction {large.correction!r}). Their likelihoods are of different data; "
            "give both the same effects and correction. For the effects themselves see "
            "spatialhealth.diagnostics.hausman and spatialhealth.diagnostics.redundant_effects."
        )
    if small.within.size != large.within.size or small.within.is_direct != large.within.is_direct:
        raise OptionError(
            f"The likelihoods are of {small.within.size:,} and {large.within.size:,} observations: with "
            "these weights no transformation takes time effects out of a model with W y, which uses the "
            "direct likelihood instead. Use spatialhealth.diagnostics.wald, weights whose rows all sum to "
            "one, or correction='none'."
        )


def no_likelihood_ratio(result: FitResult) -> str:
    """Say why the log-likelihood of a model is none to compare; empty if it is."""
    if not result.has_likelihood:
        return "is estimated by instruments, so that there is no likelihood ratio."
    if result.within.is_adjusted and result.spatial_names:
        return "solves an adjusted score, which is the slope of no likelihood, so that there is no likelihood ratio."
    if result.within.corrects_lags:
        return "is corrected for the bias of its lags, off the maximum, so that there is no likelihood ratio."
    return ""


def _same_weights(small: FitResult, large: FitResult) -> None:
    if (small.has_lag or small.lagged) and (large.has_lag or large.lagged):
        _same_matrix(small.operator, large.operator, "")
    one, other = _of_errors(small), _of_errors(large)
    if one is not None and other is not None:
        _same_matrix(one, other, " of the errors")
    if one is not None and other is None:
        _same_matrix(one, large.operator, "")


def _same_components(restricted: Fitted, full: Fitted) -> None:
    """Refuse two ways in which random effects and spatial errors mix; one of them is no SDM with a common factor."""
    if restricted.result.effects != "random" or "lambda" not in restricted.spatial:
        return
    forms = (restricted.model.error_components, full.model.error_components)
    if "lambda" not in full.spatial:
        if forms[0] != "kkp":
            raise OptionError(
                "With error_components='baltagi' the random effects have no spatial process, and the spatial error "
                "model is no special case of SpatialDurbin. Use error_components='kkp'."
            )
    elif forms[0] != forms[1]:
        raise OptionError(
            f"The models have error_components={forms[0]!r} and {forms[1]!r}: neither restricts the other. "
            "Give both the same."
        )


def _of_errors(result: FitResult) -> SpatialOperator | None:
    if "lambda" not in result.param_names:
        return None
    return result.error_operator or result.operator


def _same_matrix(one: SpatialOperator, other: SpatialOperator, which: str) -> None:
    if one is not other and (one.matrix != other.matrix).nnz:
        raise OptionError(
            f"The models have different weights{which}: neither restricts the other. Compare them by "
            "their information criteria."
        )
