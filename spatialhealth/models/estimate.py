"""Estimation: maximum likelihood with spatial lags of outcome or errors, least squares without."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import ConvergenceError, IdentificationError
from spatialhealth.likelihood.bias import direct_correction
from spatialhealth.likelihood.covariance import invert_information
from spatialhealth.likelihood.filter import ErrorFilter
from spatialhealth.likelihood.information import expected_information, observed_information
from spatialhealth.likelihood.lagged import lagged_score
from spatialhealth.likelihood.least_squares import vanished
from spatialhealth.likelihood.maximum import Optimum, Span, highest, highest_of_two
from spatialhealth.likelihood.profile import ErrorProfile, LagProfile, gaussian
from spatialhealth.likelihood.sandwich import Scores
from spatialhealth.likelihood.stacked_filter import filter_of
from spatialhealth.likelihood.state import State
from spatialhealth.likelihood.transform import Within
from spatialhealth.models.chance import Asked, approximations, covariance_of, sharpened, shifts
from spatialhealth.models.covariances import Covariance
from spatialhealth.models.design import Sample
from spatialhealth.models.result import Estimate
from spatialhealth.operator.operator import SpatialOperator

__all__ = ["RIVAL", "least_squares", "maximum_likelihood", "rivals", "tells_lambda", "tells_rho"]

_LARGE = 5_000  # units beyond which the expected information takes longer than all the rest
RIVAL = "Rival maximum"
_NEAR = 2.0  # log-likelihood units within which another maximum is worth a word


def maximum_likelihood(
    sample: Sample,
    lagged: Array | None,
    within: Within,
    lag: SpatialOperator | None,
    error: SpatialOperator | None,
    covariance: Covariance,
) -> Estimate:
    """Estimate y = rho W y + Z delta + u, u = lambda M u + e.

    Parameters
    ----------
    sample : Sample
    lagged : ndarray of shape (N,) or None
        W y, with the effects taken out after the lag; None for a model without it.
    within : Within
    lag, error : SpatialOperator or None
        W and M; None for a model without lag, or without spatial errors.
    covariance : Covariance

    Returns
    -------
    Estimate

    Raises
    ------
    IdentificationError
        If W y repeats y, or M u repeats u, so that nothing tells rho or lambda.
    ConvergenceError
        If the likelihood has no maximum inside the admissible region, or a bias correction leads out of it.
    StabilityError
        If a dynamic model is not stable, so that its bias correction does not exist.
    """
    turned = _Turned.of(sample, lagged)
    filtered = filter_of(turned.columns, within, error)
    if error is not None:
        tells_lambda(turned.columns[:, 0], error, within)
    state, best = _maximise(turned, filtered, within, lag, error)
    turn = turned.back_to_parameters(state)
    if within.is_direct or within.corrects_lags:
        state = _moved(state, _correction(state, turned, turn))
    found, asked = turn @ covariance.of_likelihood(state)[:-1, :-1] @ turn.T, _asked(state)
    moved = shifts(asked, _responses(state, asked, turn))
    engines = sharpened(asked, moved, found)
    if any(engines[name] is not each.operator for name, each in asked.items()):
        return maximum_likelihood(
            sample, lagged, within, engines.get("rho"), engines.get("lambda"), covariance
        )
    found = found + covariance_of(moved)
    return Estimate(
        delta=turned.delta(state),
        spatial={name: state.rho if name == "rho" else state.lam for name in state.spatial},  # type: ignore[misc]
        sigma2=state.sigma2,
        covariance=found,
        loglik=best.loglik,
        score=best.score,
        evaluations=best.evaluations,
        facts=rivals(best.loglik, [(_where(each, state.spatial), each.loglik) for each in best.rivals]),
        operators=engines,
        approximations=approximations(asked, moved, found),
    )


def _asked(state: State) -> dict[str, Asked]:
    """Give the log-determinants of a state, with where they were asked."""
    operators = {"rho": (state.lag, state.rho), "lambda": (state.error, state.lam)}
    return {
        name: Asked(operators[name][0], operators[name][1], place, state.within.periods)  # type: ignore[arg-type]
        for place, name in enumerate(state.spatial, start=state.k)
    }


def _responses(state: State, asked: dict[str, Asked], turn: Array) -> dict[str, Array]:
    """Give what the parameters move by with the score of each stochastic log-determinant."""
    if all(each.operator.logdet.is_exact for each in asked.values()):
        return {}
    bread = invert_information(observed_information(state))
    return {name: turn @ bread[:-1, each.place] for name, each in asked.items()}


def least_squares(sample: Sample, within: Within, covariance: Covariance) -> Estimate:
    """Estimate y = Z delta + e.

    Parameters
    ----------
    sample : Sample
    within : Within
    covariance : Covariance

    Returns
    -------
    Estimate
        The variance is the one of maximum likelihood; the covariance has the unbiased one, with the fixed
        effects counted as parameters, or is a robust one.
    """
    delta, residual = sample.projection.fit(sample.y)
    total = float(residual @ residual)
    scores = Scores.of_least_squares(sample.projection.q, residual, (within.t, within.n))
    back = sample.projection.back
    return Estimate(
        delta=delta,
        spatial={},
        sigma2=total / within.size,
        covariance=back @ covariance.of_least_squares(scores, within) @ back.T,
        loglik=gaussian(total, within.size),
    )


@dataclass(frozen=True, eq=False)
class _Turned:
    """Outcome and lag with the design out of them, and the design made orthonormal."""

    columns: Array
    from_y: Array
    from_lag: Array | None
    back: Array

    @classmethod
    def of(cls, sample: Sample, lagged: Array | None) -> _Turned:
        from_y, left_of_y = sample.projection.fit(sample.y)
        if lagged is None:
            columns = np.column_stack([left_of_y, sample.projection.q])
            return cls(columns, from_y, None, sample.projection.back)
        from_lag, left_of_lag = sample.projection.fit(lagged)
        tells_rho(left_of_y, left_of_lag, lagged)
        columns = np.column_stack([left_of_y, left_of_lag, sample.projection.q])
        return cls(columns, from_y, from_lag, sample.projection.back)

    def delta(self, state: State) -> Array:
        """Give the coefficients of the design as it was."""
        delta = self.from_y - self.back @ state.left[len(state.left) - state.k :]
        return np.asarray(delta if self.from_lag is None else delta - (state.rho or 0.0) * self.from_lag)

    def back_to_parameters(self, state: State) -> Array:
        """Give what turns the parameters of the turned design into (delta, rho, lambda)."""
        k = state.k
        turn = np.eye(k + len(state.spatial))
        turn[:k, :k] = self.back
        if self.from_lag is not None:
            turn[:k, k] = -self.from_lag
        return turn


def _maximise(
    turned: _Turned,
    filtered: ErrorFilter,
    within: Within,
    lag: SpatialOperator | None,
    error: SpatialOperator | None,
) -> tuple[State, Optimum]:
    """Find the maximum, and give the state there."""
    columns, k = turned.columns, len(turned.back)
    if error is None:
        assert lag is not None
        one = LagProfile.of(columns[:, 0], columns[:, 1], within.jacobian(lag, "rho"))
        best = highest(one, _span("rho", lag, within))
        rho, lam, coefficients = best.at[0], None, np.zeros(k)
        squares = one.sum_of_squares(rho)
    else:
        profile = ErrorProfile(
            filtered, None if lag is None else within.jacobian(lag, "rho"), within.jacobian(error, "lambda")
        )
        if lag is None:
            best = highest(profile.in_lambda, _span("lambda", error, within))
            rho, lam = None, best.at[0]
        else:
            best = highest_of_two(profile, _span("rho", lag, within), _span("lambda", error, within))
            rho, lam = best.at
        coefficients = profile.coefficients(rho or 0.0, lam)
        squares = 0.0
    left = np.concatenate([[1.0], [] if rho is None else [-rho], -coefficients])
    if error is not None:
        squares = float(np.square(filtered.columns(lam or 0.0) @ left).sum())
    return State(filtered, left, rho, lam, squares / within.size, within, lag, error), best


def _correction(state: State, turned: _Turned, turn: Array) -> Array:
    """Give what to add to the parameters of the turned design for the fixed effects that were estimated along."""
    # the observed information stands in for the expected one where that takes long, with an error of higher order
    large = state.within.n > _LARGE
    information = observed_information(state) if large else expected_information(state)
    shift = np.zeros(len(information))
    if state.within.is_direct:
        shift += direct_correction(information, state)
    if state.within.corrects_lags:
        score = lagged_score(turned.delta(state), state)
        shift += np.linalg.solve(information, np.append(turn.T @ score[:-1], score[-1]))
    return shift


def _span(name: str, operator: SpatialOperator, within: Within) -> Span:
    return Span(name, operator.interval, within.drops_constant)


def _where(optimum: Optimum, names: tuple[str, ...]) -> str:
    return ", ".join(f"{name} {at:.4f}" for name, at in zip(names, optimum.at, strict=True))


def rivals(highest: float, others: list[tuple[str, float]]) -> dict[str, str]:
    """Say which other maxima are nearly as high.

    Parameters
    ----------
    highest : float
        The log-likelihood that was kept.
    others : list of (str, float)
        Where each of the others is, and its log-likelihood.

    Returns
    -------
    dict of str to str
        A line for the summary; empty if there is none.
    """
    words = [
        f"{where} (log-likelihood {highest - loglik:.3f} lower)"
        for where, loglik in others
        if highest - loglik < _NEAR
    ]
    return {RIVAL: "; ".join(words)} if words else {}


def tells_rho(outcome: Array, lag: Array, whole: Array) -> None:
    """Raise if what the regressors leave of W y is a multiple of what they leave of y."""
    left = lag - outcome * float(outcome @ lag) / float(outcome @ outcome)
    if vanished(left, whole - whole.mean()):
        raise IdentificationError(
            "Once regressors and effects are out, nothing is left of W y but a multiple of y, which cannot tell "
            "rho. Either every unit neighbours every other with the same weight: use sparser weights; or the "
            "model fits without any error: leave out what the outcome is made of."
        )


def tells_lambda(residual: Array, error: SpatialOperator, within: Within) -> None:
    """Raise if the lag of the residuals is a multiple of the residuals."""
    lagged = within.apply(error.lag(residual.reshape(within.t, within.n))).reshape(-1)
    left = lagged - residual * float(residual @ lagged) / float(residual @ residual)
    if vanished(left, lagged):
        raise IdentificationError(
            "The spatial lag of the residuals is a multiple of the residuals, which cannot tell lambda: every unit "
            "neighbours every other with the same weight. Use sparser weights for the errors."
        )


def _moved(state: State, shift: Array) -> State:
    """Give the state at parameters moved by `shift`: delta, rho, lambda, sigma2."""
    k, left, place = state.k, state.left.copy(), state.k
    left[len(left) - k :] -= shift[:k]
    rho, lam = state.rho, state.lam
    if rho is not None:
        rho, place = rho + float(shift[place]), place + 1
        left[1] = -rho
    if lam is not None:
        lam = lam + float(shift[place])
    for name, at, operator in (("rho", rho, state.lag), ("lambda", lam, state.error)):
        if at is not None and operator is not None and not operator.admits(at):
            low, high = operator.interval
            raise ConvergenceError(
                f"The bias correction moves {name} to {at:.4f}, out of the admissible interval "
                f"({low:.4f}, {high:.4f}). The data are near a unit root, where it is not valid: use "
                "correction='none', which has the bias."
            )
    return replace(state, left=left, rho=rho, lam=lam, sigma2=state.sigma2 + float(shift[-1]))
