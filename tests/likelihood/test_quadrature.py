"""The integral from a log-density: known integrals, sharp, broad, at an end, and with two peaks."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import betaln, ndtr

from spatialhealth.errors import ConvergenceError
from spatialhealth.likelihood.quadrature import integrate
from tests.refusal import refusal


def gauss(at, width):
    return lambda x: -0.5 * ((x - at) / width) ** 2


def log_gauss(at, width, low, high):
    inside = ndtr((high - at) / width) - ndtr((low - at) / width)
    return np.log(width * np.sqrt(2 * np.pi) * inside)


# twelve digits are promised
@pytest.mark.parametrize("width", [1e-4, 1e-2, 0.3, 2.0])
@pytest.mark.parametrize("at", [-1.2, 0.3, 0.99])
def test_a_normal_density(at, width):
    mass = integrate(gauss(at, width), (-1.5, 1.0))
    assert mass.log_total == pytest.approx(log_gauss(at, width, -1.5, 1.0), abs=1e-11)


def test_where_the_mass_lies():
    mass = integrate(gauss(0.2, 0.01), (-1.0, 1.0))
    assert (mass.mean, mass.std) == (pytest.approx(0.2, abs=1e-12), pytest.approx(0.01, abs=1e-12))


@pytest.mark.parametrize("shape", [1.0, 1.01, 1.5, 40.0])
def test_a_beta_density_which_is_not_smooth_at_its_ends(shape):
    def log_density(x):
        return (shape - 1) * (np.log1p(x) + np.log1p(-x)) if abs(x) < 1 else -np.inf

    mass = integrate(log_density, (-1.0, 1.0))
    assert mass.log_total == pytest.approx((2 * shape - 1) * np.log(2) + betaln(shape, shape), abs=1e-11)
    assert mass.mean == pytest.approx(0, abs=1e-12)


def test_two_peaks_apart():
    peaks = [(-0.8, 0.05), (0.5, 0.02)]
    mass = integrate(lambda x: np.logaddexp(*(gauss(*peak)(x) for peak in peaks)), (-1.0, 1.0))
    exact = np.logaddexp(*(log_gauss(*peak, -1, 1) for peak in peaks))
    assert mass.log_total == pytest.approx(exact, abs=1e-11)


def test_values_that_would_overflow():
    for level in (-1e6, 1e6):
        mass = integrate(lambda x, level=level: level + gauss(0.1, 0.05)(x), (-1.0, 1.0))
        assert mass.log_total - level == pytest.approx(log_gauss(0.1, 0.05, -1, 1), abs=1e-8)


def test_what_is_not_smooth_is_refused():
    rng = np.random.default_rng(0)
    with refusal(ConvergenceError, "does not settle", "between -1.0000 and 1.0000"):
        integrate(lambda x: 5 * rng.normal(), (-1.0, 1.0))
