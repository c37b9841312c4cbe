"""Monte-Carlo error of stochastic log-determinants: in estimates, covariances, effects and summaries."""

from __future__ import annotations

import warnings
from functools import cache

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import ApproximationWarning
from spatialhealth.operator import Lanczos
from tests import lattices

N = 900
RHO = 0.6


def sample(W, periods=1, seed=0, rho=RHO):
    n, rng = W.shape[0], np.random.default_rng(seed)
    X = rng.standard_normal((periods, n, 2))
    effects = rng.standard_normal(n) if periods > 1 else np.zeros(n)
    inner = X @ np.ones(2) + effects + rng.standard_normal((periods, n))
    inverse = np.linalg.inv(np.eye(n) - rho * W.toarray())
    return inner @ inverse.T, X


QUEEN, NEAREST = lattices.queen(30), lattices.nearest(N)


@cache
def operator_of(kind, logdet):
    return sh.SpatialOperator((np.arange(N), {"queen": QUEEN, "nearest": NEAREST}[kind]), logdet=logdet)


def fit(cls, kind, logdet, periods=1, **options):
    operator = operator_of(kind, logdet)
    Y, X = sample(operator.matrix, periods)
    return cls(weights=operator, **options).fit_arrays(Y, X)


FAMILY = [
    (sh.SpatialLag, {}),
    (sh.SpatialDurbin, {}),
    (sh.SpatialError, {}),
    (sh.SpatialDurbinError, {}),
    (sh.SpatialCombined, {}),
    (sh.GeneralNesting, {}),
    (sh.SpatialDurbin, {"effects": "two-way", "periods": 4}),
    (sh.SpatialDurbinError, {"effects": "two-way", "periods": 4}),
    (sh.SpatialDurbin, {"effects": "random", "periods": 4}),
    (sh.SpatialError, {"effects": "random", "error_components": "kkp", "periods": 4}),
    (sh.SpatialDurbin, {"effects": "entity", "dynamic": "time", "periods": 6}),
]


@pytest.mark.parametrize("kind", ["queen", "nearest"])
@pytest.mark.parametrize(("cls", "options"), FAMILY, ids=lambda each: getattr(each, "__name__", str(each)))
def test_every_model_is_within_its_stated_error_of_the_exact_one(cls, options, kind):
    exact, found = fit(cls, kind, "eigen", **options), fit(cls, kind, "lanczos", **options)
    assert exact.result_.approximation == {}
    assert exact.result_.approximations == {}
    stated = found.result_.approximation
    assert set(stated) == set(found.result_.spatial_names) - {"phi", "tau", "eta"}
    place = found.result_.position
    for name, error in stated.items():
        assert abs(found.params_[name] - exact.params_[name]) < 5 * error
        assert error < 0.021 * found.std_errors_[name]
        assert found.result_.approximations[name].share == pytest.approx(error / found.std_errors_[name])
    # other parameters move with them
    moved = np.sum([np.abs(each.shift) for each in found.result_.approximations.values()], axis=0)
    assert np.all(np.abs(found.result_.params - exact.result_.params) < 5 * moved + 1e-9)
    np.testing.assert_allclose(found.std_errors_, exact.std_errors_, rtol=2e-2)
    loglik = np.linalg.norm([each.loglik for each in found.result_.approximations.values()])
    assert abs(found.loglik_ - exact.loglik_) < 5 * loglik
    for text in ("Monte-Carlo error", "stochastic", "probes of"):
        assert text in str(found.summary())
        assert text not in str(exact.summary())
    assert set(place) == set(exact.result_.position)


def test_the_error_is_in_the_covariance_of_parameters_and_effects():
    poor = Lanczos(accuracy=0.9, probes=4)
    Y, X = sample(NEAREST, rho=0.9)
    model = sh.SpatialDurbin(weights=(np.arange(N), NEAREST), logdet=poor).fit_arrays(Y, X)
    found = model.result_.approximations["rho"]
    operator, result = model.result_.operator, model.result_
    # the information without the error, from the same likelihood: rho's variance is that and the error's
    without = result.covariance - np.outer(found.shift, found.shift)
    assert np.all(np.linalg.eigvalsh(without) > 0)
    place = result.position["rho"]
    assert found.shift[place] == pytest.approx(found.std_error)
    assert result.std_errors[place] ** 2 == pytest.approx(without[place, place] + found.std_error**2)
    # the mean direct effect is made of L' itself too: differences of the whole chain say how far it moves
    effects = model.impacts()
    beta, theta = (
        np.array([result.params[result.position[p + x]] for x in ("x1", "x2")]) for p in ("", "W:")
    )

    def direct(by):
        at = result.params + by * found.shift
        rho = at[place]
        slope = operator.logdet.slope(rho) + by * found.slope
        b, t = (np.array([at[result.position[p + x]] for x in ("x1", "x2")]) for p in ("", "W:"))
        return (b * (N - rho * slope) - t * slope) / N

    moved = (direct(0.01) - direct(-0.01)) / 0.02
    pairs_gradient = np.sqrt(np.diag(effects.covariance)).reshape(2, 3)[:, 0] ** 2
    plain = []
    for k in range(2):
        gradient = np.zeros(len(result.params))
        rho = result.params[place]
        _, first, second = operator.logdet.derivatives(rho)
        gradient[result.position[f"x{k + 1}"]] = (N - rho * first) / N
        gradient[result.position[f"W:x{k + 1}"]] = -first / N
        gradient[place] = (beta[k] * (-first - rho * second) - theta[k] * second) / N
        plain.append(gradient @ without @ gradient)
    np.testing.assert_allclose(pairs_gradient, np.array(plain) + moved**2, rtol=1e-6)


def test_probes_are_added_until_the_error_is_small_enough():
    model = fit(sh.SpatialDurbin, "queen", Lanczos(accuracy=0.0005, probes=4))
    engine = model.result_.operator.logdet
    assert engine.probes > 4
    assert model.result_.approximations["rho"].share <= 0.0005 * 1.05
    # and the operator that was given is left as it was
    operator = sh.SpatialOperator((np.arange(N), QUEEN), logdet=Lanczos(accuracy=0.0005, probes=4))
    Y, X = sample(QUEEN)
    again = sh.SpatialDurbin(weights=operator).fit_arrays(Y, X)
    assert operator.logdet.probes == 4
    assert again.rho_ == model.rho_


def test_too_large_an_error_is_said():
    Y, X = sample(QUEEN, rho=0.95)
    model = sh.SpatialLag(weights=(np.arange(N), QUEEN), logdet=Lanczos(accuracy=0.001, most_probes=8))
    with pytest.warns(ApproximationWarning, match="Monte-Carlo error of rho"):
        model.fit_arrays(Y, X)


def test_one_operator_serves_lag_and_errors():
    model = fit(sh.SpatialCombined, "queen", "lanczos")
    assert model.result_.operator is model.result_.error_operator


def test_panels_with_holes_and_missing_outcomes_have_it_too():
    Y, X = sample(QUEEN, periods=4)
    Y[0, :7], Y[2, 5:9] = np.nan, np.nan
    for missing in ("unbalanced", "likelihood"):
        options = {"weights": (np.arange(N), QUEEN), "effects": "none", "missing": missing}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", sh.errors.SpatialHealthWarning)
            found, exact = (
                sh.SpatialDurbin(**options, logdet=logdet).fit_arrays(Y, X) for logdet in ("lanczos", "eigen")
            )
        error = found.result_.approximation["rho"]
        assert abs(found.rho_ - exact.rho_) < 5 * error
        assert error < 0.021 * found.std_errors_["rho"]
