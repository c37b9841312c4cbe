"""The page on mathematics: its likelihood and its tests, written out with dense matrices, are the package's."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh

FORMULA = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
NAMES = ["log(price / cpi)", "log(ndi / cpi)"]


@pytest.fixture(scope="module")
def cigarettes():
    """Panel, weights, and the same as arrays: y (T, n), x (T, n, 2), W (n, n)."""
    panel = sh.datasets.load_cigarettes()
    op = sh.SpatialOperator(sh.weights.contiguity(sh.datasets.load_states().loc[panel.index.unique("state")]))
    y, price, income = (
        np.log(column).unstack("year").loc[list(op.ids)].to_numpy().T
        for column in (panel["sales"], panel["price"] / panel["cpi"], panel["ndi"] / panel["cpi"])
    )
    return panel, op, y, np.stack([price, income], axis=-1), op.matrix.toarray()


def without(effects, values):
    if effects in ("entity", "two-way"):
        values = values - values.mean(axis=0, keepdims=True)
    if effects in ("time", "two-way"):
        values = values - values.mean(axis=1, keepdims=True)
    return values


def left(effects, correction, n, t):
    """N and T* of the page's table, and whether ln(1 - rho) is taken from L(rho)."""
    transformed = correction == "lee-yu"
    periods = t - 1 if transformed and effects in ("entity", "two-way") else t
    dropped = transformed and effects in ("time", "two-way")
    return (n - 1 if dropped else n) * periods, periods, dropped


@pytest.mark.parametrize("correction", ["lee-yu", "none"])
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_the_likelihood_is_that_of_the_page(cigarettes, effects, correction):
    panel, op, y, x, w = cigarettes
    model = sh.GeneralNesting(op, effects=effects, correction=correction).fit_formula(FORMULA, panel)
    n, t, one = op.n, len(y), np.eye(op.n)
    z = np.concatenate([x, np.einsum("ij,tjk->tik", w, x)], axis=-1)
    delta = model.params_[[*NAMES, *(f"W:{name}" for name in NAMES)]].to_numpy()
    rho, lam = model.rho_, model.lambda_
    e = (y @ (one - rho * w).T - z @ delta - model.params_.get("constant", 0.0)) @ (one - lam * w).T
    size, periods, dropped = left(effects, correction, n, t)

    def log_determinant(value):
        return np.linalg.slogdet(one - value * w)[1] - (np.log(1 - value) if dropped else 0.0)

    squares = float(np.sum(without(effects, e) ** 2))
    sigma2 = model.result_.sigma2
    loglik = -(size / 2) * np.log(2 * np.pi * sigma2) - squares / (2 * sigma2)
    loglik += periods * (log_determinant(rho) + log_determinant(lam))
    assert sigma2 == pytest.approx(squares / size, rel=1e-10)
    assert model.loglik_ == pytest.approx(loglik, abs=1e-8)


@pytest.mark.parametrize(
    ("effects", "correction"), [("two-way", "lee-yu"), ("entity", "lee-yu"), ("entity", "none")]
)
def test_the_lagrange_multiplier_tests_are_those_of_the_page(cigarettes, effects, correction):
    panel, op, y, x, w = cigarettes
    found = sh.diagnostics.lm(FORMULA, panel, op, effects=effects, correction=correction)
    size, periods, dropped = left(effects, correction, op.n, len(y))
    if dropped:
        off = np.eye(op.n) - 1 / op.n
        w = off @ w @ off
    y, x = without(effects, y), without(effects, x)
    z = x.reshape(-1, 2)
    b = np.linalg.lstsq(z, y.ravel(), rcond=None)[0]
    e = y - x @ b
    s2 = np.sum(e**2) / size
    c = periods * np.trace(w)
    d_e, d_l = np.sum(e * (e @ w.T)) / s2 - c, np.sum(e * (y @ w.T)) / s2 - c
    k = periods * np.trace(w @ w + w.T @ w) - 2 * c**2 / size
    lagged = (x @ b @ w.T).ravel()
    signal = lagged - z @ np.linalg.lstsq(z, lagged, rcond=None)[0]
    j = k + signal @ signal / s2
    expected = {
        "LM error": d_e**2 / k,
        "LM lag": d_l**2 / j,
        "robust LM error": (d_e - k / j * d_l) ** 2 / (k * (1 - k / j)),
        "robust LM lag": (d_l - d_e) ** 2 / (j - k),
    }
    assert {name: found[name].value for name in expected} == pytest.approx(expected, rel=1e-8)
