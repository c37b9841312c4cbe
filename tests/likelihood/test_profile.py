"""The profile of rho: its value, slope and maximum."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood import Jacobian, LagProfile, LeastSquares, Span, Within, highest
from spatialhealth.likelihood.profile import gaussian
from spatialhealth.operator import SpatialOperator
from tests import brute
from tests.cases import columbus, columbus_weights


@pytest.fixture
def parts():
    ids, W = columbus_weights("queen")
    operator = SpatialOperator((ids, W))
    data = columbus()
    y = data["CRIME"].to_numpy()
    Z = np.column_stack([np.ones(49), data[["INC", "HOVAL"]]])
    jacobian = Jacobian(operator.logdet, Within("none", "lee-yu", 49, 1, True))
    least = LeastSquares.of(Z)
    profile = LagProfile.of(least.fit(y)[1], least.fit(W @ y)[1], jacobian)
    return profile, operator, y, Z, W


def test_value_equals_the_dense_concentrated_likelihood(parts):
    profile, _, y, Z, W = parts
    for rho in (-1.2, -0.3, 0.0, 0.4, 0.9):
        expected = brute.concentrated(rho, y[None], Z[None], W)[0]
        assert profile.value(rho) == pytest.approx(expected, abs=1e-10)


def test_score_is_the_slope_of_the_value(parts):
    profile = parts[0]
    for rho in (-1.2, -0.3, 0.0, 0.4, 0.9):
        step = 1e-6
        numeric = (profile.value(rho + step) - profile.value(rho - step)) / (2 * step)
        assert profile.score(rho) == pytest.approx(numeric, rel=1e-6, abs=1e-5)


def test_the_maximum_is_no_lower_than_any_point_of_a_fine_grid(parts):
    profile, operator, *_ = parts
    best = highest(profile, Span("rho", operator.interval, False))
    low, high = operator.interval
    grid = np.linspace(low, high, 2003)[1:-1]
    assert best.loglik >= max(profile.value(rho) for rho in grid) - 1e-10
    assert abs(best.score) < 1e-8
    assert best.evaluations > 0


def test_a_likelihood_that_rises_to_the_end_of_the_interval_raises():
    # ln(1 - rho) is dropped with time effects, so that nothing holds rho below one
    ids, W = columbus_weights("queen")
    operator = SpatialOperator((ids, W))
    jacobian = Jacobian(operator.logdet, Within("time", "lee-yu", 49, 2, True))
    profile = LagProfile(least=0.1, best=1.02, ww=96.2, size=96, jacobian=jacobian)
    with pytest.raises(ConvergenceError, match="no maximum inside the admissible interval"):
        highest(profile, Span("rho", operator.interval, True))


def test_gaussian_is_the_density_at_its_own_variance():
    e = np.array([1.0, -2.0, 0.5])
    s2 = np.mean(e**2)
    assert gaussian(float(e @ e), 3) == pytest.approx(np.sum(-0.5 * np.log(2 * np.pi * s2) - e**2 / (2 * s2)))


class Parabola:
    """A likelihood with its maximum at 0.3, NaN at one end, and a guide that has none."""

    class Rising:
        def value(self, at):
            return at

        def score(self, at):
            return 1.0

    def __init__(self, guided):
        self.guide = self.Rising() if guided else self

    def value(self, at):
        return np.nan if at < -0.9 else -((at - 0.3) ** 2)

    def score(self, at):
        return -2 * (at - 0.3)


@pytest.mark.parametrize("guided", [False, True])
def test_a_guide_that_leads_astray_and_a_value_that_does_not_exist_are_overcome(guided):
    assert highest(Parabola(guided), Span("rho", (-1.0, 1.0), False)).at[0] == pytest.approx(0.3)
