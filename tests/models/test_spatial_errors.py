"""Spatial errors, alone and beside a lag, against dense likelihoods, explicit transformations and dummies."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, IdentificationError, TransformationWarning
from tests import brute, lattices, small

KINDS = {
    sh.SpatialError: (False, False),
    sh.SpatialDurbinError: (False, True),
    sh.SpatialCombined: (True, False),
    sh.GeneralNesting: (True, True),
}
HESSIAN = 2e-5  # what second differences leave
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda k: k.__name__)


def data(seed=0, T=5, rho=0.3, lam=0.4):
    """A panel from known parameters, with other weights for the errors."""
    rng = np.random.default_rng(seed)
    W, M = small.lattice(4, 5), ring(20)
    X = rng.normal(size=(T, 20, 2))
    eye = np.eye(20)
    u = np.linalg.solve(eye - lam * M, rng.normal(size=(20, T))).T
    mean = X @ [1.0, -0.5] + np.einsum("ij,tjk->tik", W, X) @ [0.5, 0.2] + rng.normal(size=20)
    return np.linalg.solve(eye - rho * W, (mean + u + rng.normal(size=(T, 1))).T).T, X, W, M


def ring(n):
    return (np.roll(np.eye(n), 1, axis=1) + np.roll(np.eye(n), -1, axis=1)) / 2


def fit(kind, Y, X, W, M, **options):
    if kind is sh.SpatialError:
        return kind((np.arange(len(M)), M), **options).fit_arrays(Y, X)
    weights = {"weights": (np.arange(len(W)), W), "error_weights": (np.arange(len(M)), M)}
    return kind(**weights, **options).fit_arrays(Y, X)


def parts(kind, X, W, effects):
    has_lag, durbin = KINDS[kind]
    Z = brute.design(X, W, [0, 1] if durbin else [], effects == "none")
    return has_lag, Z


@every_kind
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_transformation_equals_explicit_helmert_matrices(kind, effects):
    Y, X, W, M = data()
    has_lag, Z = parts(kind, X, W, effects)
    model = fit(kind, Y, X, W, M, effects=effects)
    y, z, w = brute.transformed(Y, Z, W, effects)
    m = brute.transformed(Y, Z, M, effects)[2]
    start = [model.rho_, model.lambda_] if has_lag else [model.lambda_]
    at, value = brute.maximise_both(y, z, w if has_lag else None, m, start)
    np.testing.assert_allclose([*model.params_, model.sigma2_], at, atol=2e-6)
    assert model.loglik_ == pytest.approx(value, abs=1e-8)
    mine = np.append(model.result_.params, model.sigma2_)
    H = brute.hessian_at_maximum(lambda t: brute.loglik_of_both(t, y, z, w if has_lag else None, m), mine)
    np.testing.assert_allclose(model.std_errors_, np.sqrt(np.diag(np.linalg.inv(-H)))[:-1], rtol=HESSIAN)


@every_kind
@pytest.mark.parametrize("effects", ["time", "two-way"])
@pytest.mark.parametrize("rows", ["unit", "unequal"])
def test_no_correction_equals_dummy_variables(kind, effects, rows):
    Y, X, W, M = data(1)
    if rows == "unequal":
        M = M * np.linspace(0.5, 1.0, 20)[:, None]
        W = W * np.linspace(1.0, 0.7, 20)[:, None]
    has_lag, Z = parts(kind, X, W, effects)
    model = fit(kind, Y, X, W, M, effects=effects, correction="none")
    z = brute.with_dummies(Z, effects)
    start = [model.rho_, model.lambda_] if has_lag else [model.lambda_]
    at, value = brute.maximise_both(Y, z, W if has_lag else None, M, start)
    K, k = Z.shape[2], z.shape[2]
    np.testing.assert_allclose(model.params_, [*at[:K], *at[k:-1]], atol=2e-6)
    assert model.sigma2_ == pytest.approx(at[-1], rel=1e-6)
    assert model.loglik_ == pytest.approx(value, abs=1e-8)
    H = brute.hessian_at_maximum(lambda t: brute.loglik_of_both(t, Y, z, W if has_lag else None, M), at)
    errors = np.sqrt(np.diag(np.linalg.inv(-H)))
    np.testing.assert_allclose(model.std_errors_, [*errors[:K], *errors[k:-1]], rtol=HESSIAN)
    fitted = z @ at[:k]
    np.testing.assert_allclose(model.result_.systematic, fitted, atol=2e-5)


@pytest.mark.parametrize("effects", ["time", "two-way"])
def test_direct_correction_takes_the_bias_of_few_units_away(effects):
    rng = np.random.default_rng(7)
    n, T, lam = 10, 25, 0.5
    M = ring(n) * rng.uniform(0.6, 1.0, size=(n, 1))
    inverse = np.linalg.inv(np.eye(n) - lam * M)
    found = {"lee-yu": [], "none": []}
    for _ in range(150):
        X = rng.normal(size=(T, n, 1))
        u = rng.normal(size=(T, n)) @ inverse.T
        Y = X[..., 0] + rng.normal(size=(T, 1)) + u + (rng.normal(size=n) if effects == "two-way" else 0.0)
        for correction, into in found.items():
            model = sh.SpatialError((np.arange(n), M), effects=effects, correction=correction)
            if correction == "lee-yu":
                with pytest.warns(TransformationWarning, match="rows of W do not sum to one"):
                    model.fit_arrays(Y, X)
            else:
                model.fit_arrays(Y, X)
            into.append([model.lambda_, model.sigma2_])
    (lam_c, s2_c), (lam_n, s2_n) = np.mean(found["lee-yu"], axis=0), np.mean(found["none"], axis=0)
    assert abs(lam_n - lam) > 0.05  # the plain estimator is biased
    assert abs(lam_c - lam) < 0.4 * abs(lam_n - lam)
    assert abs(s2_c - 1) < 0.4 * abs(s2_n - 1)


@every_kind
@pytest.mark.parametrize("effects", ["none", "two-way"])
def test_expected_information_equals_dense_traces(kind, effects):
    Y, X, W, M = data(2)
    has_lag, Z = parts(kind, X, W, effects)
    model = fit(kind, Y, X, W, M, effects=effects, cov_type="expected")
    _, z, w = brute.transformed(Y, Z, W, effects)
    m = brute.transformed(Y, Z, M, effects)[2]
    n, k, s2 = len(w), z.shape[2], model.sigma2_
    A = np.eye(n) - model.lambda_ * m
    forms = [m @ np.linalg.inv(A)]
    az = np.einsum("ij,tjk->tik", A, z)
    signals = [np.zeros(z.shape[:2])]
    if has_lag:
        G = w @ np.linalg.inv(np.eye(n) - model.rho_ * w)
        forms.insert(0, A @ G @ np.linalg.inv(A))
        signals.insert(0, np.einsum("ij,tj->ti", A @ G, z @ model.result_.params[:k]))
    p = k + len(forms)
    F = np.zeros((p + 1, p + 1))
    F[:k, :k] = np.einsum("tik,til->kl", az, az) / s2
    F[p, p] = z.shape[0] * n / (2 * s2**2)
    for a, (B, s) in enumerate(zip(forms, signals, strict=True)):
        F[:k, k + a] = F[k + a, :k] = np.einsum("tik,ti->k", az, s) / s2
        F[k + a, p] = F[p, k + a] = z.shape[0] * np.trace(B) / s2
        for b, (C, r) in enumerate(zip(forms, signals, strict=True)):
            F[k + a, k + b] = z.shape[0] * (np.trace(B @ C) + np.trace(B.T @ C)) + np.sum(s * r) / s2
    np.testing.assert_allclose(model.std_errors_, np.sqrt(np.diag(np.linalg.inv(F)))[:-1], rtol=1e-7)


@every_kind
def test_time_effects_under_unequal_rows_have_the_expected_information_of_the_dummies(kind):
    Y, X, W, M = data(3)
    M, W = M * np.linspace(0.5, 1.0, 20)[:, None], W * np.linspace(1.0, 0.7, 20)[:, None]
    expected = fit(kind, Y, X, W, M, effects="time", correction="none", cov_type="expected").std_errors_
    observed = fit(kind, Y, X, W, M, effects="time", correction="none").std_errors_
    np.testing.assert_allclose(expected, observed, rtol=0.25)  # the same in large samples


def test_without_a_second_w_the_errors_have_that_of_the_lag():
    Y, X, W, _ = data(4)
    ids = np.arange(20)
    one = sh.SpatialCombined((ids, W), effects="entity").fit_arrays(Y, X)
    two = sh.SpatialCombined((ids, W), error_weights=(ids, W), effects="entity").fit_arrays(Y, X)
    np.testing.assert_allclose(one.params_, two.params_, atol=1e-10)
    assert one.result_.error_operator is one.result_.operator


def test_weights_of_the_errors_are_aligned_by_label():
    Y, X, W, M = data(5)
    ids = np.arange(20)
    one = sh.SpatialCombined((ids, W), error_weights=(ids, M)).fit_arrays(Y, X)
    turned = np.random.default_rng(0).permutation(20)
    two = sh.SpatialCombined((ids, W), error_weights=(turned, M[np.ix_(turned, turned)])).fit_arrays(Y, X)
    np.testing.assert_allclose(one.params_, two.params_, atol=1e-10)
    with pytest.raises(
        AlignmentError, match="The units of error_weights and of W differ; 1 of W are not among them"
    ):
        sh.SpatialCombined((ids, W), error_weights=(ids + 1, M)).fit_arrays(Y, X)


def test_the_best_of_several_maxima_is_kept_and_its_rival_named():
    # a lag of 0.6 and errors of -0.5 with one W are nearly the reverse
    W = small.lattice(6, 6)
    rng = np.random.default_rng(9)
    X = rng.normal(size=(1, 36, 1))
    eye, found = np.eye(36), 0
    for _ in range(12):
        u = np.linalg.solve(eye + 0.5 * W, rng.normal(size=36))
        Y = np.linalg.solve(eye - 0.6 * W, 0.2 * X[0, :, 0] + u)[None]
        model = sh.SpatialCombined((np.arange(36), W)).fit_arrays(Y, X)
        at = np.linspace(-0.98, 0.98, 50)
        Z = brute.design(X, W, [], True)
        best = -np.inf
        for rho in at:
            for lam in at:
                A = eye - lam * W
                y, z = A @ (Y[0] - rho * W @ Y[0]), A @ Z[0]
                e = y - z @ np.linalg.lstsq(z, y, rcond=None)[0]
                best = max(
                    best,
                    -18 * (np.log(2 * np.pi * np.mean(e**2)) + 1)
                    + sum(brute.logdet(W, v) for v in (rho, lam)),
                )
        assert model.loglik_ >= best
        rival = model.result_.facts.get("Rival maximum")
        found += rival is not None
        if rival:
            assert "Rival maximum" in str(model.summary()) and "log-likelihood" in rival and "lower" in rival
    assert found >= 1


def test_equal_weights_for_all_cannot_tell_lambda():
    n = 8
    complete = (np.ones((n, n)) - np.eye(n)) / (n - 1)
    rng = np.random.default_rng(0)
    with pytest.raises(IdentificationError, match="which cannot tell lambda"):
        sh.SpatialError((np.arange(n), complete), effects="time").fit_arrays(
            rng.normal(size=(4, n)), rng.normal(size=(4, n, 1))
        )


@pytest.mark.parametrize("effects", ["none", "two-way"])
def test_known_parameters_are_recovered(effects):
    panel = sh.datasets.simulate(225, 12, model="GNS", effects=effects, rho=0.4, random_state=3)
    Y, X, ids, W = panel.arrays()
    model = sh.GeneralNesting((ids, W), effects=effects).fit_arrays(Y, X)
    truth = panel.truth["params"][model.params_.index]
    assert len(truth) >= 6
    assert (np.abs(model.params_ - truth) < 4 * model.std_errors_).all()
    assert model.std_errors_["lambda"] < 0.2


@pytest.mark.parametrize("share", [0.5, 0.97, 0.99])
@pytest.mark.parametrize("sums", [0.5, 2.0, 5.0])
def test_time_effects_with_rows_of_one_sum_other_than_one_are_those_of_rows_that_sum_to_one(share, sums):
    # lambda M and (lambda / s) (s M) are the same errors; only the unit of lambda changes
    n, t, rng = 100, 3, np.random.default_rng(int(100 * share))
    M = lattices.nearest(n, k=5).toarray()
    X = rng.standard_normal((t, n, 1))
    u = np.linalg.solve(np.eye(n) - share * M, rng.standard_normal((t, n)).T).T
    Y = X[..., 0] + u + rng.standard_normal((t, 1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", TransformationWarning)
        one, other = (
            sh.SpatialError(weights=(np.arange(n), scale * M), effects="time", correction="none").fit_arrays(
                Y, X
            )
            for scale in (1.0, sums)
        )
    assert sums * other.lambda_ == pytest.approx(one.lambda_, rel=1e-7)
    assert other.loglik_ == pytest.approx(one.loglik_, abs=1e-6)
    assert other.params_["x1"] == pytest.approx(one.params_["x1"], rel=1e-7)
