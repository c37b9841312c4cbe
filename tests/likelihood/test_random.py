"""The likelihood of random effects against dense nT x nT matrices, and its two ways to ln|I + c G|."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spatialhealth.errors import SizeError
from spatialhealth.likelihood import probed as probed_module
from spatialhealth.likelihood.baltagi import OwnFilter
from spatialhealth.likelihood.probed import ProbedShifted
from spatialhealth.likelihood.random import RandomLikelihood, RandomSample
from spatialhealth.likelihood.shifted import DenseShifted, SparseShifted
from spatialhealth.likelihood.transform import Within
from spatialhealth.operator import SpatialOperator
from tests import brute, brute_random, lattices, small

FORMS = ("kkp", "baltagi")
POINTS = [(0.3, 0.4, 2.0), (-0.4, 0.6, 0.5), (0.5, -0.7, 30.0), (0.2, 0.1, 0.0)]


def ring(n):
    return (0.3 * np.roll(np.eye(n), 1, axis=1) + 0.7 * np.roll(np.eye(n), -1, axis=1)) * 0.9


def sample(form, T=4, lag=True, error=True):
    W, M = small.lattice(3, 4), ring(12)
    Y, X = small.arrays(W, T, seed=3)
    Z = brute.design(X, W, [0], True)
    operator, other = (SpatialOperator((np.arange(12), matrix)) for matrix in (W, M))
    within = Within("random", "none", 12, T, True)
    parts = RandomSample(Y, Y @ W.T if lag else None, Z, within, operator, other if error else None, form)
    return parts, (Y, Z, W, M)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("rho", "lam", "c"), POINTS)
def test_value_score_and_hessian_equal_dense_ones(form, rho, lam, c):
    parts, arrays = sample(form)
    likelihood = RandomLikelihood(parts)
    point = likelihood.at(rho, lam, c)
    theta = np.array([*point.delta, rho, lam, c / 4, point.sigma2])
    assert likelihood.value(rho, lam, c) == pytest.approx(brute_random.loglik(theta, *arrays, form), abs=1e-9)
    assert point.loglik == likelihood.value(rho, lam, c)
    back = np.linalg.inv(point.turn) @ np.diag([*np.ones(len(theta) - 2), 4.0, 1.0])  # c = 4 phi
    mine = back.T @ point.information @ back
    if c == 0:  # phi cannot be lowered: leave it out
        keep = [i for i in range(len(theta)) if i != len(theta) - 2]
        H = brute.hessian(lambda t: brute_random.loglik(np.insert(t, -1, 0.0), *arrays, form), theta[keep])
        mine = mine[np.ix_(keep, keep)]
    else:
        H = brute.hessian(lambda t: brute_random.loglik(t, *arrays, form), theta)
    scale = np.sqrt(np.abs(np.diag(H)))
    # second differences of a likelihood known to 1e-13, with steps of 1e-5, are good to about 1e-4
    np.testing.assert_allclose(mine / np.outer(scale, scale), -H / np.outer(scale, scale), atol=2e-4)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(("rho", "lam", "c"), POINTS[:3])
def test_score_is_the_slope_of_the_value(form, rho, lam, c):
    likelihood = RandomLikelihood(sample(form)[0])
    at = np.array([rho, lam, c])
    for place, h in enumerate([1e-5, 1e-5, 1e-4 * c]):
        move = h * np.eye(3)[place]
        slope = (likelihood.value(*(at + move)) - likelihood.value(*(at - move))) / (2 * h)
        assert likelihood.at(*at).score[place] == pytest.approx(slope, rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("form", FORMS)
def test_score_of_the_variance_at_its_bound_looks_inwards(form):
    likelihood = RandomLikelihood(sample(form)[0])
    h = 1e-6
    values = [likelihood.value(0.3, 0.4, step * h) for step in (0, 1, 2)]
    slope = (-3 * values[0] + 4 * values[1] - values[2]) / (2 * h)
    assert likelihood.at(0.3, 0.4, 0.0).score[2] == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("lag", [False, True])
def test_without_a_process_of_the_errors_both_forms_are_one(lag):
    values = {
        form: RandomLikelihood(sample(form, lag=lag, error=False)[0]).value(0.3, 0.0, 2.0) for form in FORMS
    }
    assert values["kkp"] == values["baltagi"]
    parts, (Y, Z, W, M) = sample("kkp", lag=lag, error=False)
    point = RandomLikelihood(parts).at(0.3 if lag else 0.0, 0.0, 2.0)
    theta = np.array([*point.delta, 0.3 if lag else 0.0, 0.0, 0.5, point.sigma2])
    assert point.loglik == pytest.approx(brute_random.loglik(theta, Y, Z, W, M, "baltagi"), abs=1e-9)


@pytest.mark.parametrize(
    "matrix", [small.lattice(4, 5), ring(20), 3 * ring(20)], ids=["lattice", "ring", "times 3"]
)
@pytest.mark.parametrize("lam", [-0.9, 0.0, 0.3, 0.95])
@pytest.mark.parametrize("c", [0.0, 1e-3, 1.0, 50.0, 5_000.0])
def test_sparse_and_dense_ways_to_the_log_determinant_agree(matrix, lam, c):
    lam = lam / matrix.sum(axis=1).max()
    dense, sparse = DenseShifted(sp.csr_matrix(matrix)), SparseShifted(sp.csr_matrix(matrix))
    eye = np.eye(20)
    whole = np.linalg.slogdet(eye + c * (eye - lam * matrix).T @ (eye - lam * matrix))[1]
    assert dense.log_det(lam, c) == pytest.approx(whole, rel=1e-12, abs=1e-12)
    assert sparse.log_det(lam, c) == pytest.approx(whole, rel=1e-12, abs=1e-12)
    x = np.arange(20.0)
    np.testing.assert_allclose(sparse.solve(lam, c, x), dense.solve(lam, c, x), rtol=1e-10)
    (first, second), (other, bend) = dense.derivatives(lam, c), sparse.derivatives(lam, c)
    # in units in which lambda and ln(1 + c) move F by about one a unit
    scale = np.array([1.0, 1.0 + c])
    np.testing.assert_allclose(other * scale, first * scale, rtol=1e-8, atol=1e-8)
    np.testing.assert_allclose(
        bend * np.outer(scale, scale), second * np.outer(scale, scale), rtol=1e-6, atol=1e-6
    )


def test_derivatives_of_the_log_determinant_are_those_of_its_value():
    engine, h = DenseShifted(sp.csr_matrix(ring(20))), 1e-4

    def value(at):
        return engine.log_det(*at)

    at = np.array([0.4, 3.0])
    first, second = engine.derivatives(*at)
    for i in range(2):
        move = h * np.eye(2)[i]
        assert first[i] == pytest.approx((value(at + move) - value(at - move)) / (2 * h), rel=1e-6)
    np.testing.assert_allclose(second, brute.hessian(value, at), rtol=1e-5)


def test_rows_keep_the_digits_of_a_design_with_large_means():
    parts, _ = sample("kkp", error=False)
    plain = RandomLikelihood(parts).at(0.3, 0.0, 2.0)
    z = parts.z.copy()
    z[..., 1] += 1e8
    moved = RandomLikelihood(RandomSample(parts.y, parts.lag, z, parts.within, parts.operator)).at(
        0.3, 0.0, 2.0
    )
    assert moved.loglik == pytest.approx(plain.loglik, abs=1e-6)
    np.testing.assert_allclose(moved.delta[1:], plain.delta[1:], rtol=1e-6)


def test_dense_factors_have_the_limit_of_the_engine():
    n = 10_001
    next_one = sp.csr_matrix((np.ones(n), (np.arange(n), (np.arange(n) + 1) % n)), shape=(n, n))
    operator = SpatialOperator((np.arange(n), next_one + next_one.T), "eigen")
    with pytest.raises(SizeError, match="would need a dense matrix"):
        OwnFilter(np.zeros((n, 1)), operator)


MANY = {"queen": lattices.queen(20), "nearest": lattices.nearest(400)}


@pytest.fixture(scope="module", params=MANY)
def two_ways(request):
    matrix = MANY[request.param]
    return DenseShifted(matrix), ProbedShifted(matrix, (-1.0, 1.0))


@pytest.mark.parametrize("lam", [-0.5, 0.1, 0.6, 0.9])
@pytest.mark.parametrize("c", [0.1, 2.0, 40.0])
def test_the_way_of_many_units_is_within_its_error(two_ways, lam, c):
    dense, probed = two_ways
    x = np.random.default_rng(0).standard_normal((400, 2))
    np.testing.assert_allclose(probed.solve(lam, c, x), dense.solve(lam, c, x), rtol=1e-7, atol=1e-9)
    assert abs(probed.log_det(lam, c) - dense.log_det(lam, c)) < 5 * probed.log_det_error(lam, c) + 1e-8
    first, second = dense.derivatives(lam, c)
    found, bend = probed.derivatives(lam, c)
    errors = np.sqrt(np.square(probed.slope_errors(lam, c)).sum(axis=0))
    assert np.all(np.abs(found - first) < 5 * errors + 1e-6)
    scale = np.array([1.0, 1.0 + c])
    np.testing.assert_allclose(
        bend * np.outer(scale, scale), second * np.outer(scale, scale), rtol=0.1, atol=4
    )


def test_its_derivatives_are_those_of_its_value(two_ways):
    _, probed = two_ways
    at, h = np.array([0.45, 3.0]), 1e-4
    first, second = probed.derivatives(*at)
    for i in range(2):
        move = h * np.eye(2)[i]
        values = [probed.log_det(*(at + sign * move)) for sign in (-1, 1)]
        assert first[i] == pytest.approx(np.diff(values)[0] / (2 * h), rel=1e-4)
    slopes = [probed.derivatives(0.45 + sign * h, 3.0)[0] for sign in (-1, 1)]
    np.testing.assert_allclose(second[0], (slopes[1] - slopes[0]) / (2 * h), rtol=1e-2)


def test_its_errors_are_those_of_chance(monkeypatch):
    matrix, lam, c = MANY["queen"], 0.6, 5.0
    dense, scores = DenseShifted(matrix), []
    exact = dense.derivatives(lam, c)[0]
    for seed in range(30):
        monkeypatch.setattr(probed_module, "_SEED", seed)
        probed = ProbedShifted(matrix, (-1.0, 1.0))
        errors = np.sqrt(np.square(probed.slope_errors(lam, c)).sum(axis=0))
        scores.append((probed.derivatives(lam, c)[0] - exact) / errors)
    spread = np.sqrt(np.mean(np.square(scores), axis=0))
    assert np.all((spread > 0.6) & (spread < 1.5))


def test_the_error_between_the_points_of_its_grid_is_stated():
    # of a star two eigenvalues say all, so that nothing but interpolation is left to err
    n = 60
    star = np.zeros((n, n))
    star[0, 1:], star[1:, 0] = 1 / (n - 1), 1.0
    dense, probed = DenseShifted(sp.csr_matrix(star)), ProbedShifted(sp.csr_matrix(star), (-1.0, 1.0))
    for lam, c in ((0.4, 5.0), (0.9, 50.0), (-0.7, 200.0)):
        exact, found = dense.derivatives(lam, c)[0], probed.derivatives(lam, c)[0]
        errors = np.sqrt(np.square(probed.slope_errors(lam, c)).sum(axis=0))
        assert np.all(np.abs(found - exact) < 6 * errors + 1e-7 * np.abs(exact))
        assert np.all(errors < 0.05 * np.abs(exact) + 1e-6)
