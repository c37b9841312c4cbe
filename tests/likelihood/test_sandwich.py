"""Robust, clustered, Driscoll-Kraay and Conley covariances against double loops and dense matrices."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, OptionError
from tests import brute, small

T, N = 6, 12
W = small.lattice(3, 4)
M = (np.roll(np.eye(N), 1, axis=1) + np.roll(np.eye(N), -1, axis=1)) / 2
IDS = np.arange(N)
EFFECTS = ("none", "entity", "time", "two-way")


def data():
    return small.arrays(W, T, seed=4)


def demean(values, effects):
    if effects in ("entity", "two-way"):
        values = values - values.mean(0, keepdims=True)
    if effects in ("time", "two-way"):
        values = values - values.mean(1, keepdims=True)
    return values


def likelihood_parts(model, Y, X, effects):
    """Bread, residuals, linear weights and quadratic forms of (delta, rho, lambda, sigma2), dense."""
    K = len(model.params_) - 2
    delta, rho, lam, s2 = *(model.params_.iloc[:K],), model.rho_, model.lambda_, model.sigma2_
    Z = brute.design(X, W, [0, 1], effects == "none")
    A, eye = np.eye(N) - lam * M, np.eye(N)
    G = W @ np.linalg.inv(eye - rho * W)
    B = A @ G @ np.linalg.inv(A)
    H = M @ np.linalg.inv(A)
    z = demean(np.einsum("ij,tjk->tik", A, Z), effects)
    e = demean(((Y - rho * Y @ W.T) - Z @ delta.to_numpy()) @ A.T, effects)
    signal = demean(Y @ W.T @ A.T, effects) - demean(e @ B.T, effects)
    linear = np.concatenate([z, signal[..., None], np.zeros((T, N, 2))], axis=2) / s2
    forms = {K: B / s2, K + 1: H / s2, K + 2: eye / (2 * s2**2)}
    y, zt, w = brute.transformed(Y, Z, W, effects)
    m = brute.transformed(Y, Z, M, effects)[2]
    at = np.append(model.result_.params, s2)
    bread = np.linalg.inv(-brute.hessian(lambda t: brute.loglik_of_both(t, y, zt, w, m), at))
    return bread, e, linear, forms


def by_unit(e, linear, forms, together):
    """The variance of the score, pair by pair."""
    p = linear.shape[2]
    total = np.zeros((p, p))
    mean = (e**2).mean()
    own = linear * e[..., None]
    for place, B in forms.items():
        own[..., place] += np.diag(B) * (e**2 - mean)
    for i in range(N):
        parts = [own[:, i].sum(0)] if together else own[:, i]
        for part in parts:
            total += np.outer(part, part)
        for j in range(i):
            weights = np.zeros(p)
            for place, B in forms.items():
                weights[place] = B[i, j] + B[j, i]
            product = e[:, i] * e[:, j]
            total += np.outer(weights, weights) * (product.sum() ** 2 if together else (product**2).sum())
    return total


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("cov_type", ["robust", "cluster", "driscoll-kraay"])
def test_sandwich_of_the_likelihood(effects, cov_type):
    Y, X = data()
    model = sh.GeneralNesting((IDS, W), error_weights=(IDS, M), effects=effects, cov_type=cov_type)
    model.fit_arrays(Y, X)
    bread, e, linear, forms = likelihood_parts(model, Y, X, effects)
    if cov_type == "robust":
        degrees = {"none": T * N, "entity": (T - 1) * N, "time": T * (N - 1), "two-way": (T - 1) * (N - 1)}
        meat = by_unit(e, linear, forms, False) * T * N / degrees[effects]
    elif cov_type == "cluster":
        meat = by_unit(e, linear, forms, True) * N / (N - 1)
    else:
        sums = np.einsum("tn,tnp->tp", e, linear)
        for place, B in forms.items():
            sums[:, place] += np.einsum("ti,ij,tj->t", e, B, e)
        sums -= sums.mean(0)
        meat = sums.T @ sums  # with six periods the default is 4 (6 / 100) ** (2 / 9) = 2.1 lags
        for lag, weight in ((1, 2 / 3), (2, 1 / 3)):
            meat += weight * (sums[lag:].T @ sums[:-lag] + sums[:-lag].T @ sums[lag:])
    covariance = bread @ meat @ bread
    expected = np.sqrt(np.diag(covariance))[:-1]
    np.testing.assert_allclose(model.std_errors_, expected, rtol=2e-3)  # the bread is a numerical Hessian


def least_squares(effects):
    Y, X = data()
    z = demean(brute.design(X, W, [0, 1], effects == "none"), effects).reshape(T * N, -1)
    y = demean(Y, effects).reshape(-1)
    bread = np.linalg.inv(z.T @ z)
    e = y - z @ bread @ z.T @ y
    return Y, X, z.reshape(T, N, -1), e.reshape(T, N), bread


@pytest.mark.parametrize("effects", EFFECTS)
def test_least_squares_robust_is_hc1(effects):
    Y, X, z, e, bread = least_squares(effects)
    k = z.shape[2]
    model = sh.SLX((IDS, W), effects=effects, cov_type="robust").fit_arrays(Y, X)
    meat = np.einsum("ti,tik,til->kl", e**2, z, z)
    factor = T * N / (model.result_.within.degrees - k)
    np.testing.assert_allclose(model.cov_, factor * bread @ meat @ bread, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("effects", EFFECTS)
def test_least_squares_cluster(effects):
    Y, X, z, e, bread = least_squares(effects)
    model = sh.SLX((IDS, W), effects=effects, cov_type="cluster").fit_arrays(Y, X)
    sums = np.einsum("ti,tik->ik", e, z)
    factor = N / (N - 1) * (T * N - 1) / (T * N - z.shape[2])
    np.testing.assert_allclose(model.cov_, factor * bread @ sums.T @ sums @ bread, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("lags", [0, 2])
def test_least_squares_driscoll_kraay(lags):
    Y, X, z, e, bread = least_squares("entity")
    model = sh.SLX((IDS, W), effects="entity", cov_type=sh.models.DriscollKraay(lags)).fit_arrays(Y, X)
    sums = np.einsum("ti,tik->tk", e, z)
    meat = np.zeros((z.shape[2],) * 2)
    for s in range(T):
        for t in range(T):
            meat += max(0.0, 1 - abs(s - t) / (lags + 1)) * np.outer(sums[s], sums[t])
    np.testing.assert_allclose(model.cov_, bread @ meat @ bread, rtol=1e-9, atol=1e-14)
    assert "Driscoll-Kraay" in str(model.summary())


@pytest.mark.parametrize("kernel", ["triangular", "uniform"])
def test_conley_by_a_double_loop_whatever_the_order_of_the_points(kernel):
    Y, X, z, e, bread = least_squares("none")
    place = np.random.default_rng(1).uniform(0, 100, size=(N, 2))
    points = gpd.GeoSeries.from_xy(*place.T, index=IDS, crs="EPSG:32650").sample(frac=1, random_state=0)
    cov_type = sh.models.Conley(points, cutoff=40, kernel=kernel)
    model = sh.SLX((IDS, W), cov_type=cov_type).fit_arrays(Y, X)
    k = z.shape[2]
    meat = np.zeros((k, k))
    for t in range(T):
        for i in range(N):
            for j in range(N):
                share = np.linalg.norm(place[i] - place[j]) / 40
                if share <= 1:
                    weight = 1.0 if kernel == "uniform" else 1 - share
                    meat += weight * e[t, i] * e[t, j] * np.outer(z[t, i], z[t, j])
    factor = T * N / (T * N - k)
    np.testing.assert_allclose(model.cov_, factor * bread @ meat @ bread, rtol=1e-8, atol=1e-13)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.CoordinateSystemWarning")
def test_conley_refuses_what_it_cannot_do():
    points = gpd.GeoSeries.from_xy(np.arange(N) * 10.0, np.zeros(N), index=IDS, crs="EPSG:32650")
    Y, X = data()
    with pytest.raises(OptionError, match="Conley and HAC errors exist for SLX and SpatialIV only"):
        sh.SpatialLag((IDS, W), cov_type=sh.models.Conley(points, 15)).fit_arrays(Y, X)
    with pytest.raises(OptionError, match="need to know where the units are"):
        sh.SLX((IDS, W), cov_type="conley").fit_arrays(Y, X)
    with pytest.raises(AlignmentError, match="the points of Conley"):
        sh.SLX((IDS + 1, W), cov_type=sh.models.Conley(points, 15)).fit_arrays(Y, X)
    with pytest.raises(OptionError, match="kernel='cubic'"):
        sh.models.Conley(points, 15, kernel="cubic")


def test_what_the_periods_do_not_allow():
    Y, X = data()
    with pytest.raises(OptionError, match="the data have one period"):
        sh.SpatialLag((IDS, W), cov_type="cluster").fit_arrays(Y[:1], X[:1])
    with pytest.raises(OptionError, match="2 periods with 1 lags are too few"):
        sh.SLX((IDS, W), cov_type="driscoll-kraay").fit_arrays(Y[:2], X[:2])
    with pytest.raises(OptionError, match="DriscollKraay: lags=-1"):
        sh.models.DriscollKraay(-1)


def test_normal_errors_of_one_variance_make_robust_and_classical_agree():
    simulation = sh.datasets.simulate(400, 10, effects="entity", random_state=5)
    Y, X, ids, weights = simulation.arrays()
    errors = pd.DataFrame(
        {
            c: sh.SpatialDurbin((ids, weights), effects="entity", cov_type=c).fit_arrays(Y, X).std_errors_
            for c in ("observed", "robust", "cluster")
        }
    )
    np.testing.assert_allclose(errors["robust"], errors["observed"], rtol=0.08)
    np.testing.assert_allclose(errors["cluster"], errors["observed"], rtol=0.2)


def test_robust_covariance_flows_into_the_impacts():
    Y, X = data()
    table = {}
    for cov_type in ("observed", "robust"):
        model = sh.SpatialDurbin((IDS, W), effects="entity", cov_type=cov_type).fit_arrays(Y, X)
        table[cov_type] = model.impacts()
    np.testing.assert_array_equal(table["observed"].estimates, table["robust"].estimates)
    assert not np.allclose(table["observed"].std_errors, table["robust"].std_errors, rtol=0.02)
