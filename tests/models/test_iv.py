"""SpatialIV against dense projection matrices, spreg, dummy variables, loops, and known parameters."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy import stats

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.errors import IsolateWarning
from spatialhealth.moments import best_lambda
from tests import brute, cases, small
from tests.refusal import refusal

# their data are small, so that instruments are weak in many of them
pytestmark = pytest.mark.filterwarnings("ignore::spatialhealth.errors.WeakInstrumentsWarning")

N_UNITS, N_PERIODS = 16, 7


def simulated(
    seed=0, rows=4, columns=4, periods=N_PERIODS, rho=0.4, theta=(0.0, 0.0), lam=0.0, effects="two-way"
):
    """A panel (T, n): y, x (exogenous), b (endogenous), q (its instrument), with effects that x and b share."""
    rng = np.random.default_rng(seed)
    W = small.lattice(rows, columns)
    n = len(W)
    x, q, shock = (rng.normal(size=(periods, n)) for _ in range(3))
    b = 0.8 * q + 0.4 * x + shock + rng.normal(size=(periods, n))
    e = 0.8 * shock + 0.5 * rng.normal(size=(periods, n))
    e = np.linalg.solve(np.eye(n) - lam * W, e.T).T
    signal = 1.0 * x - 0.7 * b + theta[0] * x @ W.T + theta[1] * b @ W.T + e
    own, common = rng.normal(size=n), rng.normal(size=(periods, 1))
    both = own * (effects in ("entity", "two-way")) + common * (effects in ("time", "two-way"))
    signal, x, b = signal + both, x + both, b + 0.5 * both
    signal += 1.0 * both - 0.35 * both + (theta[0] + 0.5 * theta[1]) * both @ W.T
    return W, np.linalg.solve(np.eye(n) - rho * W, signal.T).T, x, b, q


def frame(Y, x, b, q, start=2000):
    periods, n = Y.shape
    index = pd.MultiIndex.from_product([small.ids(n), range(start, start + periods)], names=["unit", "year"])
    columns = {"y": Y, "x": x, "b": b, "q": q}
    return pd.DataFrame({name: values.T.ravel() for name, values in columns.items()}, index=index)


def with_lags(W, column, orders):
    """(T, n, orders) spatial lags."""
    return np.stack([column @ np.linalg.matrix_power(W, k).T for k in orders], axis=-1)


def dense(W, Y, x, b, q, effects, durbin=False):
    """Explicit columns with dummy variables: y, Z, H and how many of Z come first."""
    first = [b[..., None], x[..., None]]
    own = [q[..., None], with_lags(W, x, (2, 3) if durbin else (1, 2)), with_lags(W, q, (1, 2))]
    if durbin:
        first += [with_lags(W, b, [1]), with_lags(W, x, [1])]
    constant = [np.ones((*Y.shape, 1))] if effects == "none" else []
    Z = np.concatenate([*first, with_lags(W, Y, [1]), *constant], axis=2)
    exogenous = np.concatenate([*first[1::2], *constant], axis=2)
    H = brute.with_dummies(np.concatenate([exogenous, *own], axis=2), effects)
    k = Z.shape[2]
    Z = brute.with_dummies(Z, effects)
    return Y.reshape(-1), Z.reshape(-1, Z.shape[2]), H.reshape(-1, H.shape[2]), k


def projected(y, Z, H):
    """Two-stage least squares by an explicit projection matrix: coefficients, residuals, bread."""
    P = H @ np.linalg.pinv(H)
    bread = np.linalg.inv(Z.T @ P @ Z)
    d = bread @ Z.T @ P @ y
    return d, y - Z @ d, bread @ Z.T @ P


def names(durbin, effects):
    lags = ["W:b", "W:x"] if durbin else []
    return ["b", "x", *lags, "rho", *(["constant"] if effects == "none" else [])]


def fit(W, data, **options):
    options = {"endogenous": ["b"], "instruments": ["q"], **options}
    return sh.SpatialIV((small.ids(len(W)), W), **options).fit(data[["x", "b", "q"]], data["y"])


every_effect = pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])


# --- two-stage least squares --------------------------------------------------------------------------------


@every_effect
@pytest.mark.parametrize("durbin", [False, True])
@pytest.mark.parametrize("cov_type", ["classical", "robust"])
def test_against_a_projection_matrix_with_dummy_variables(effects, durbin, cov_type):
    W, *arrays = simulated(theta=(0.3, -0.2))
    y, Z, H, k = dense(W, *arrays, effects, durbin)
    d, e, bread = projected(y, Z, H)
    s2 = e @ e / (len(y) - Z.shape[1])  # every dummy variable costs a degree of freedom
    if cov_type == "classical":
        covariance = s2 * bread @ bread.T
    else:
        covariance = bread @ np.diag(e**2) @ bread.T * len(y) / (len(y) - Z.shape[1])
    model = fit(W, frame(*arrays), effects=effects, durbin=durbin, cov_type=cov_type)
    order = names(durbin, effects)
    np.testing.assert_allclose(model.params_[order], d[:k], rtol=1e-9)
    np.testing.assert_allclose(model.cov_.loc[order, order], covariance[:k, :k], rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(model.result_.residuals.reshape(-1), e, atol=1e-9)
    assert model.sigma2_ == pytest.approx(s2, rel=1e-9)


@every_effect
def test_without_exogenous_regressors(effects):
    W, Y, _, b, q = simulated()
    constant = [np.ones((*Y.shape, 1))] if effects == "none" else []
    Z = brute.with_dummies(np.concatenate([b[..., None], with_lags(W, Y, [1]), *constant], axis=2), effects)
    H = brute.with_dummies(
        np.concatenate([q[..., None], with_lags(W, q, (1, 2)), *constant], axis=2), effects
    )
    d, _, _ = projected(Y.reshape(-1), Z.reshape(Y.size, -1), H.reshape(Y.size, -1))
    data = frame(Y, b, b, q)
    model = sh.SpatialIV((small.ids(len(W)), W), endogenous=["b"], instruments=["q"], effects=effects).fit(
        data[["b", "q"]], data["y"]
    )
    np.testing.assert_allclose(model.params_[["b", "rho"]], d[:2], rtol=1e-8)


@pytest.mark.parametrize("effects", ["none", "entity", "two-way"])
def test_clusters_against_a_loop(effects):
    W, *arrays = simulated(seed=1)
    y, Z, H, k = dense(W, *arrays, effects)
    _, e, bread = projected(y, Z, H)
    unit = np.tile(np.arange(N_UNITS), N_PERIODS)
    meat = sum(np.outer(*[bread[:, unit == g] @ e[unit == g]] * 2) for g in range(N_UNITS))
    factor = N_UNITS / (N_UNITS - 1) * (len(y) - 1) / (len(y) - k)
    order = names(False, effects)
    model = fit(W, frame(*arrays), effects=effects, cov_type="cluster")
    np.testing.assert_allclose(model.cov_.loc[order, order], factor * meat[:k, :k], rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("effects", ["none", "two-way"])
def test_hac_against_a_double_loop(effects):
    W, *arrays = simulated(seed=2)
    y, Z, H, k = dense(W, *arrays, effects)
    _, e, bread = projected(y, Z, H)
    place = np.array([(i // 4, i % 4) for i in range(N_UNITS)], dtype=float)
    distance = np.linalg.norm(place[:, None] - place[None], axis=-1)
    kernel = np.clip(1 - distance / 1.9, 0, None)
    meat = np.zeros((Z.shape[1],) * 2)
    score = bread * e
    for i in range(len(y)):
        for j in range(len(y)):
            if i // N_UNITS == j // N_UNITS:
                meat += kernel[i % N_UNITS, j % N_UNITS] * np.outer(score[:, i], score[:, j])
    factor = len(y) / (len(y) - Z.shape[1])
    order = names(False, effects)
    hac = sh.SpatialHAC((small.ids(N_UNITS), kernel - np.eye(N_UNITS)))
    model = fit(W, frame(*arrays), effects=effects, cov_type=hac)
    np.testing.assert_allclose(model.cov_.loc[order, order], factor * meat[:k, :k], rtol=1e-7, atol=1e-12)


def test_a_kernel_is_aligned_by_label_and_may_have_ones_on_the_diagonal():
    W, *arrays = simulated(seed=2)
    rng = np.random.default_rng(0)
    place = rng.uniform(size=(N_UNITS, 2))
    kernel = np.clip(1 - np.linalg.norm(place[:, None] - place[None], axis=-1) / 0.3, 0, None)
    ids, order = np.array(small.ids(N_UNITS), dtype=object), rng.permutation(N_UNITS)
    forms = [
        (ids, kernel),
        (ids[order], kernel[np.ix_(order, order)]),
        sh.weights.as_graph((ids, kernel - np.eye(N_UNITS))),
        sh.weights.as_graph((ids, kernel - np.eye(N_UNITS))).assign_self_weight(),
        sh.weights.as_graph((ids, kernel - np.eye(N_UNITS))).assign_self_weight().to_W(),
        pd.DataFrame(kernel - np.eye(N_UNITS), index=ids, columns=ids),
    ]
    fits = [fit(W, frame(*arrays), cov_type=sh.SpatialHAC(form)).result_.covariance for form in forms]
    for other in fits[1:]:
        np.testing.assert_allclose(other, fits[0], rtol=1e-12)


def test_a_kernel_of_nothing_is_white():
    W, *arrays = simulated(seed=3)
    nearly = sh.SpatialHAC((small.ids(N_UNITS), 1e-14 * (W + W.T)))
    np.testing.assert_allclose(
        fit(W, frame(*arrays), cov_type=nearly).cov_,
        fit(W, frame(*arrays), cov_type="robust").cov_,
        rtol=1e-9,
    )


def test_lags_come_before_the_means_are_taken_out():
    """The columns of these weights do not sum to one: demean(W y) is not W demean(y)."""
    W, *arrays = simulated(seed=4)
    W = W * np.random.default_rng(0).uniform(0.2, 1, W.shape)
    W = W / W.sum(axis=1, keepdims=True)
    y, Z, H, k = dense(W, *arrays, "time")
    model = fit(W, frame(*arrays), effects="time")
    np.testing.assert_allclose(model.params_[names(False, "time")], projected(y, Z, H)[0][:k], rtol=1e-9)
    wrong = [a - a.mean(axis=1, keepdims=True) for a in arrays]
    y, Z, H, k = dense(W, *wrong, "none")
    assert abs(projected(y, Z, H)[0][2] - model.rho_) > 1e-3


def test_large_means_and_units_do_not_matter():
    W, *arrays = simulated(seed=5)
    data = frame(*arrays)
    model, other = fit(W, data), fit(W, data * [1e6, 1e-5, 1e4, 1e3] + [0.0, 1.0, 1e8, 1e7])
    factor = pd.Series({"x": 1e11, "b": 1e2, "rho": 1.0})
    np.testing.assert_allclose(other.params_[factor.index], model.params_[factor.index] * factor, rtol=1e-5)
    np.testing.assert_allclose(
        other.std_errors_[factor.index], model.std_errors_[factor.index] * factor, rtol=1e-5
    )


def test_instruments_that_repeat_others_are_left_out():
    """On two units that neighbour each other W^2 x is x and W^3 x is W x."""
    W = np.kron(np.eye(6), [[0.0, 1.0], [1.0, 0.0]])
    rng = np.random.default_rng(0)
    Y, X = rng.normal(size=(5, 12)), rng.normal(size=(5, 12, 2))
    model = sh.SpatialIV((range(12), W)).fit_arrays(Y, X)
    assert model.result_.facts["Instruments"] == "2: W:x1, W:x2"
    one = sh.SpatialIV((range(12), W), w_lags=1).fit_arrays(Y, X)
    np.testing.assert_allclose(one.params_, model.params_, rtol=1e-9)


# --- spreg --------------------------------------------------------------------------------------------------

COLUMBUS = {"endogenous": ["CRIME"], "instruments": ["DISCBD"]}


def columbus():
    ids, W = cases.columbus_weights("queen")
    return (ids, W), sh.weights.as_graph((ids, W)).to_W(), cases.columbus()


def spreg_order(model, betas_of, endogenous):
    """spreg puts the constant and exogenous first, then endogenous, then W y, then lambda."""
    exogenous = [name for name in model.params_.index if name not in (*endogenous, "rho", "lambda")]
    return [*exogenous, *endogenous, "rho", *(["lambda"] if betas_of else [])]


@pytest.mark.parametrize("robust", [None, "white", "hac"])
@pytest.mark.parametrize("w_lags", [1, 2])
def test_gm_lag_on_columbus(w_lags, robust):
    import spreg

    weights, w, data = columbus()
    place = data[["X", "Y"]].to_numpy()
    kernel = np.clip(1 - np.linalg.norm(place[:, None] - place[None], axis=-1) / 6, 0, None)
    theirs_kernel = sh.weights.as_graph((weights[0], kernel - np.eye(49))).assign_self_weight().to_W()
    y, x = data[["HOVAL"]].to_numpy(), np.column_stack([np.ones(49), data["INC"]])
    theirs = spreg.twosls_sp.BaseGM_Lag(
        y, x, yend=data[["CRIME"]].to_numpy(), q=data[["DISCBD"]].to_numpy(), w=w, w_lags=w_lags,
        robust=robust, gwk=theirs_kernel if robust == "hac" else None, sig2n_k=True,
    )  # fmt: skip
    cov_type = {None: "classical", "white": "robust", "hac": sh.SpatialHAC((weights[0], kernel))}[robust]
    model = sh.SpatialIV(weights, w_lags=w_lags, cov_type=cov_type, **COLUMBUS)
    model = model.fit(data[["INC", "CRIME", "DISCBD"]], data["HOVAL"])
    order = spreg_order(model, False, ["CRIME"])
    np.testing.assert_allclose(model.params_[order], theirs.betas.ravel(), rtol=1e-8)
    factor = 49 / 45 if robust == "hac" else 1.0  # spreg corrects all but HAC for degrees of freedom
    np.testing.assert_allclose(model.cov_.loc[order, order], factor * theirs.vm, rtol=1e-6)


def test_gm_lag_with_lags_of_the_regressors_on_columbus():
    import spreg

    weights, w, data = columbus()
    y, x = data[["CRIME"]].to_numpy(), np.column_stack([np.ones(49), data[["INC", "HOVAL"]]])
    theirs = spreg.twosls_sp.BaseGM_Lag(y, x, w=w, w_lags=2, slx_lags=1, slx_vars="all", sig2n_k=True)
    model = sh.SpatialIV(weights, durbin=True).fit(data[["INC", "HOVAL"]], data["CRIME"])
    np.testing.assert_allclose(model.params_, theirs.betas.ravel(), rtol=1e-7)
    np.testing.assert_allclose(model.cov_, theirs.vm, rtol=1e-6)


@pytest.mark.parametrize(
    ("moments", "cov_type", "theirs"),
    [("gmm", "classical", "Hom"), ("gmm", "robust", "Het"), ("kelejian-prucha", "classical", "")],
)
@pytest.mark.parametrize("endogenous", [True, False])
def test_gm_combo_on_columbus(moments, cov_type, theirs, endogenous):
    import spreg

    weights, w, data = columbus()
    y, x = data[["HOVAL"]].to_numpy(), data[["INC"]].to_numpy()
    yend, q = (data[["CRIME"]].to_numpy(), data[["DISCBD"]].to_numpy()) if endogenous else (None, None)
    yend, q = spreg.set_endog(y, x, w, yend, q, 2, True)
    module = {"Hom": spreg.error_sp_hom, "Het": spreg.error_sp_het, "": spreg.error_sp}[theirs]
    base = getattr(module, "BaseGM_Endog_Error" + (f"_{theirs}" if theirs else ""))
    peer = base(y, np.column_stack([np.ones(49), x]), yend, q, w.sparse)
    columns = ["INC", "CRIME", "DISCBD"] if endogenous else ["INC"]
    model = sh.SpatialIV(
        weights, spatial_errors=moments, cov_type=cov_type, **(COLUMBUS if endogenous else {})
    ).fit(data[columns], data["HOVAL"])
    order = spreg_order(model, True, ["CRIME"] if endogenous else [])
    # spreg finds lambda by a numerical gradient, to about five digits
    np.testing.assert_allclose(model.params_[order], peer.betas.ravel(), rtol=2e-3, atol=2e-4)
    known = order if moments == "gmm" else order[:-1]
    np.testing.assert_allclose(model.cov_.loc[known, known], peer.vm, rtol=5e-3, atol=1e-5)
    assert np.isnan(model.std_errors_["lambda"]) is np.bool_(moments != "gmm")
    u = data["HOVAL"] - model.fitted_values_
    assert np.isfinite(u).all()


def test_rho_is_not_cut_off_at_nine_tenths():
    """spreg's heteroskedastic moments set a larger last coefficient to 0.9, and lambda makes up for it."""
    import spreg

    W, rng = small.lattice(20, 20), np.random.default_rng(0)
    x = rng.normal(size=(400, 2))
    y = np.linalg.solve(np.eye(400) - 0.97 * W, x.sum(axis=1) + 0.5 * rng.normal(size=400))
    w = sh.weights.as_graph((range(400), W)).to_W()
    yend, q = spreg.set_endog(y[:, None], x, w, None, None, 2, True)
    theirs = spreg.error_sp_het.BaseGM_Endog_Error_Het(
        y[:, None], np.column_stack([np.ones(400), x]), yend, q, w.sparse
    )
    assert theirs.betas[-2, 0] == 0.9 and theirs.betas[-1, 0] > 0.2
    model = sh.SpatialIV((range(400), W), spatial_errors="gmm", cov_type="robust").fit_arrays(y, x)
    assert abs(model.rho_ - 0.97) < 3 * model.std_errors_["rho"] < 0.05
    assert abs(model.lambda_) < 3 * model.std_errors_["lambda"]


def test_spreg_leaves_an_instrument_out_with_lags_and_endogenous_regressors():
    """W^2 x is an instrument when W x is in the model; there spreg goes on with W^3 x."""
    import spreg

    weights, w, data = columbus()
    y, x = data[["HOVAL"]].to_numpy(), np.column_stack([np.ones(49), data["INC"]])
    b, q = data[["CRIME"]].to_numpy(), data[["DISCBD"]].to_numpy()
    theirs = spreg.twosls_sp.BaseGM_Lag(y, x, yend=b, q=q, w=w, w_lags=2, slx_lags=1, slx_vars="all")
    model = sh.SpatialIV(weights, durbin=["INC"], **COLUMBUS)
    model = model.fit(data[["INC", "CRIME", "DISCBD"]], data["HOVAL"])
    W = weights[1]
    exogenous = np.column_stack([x, W @ x[:, 1]])
    Z = np.column_stack([exogenous, b, W @ y])
    lags = [W @ W @ x[:, 1:], W @ W @ W @ x[:, 1:], q, W @ q, W @ W @ q]
    expected = projected(y[:, 0], Z, np.column_stack([exogenous, *lags]))[0]
    names = ["constant", "INC", "W:INC", "CRIME", "rho"]
    np.testing.assert_allclose(model.params_[names], expected, rtol=1e-7)
    lags[0] = np.linalg.matrix_power(W, 4) @ x[:, 1:]
    skipped = projected(y[:, 0], Z, np.column_stack([exogenous, *lags]))[0]
    np.testing.assert_allclose(theirs.betas[:, 0], skipped, rtol=1e-7)


def test_nothing_of_spreg_is_printed(capfd):
    W, *arrays = simulated()
    for options in ({}, {"spatial_errors": "gmm"}, {"spatial_errors": "gmm", "cov_type": "robust"}):
        fit(W, frame(*arrays), **options)
    assert capfd.readouterr() == ("", "")


def test_without_spatial_errors_spreg_is_not_needed(monkeypatch):
    for name in [*(name for name in sys.modules if name.startswith("spreg.")), "spreg"]:
        monkeypatch.setitem(sys.modules, name, None)
    W, *arrays = simulated()
    assert np.isfinite(fit(W, frame(*arrays)).rho_)
    with refusal(errors.MissingLibraryError, "needs moments of spreg", "pip install spreg"):
        fit(W, frame(*arrays), spatial_errors="gmm")


# --- spatial errors -----------------------------------------------------------------------------------------


def test_best_lambda_is_the_least_of_the_squares():
    rng = np.random.default_rng(0)
    grid = np.linspace(-1, 1, 200_001)
    for _ in range(20):
        truth = rng.uniform(-0.8, 0.8)
        design = np.column_stack([rng.uniform(0.5, 2, 3), -rng.uniform(0.1, 0.4, 3), rng.uniform(0.5, 1, 3)])
        target = design @ [[truth], [truth**2], [1.3]] + 0.001 * rng.normal(size=(3, 1))
        found = best_lambda(design, target, (-1, 1))

        def squares(lam, design=design, target=target):
            rest = target - design[:, :2] @ np.array([lam, lam**2])
            third = design[:, 2:]
            return np.sum((rest - third @ np.linalg.lstsq(third, rest, rcond=None)[0]) ** 2, axis=0)

        near = grid[np.abs(grid - found) < 0.01]
        assert abs(near[np.argmin(squares(near))] - found) < 2e-5


def test_errors_with_weights_of_their_own_and_residuals_without_their_process():
    W, *arrays = simulated(seed=6, rows=8, columns=8, lam=0.5, effects="none")
    order = np.random.default_rng(0).permutation(64)
    ring = np.roll(np.eye(64), 1, axis=1)[np.ix_(order, order)]  # neighbours that have nothing to do with W
    other = (ring + ring.T) / 2
    ids = np.array(small.ids(64), dtype=object)
    data = frame(*arrays)
    one = fit(W, data, spatial_errors="gmm", error_weights=(ids, other))
    two = fit(W, data, spatial_errors="gmm", error_weights=(ids[order], other[np.ix_(order, order)]))
    np.testing.assert_allclose(one.params_, two.params_, rtol=1e-9)
    same = fit(W, data, spatial_errors="gmm")
    assert abs(one.lambda_) < 0.15 < 0.35 < same.lambda_ < 0.65
    r = same.result_
    Y = r.y
    u = Y - same.rho_ * Y @ W.T - r.systematic
    np.testing.assert_allclose(r.residuals, u - same.lambda_ * u @ W.T, atol=1e-9)
    assert r.error_operator is r.operator and one.result_.error_operator is not one.result_.operator


@pytest.mark.parametrize("cov_type", ["classical", "robust"])
@every_effect
def test_lambda_in_panels_is_recovered(effects, cov_type):
    """Mean over 30 panels of 100 units and 5 periods within three standard errors of the mean; SEs are right."""
    found, errors = [], []
    for seed in range(30):
        W, *arrays = simulated(seed, 10, 10, 5, rho=0.4, lam=0.5, effects=effects)
        model = fit(W, frame(*arrays), effects=effects, spatial_errors="gmm", cov_type=cov_type)
        found.append(model.params_[["x", "b", "rho", "lambda"]])
        errors.append(model.std_errors_[["x", "b", "rho", "lambda"]])
    found, errors = np.array(found), np.array(errors)
    off = (found.mean(axis=0) - [1.0, -0.7, 0.4, 0.5]) / (found.std(axis=0) / np.sqrt(30))
    assert np.abs(off).max() < 3.5, off
    ratio = errors.mean(axis=0) / found.std(axis=0)
    assert (ratio > 0.7).all() and (ratio < 1.5).all(), ratio


# --- simulation ---------------------------------------------------------------------------------------------


def test_endogenous_regressors_bias_maximum_likelihood_and_not_instruments():
    """Mean of 40 panels of 64 units and 5 periods; truth beta = 1, gamma = -0.7, rho = 0.4."""
    iv, ml, covered = [], [], []
    for seed in range(40):
        W, *arrays = simulated(seed, 8, 8, 5)
        data = frame(*arrays)
        model = fit(W, data, effects="two-way")
        likelihood = sh.SpatialLag((small.ids(64), W), effects="two-way").fit(data[["x", "b"]], data["y"])
        iv.append(model.params_[["x", "b", "rho"]])
        ml.append(likelihood.params_[["x", "b", "rho"]])
        covered.append(abs(model.params_["b"] + 0.7) < 1.96 * model.std_errors_["b"])
    truth = np.array([1.0, -0.7, 0.4])
    off = (np.mean(iv, axis=0) - truth) / (np.std(iv, axis=0) / np.sqrt(40))
    assert np.abs(off).max() < 3.5, off
    assert np.mean(ml, axis=0)[1] + 0.7 > 0.2  # shock is in b and in the error
    assert np.mean(covered) >= 0.85


# --- impacts ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("durbin", [False, True, ["x"]])
@pytest.mark.parametrize("errors", ["none", "gmm", "kelejian-prucha"])
def test_impacts_against_an_explicit_inverse(durbin, errors):
    W, *arrays = simulated(seed=7, theta=(0.3, -0.2), rows=6, columns=6)
    W = W * np.random.default_rng(1).uniform(0.2, 1, W.shape)  # rows do not sum to one
    model = fit(W, frame(*arrays), durbin=durbin, spatial_errors=errors)
    p = model.params_
    effects = model.impacts()
    assert effects.variables == ("x", "b")

    def means(values):
        v = dict(zip(p.index, values, strict=True))
        return np.concatenate(
            [brute.mean_effects(W, v["rho"], v[name], v.get(f"W:{name}", 0.0)) for name in ("x", "b")]
        )

    np.testing.assert_allclose(effects.estimates.ravel(), means(p), rtol=1e-8)
    step = 1e-6
    gradient = np.column_stack(
        [(means(p + step * row) - means(p - step * row)) / (2 * step) for row in np.eye(len(p))]
    )
    covariance = gradient @ np.nan_to_num(model.cov_) @ gradient.T
    np.testing.assert_allclose(effects.std_errors.ravel(), np.sqrt(np.diag(covariance)), rtol=1e-5)
    assert (effects.std_errors > 0).all()
    drawn = model.impacts(method="simulate", draws=4000, random_state=1)
    np.testing.assert_allclose(drawn.std_errors, effects.std_errors, rtol=0.35)
    assert effects.contrast("x - b")["estimate"].iloc[0] == pytest.approx(
        effects.estimates[0, 0] - effects.estimates[1, 0]
    )
    local = effects.local("b")
    assert local["own"].mean() == pytest.approx(effects.estimates[1, 0])


# --- tests of the instruments -------------------------------------------------------------------------------


def _residual(columns, on):
    return columns - on @ np.linalg.lstsq(on, columns, rcond=None)[0]


def test_first_stage_and_cragg_donald_against_their_definitions():
    W, *arrays = simulated(seed=8)
    _, Z, H, _ = dense(W, *arrays, "none")
    X, Q, endogenous = H[:, :2], H[:, 2:], Z[:, [2, 0]]
    table = fit(W, frame(*arrays)).instrument_tests_["statistic"]
    df = len(H) - H.shape[1]
    for name, column in zip(["W y", "b"], endogenous.T, strict=True):
        restricted, full = (np.sum(_residual(column, c) ** 2) for c in (X, H))
        F = (restricted - full) / full * df / Q.shape[1]
        assert table[f"first-stage F: {name}"] == pytest.approx(F, rel=1e-8)
    V, left = _residual(endogenous, H), _residual(endogenous, X)
    explained = left.T @ (left - _residual(left, _residual(Q, X)))
    smallest = np.linalg.eigvals(np.linalg.solve(V.T @ V / df, explained)).real.min()
    assert table["Cragg-Donald F"] == pytest.approx(smallest / Q.shape[1], rel=1e-8)
    assert table["under-identification"] == pytest.approx(smallest, rel=1e-8)


def test_robust_first_stage_is_a_wald_test_of_the_instruments():
    W, *arrays = simulated(seed=9)
    _, Z, H, _ = dense(W, *arrays, "none")
    coefficient = np.linalg.lstsq(H, Z[:, 0], rcond=None)[0]
    v = Z[:, 0] - H @ coefficient
    inverse = np.linalg.inv(H.T @ H)
    spread = inverse @ (H.T * v**2) @ H @ inverse * len(H) / (len(H) - H.shape[1])
    wald = coefficient[2:] @ np.linalg.solve(spread[2:, 2:], coefficient[2:])
    table = fit(W, frame(*arrays), cov_type="robust").instrument_tests_
    assert table["statistic"]["first-stage F: b"] == pytest.approx(wald / (H.shape[1] - 2), rel=1e-7)
    assert {"Kleibergen-Paap F", "Hansen J"} <= set(table.index)


@pytest.mark.parametrize("cov_type", ["classical", "robust"])
def test_overidentification_against_its_definition(cov_type):
    W, *arrays = simulated(seed=10)
    y, Z, H, _ = dense(W, *arrays, "none")
    _, e, _ = projected(y, Z, H)
    if cov_type == "classical":
        expected = len(y) * (1 - np.sum(_residual(e, H) ** 2) / np.sum(e**2))
    else:
        S = (H.T * e**2) @ H
        efficient = np.linalg.solve(
            Z.T @ H @ np.linalg.solve(S, H.T @ Z), Z.T @ H @ np.linalg.solve(S, H.T @ y)
        )
        g = H.T @ (y - Z @ efficient)
        expected = g @ np.linalg.solve(S, g)
    row = fit(W, frame(*arrays), cov_type=cov_type).instrument_tests_.loc[
        "Sargan" if cov_type == "classical" else "Hansen J"
    ]
    assert row["statistic"] == pytest.approx(expected, rel=1e-6)
    assert row["df"] == H.shape[1] - Z.shape[1]
    assert row["p_value"] == pytest.approx(stats.chi2.sf(expected, row["df"]), rel=1e-6)


def test_overidentification_finds_an_instrument_that_is_none():
    W, Y, x, b, q = simulated(seed=11, rows=8, columns=8)
    data = frame(Y, x, b, q)
    wrong = data.assign(y=data["y"] + 0.8 * (q @ W.T).T.ravel())  # W q is an instrument, and in the outcome
    p = [fit(W, d, effects="two-way").instrument_tests_["p_value"]["Sargan"] for d in (data, wrong)]
    assert p[0] > 0.05 and p[1] < 1e-4


def test_weak_instruments_are_seen():
    W, Y, x, b, q = simulated(seed=12)
    noise = frame(Y, x, b, np.random.default_rng(5).normal(size=q.shape))
    strong, weak = (
        fit(W, data, lag_instruments=False).instrument_tests_["statistic"]
        for data in (frame(Y, x, b, q), noise)
    )
    assert weak["Cragg-Donald F"] < 3 < strong["Cragg-Donald F"]


def test_isolates_warn_and_work():
    W, *arrays = simulated(seed=13)
    W = sp.lil_matrix(W)
    W[3, :] = 0
    with pytest.warns(IsolateWarning, match="u03"):
        model = fit(W.toarray(), frame(*arrays), effects="time")
    assert np.isfinite(model.impacts().std_errors).all()
