"""Heteroskedasticity, normality, collinearity: reference figures, explicit projections, size."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

import spatialhealth as sh
from spatialhealth.errors import OptionError
from tests import cases, small
from tests.diagnostics import dense


@pytest.mark.parametrize(("model", "estimator"), [("SAR", sh.SpatialLag), ("SDM", sh.SpatialDurbin)])
@pytest.mark.parametrize("name", ["queen", "knn4", "invdist"])
def test_koenker(name, model, estimator):
    fitted = estimator(cases.columbus_weights(name)).fit_formula("CRIME ~ INC + HOVAL", cases.columbus())
    found = sh.diagnostics.heteroskedasticity(fitted)["Koenker"]
    expected = cases.figures("diagnostics")[f"columbus_{name}"]["R_alone"][f"bptest_{model}"]["statistic"]
    # R alone has it, with its default tolerance for rho
    assert found.value == pytest.approx(expected, rel=1e-6)


def test_without_effects_they_are_auxiliary_regressions():
    W = small.lattice(4, 5)
    Y, X = small.arrays(W, 3)
    model = sh.SLX((small.ids(20), W), durbin=False).fit_arrays(Y, X)
    e2 = model.result_.residuals.reshape(-1) ** 2
    flat = X.reshape(60, 2)
    squares = np.column_stack([np.ones(60), flat, flat[:, 0] ** 2, flat[:, 1] ** 2, flat[:, 0] * flat[:, 1]])

    def explained(z):
        fit = z @ np.linalg.lstsq(z, e2, rcond=None)[0]
        return np.sum((fit - e2.mean()) ** 2)

    total = np.sum((e2 - e2.mean()) ** 2)
    found = sh.diagnostics.heteroskedasticity(model)
    assert found["Breusch-Pagan"].value == pytest.approx(
        explained(squares[:, :3]) / (2 * e2.mean() ** 2), rel=1e-9
    )
    assert found["Koenker"].value == pytest.approx(60 * explained(squares[:, :3]) / total, rel=1e-9)
    assert found["White"].value == pytest.approx(60 * explained(squares) / total, rel=1e-9)
    assert [test.df for test in found] == [2, 2, 5]


@pytest.mark.parametrize("effects", ["entity", "time", "two-way"])
def test_with_effects_against_the_explicit_projection(effects):
    W = small.lattice(3, 4)
    Y, X = small.arrays(W, 4)
    model = sh.SpatialLag((small.ids(12), W), effects=effects).fit_arrays(Y, X)
    _, Q = dense.projection(X, effects)
    e = model.result_.residuals.reshape(-1)
    s2 = e @ e / np.trace(Q)
    k4 = (np.sum(e**4) - 3 * s2**2 * np.sum(np.diag(Q) ** 2)) / np.sum(Q**4)
    z = X.reshape(48, 2) - X.reshape(48, 2).mean(axis=0)
    g = z.T @ e**2
    normal = z.T @ (2 * s2**2 * Q**2) @ z
    found = sh.diagnostics.heteroskedasticity(model)
    assert found["Breusch-Pagan"].value == pytest.approx(g @ np.linalg.solve(normal, g), rel=1e-9)
    spread = normal + k4 * z.T @ (Q**2) @ (Q**2) @ z
    assert found["Koenker"].value == pytest.approx(g @ np.linalg.solve(spread, g), rel=1e-9)
    third, fourth = np.sum(e**3), np.sum(e**4) - 3 * s2**2 * np.sum(np.diag(Q) ** 2)
    jarque_bera = third**2 / (6 * s2**3 * np.sum(Q**3)) + fourth**2 / (24 * s2**4 * np.sum(Q**4))
    assert sh.diagnostics.normality(model).value == pytest.approx(jarque_bera, rel=1e-9)


def test_normality_of_a_cross_section_is_that_of_scipy():
    model = sh.SLX(cases.columbus_weights("queen"), durbin=False).fit_formula(
        "CRIME ~ INC + HOVAL", cases.columbus()
    )
    e = model.result_.residuals.ravel()
    found = sh.diagnostics.normality(model)
    assert found.value == pytest.approx(stats.jarque_bera(e).statistic, rel=1e-9)
    assert found.estimates["skewness"] == pytest.approx(stats.skew(e), rel=1e-9)
    assert found.estimates["kurtosis"] == pytest.approx(stats.kurtosis(e, fisher=False), rel=1e-9)


def rates(periods, effects, draw, draws=300):
    """Rejections at five per cent: Koenker, White, Jarque-Bera; and Koenker's test of residuals as they are."""
    rng = np.random.default_rng(12)
    W = small.lattice(10, 10)
    operator = sh.SpatialOperator((list(range(100)), W))
    level = rng.normal(size=100)
    X = np.stack([rng.normal(size=(periods, 100)) + 3 * level], axis=-1)
    found, plain = [], []
    for _ in range(draws):
        model = sh.SLX(operator, effects=effects, durbin=False).fit_arrays(
            X[..., 0] + draw(rng, (periods, 100)), X
        )
        tests = sh.diagnostics.heteroskedasticity(model)
        normal = sh.diagnostics.normality(model).reject(0.05) if periods > 2 else False
        found.append([tests["Koenker"].reject(0.05), tests["White"].reject(0.05), normal])
        e2 = model.result_.residuals.ravel() ** 2
        plain.append(e2.size * np.corrcoef(e2, X.ravel())[0, 1] ** 2 > stats.chi2.isf(0.05, 1))
    return np.mean(found, axis=0), np.mean(plain)


def test_size_with_two_periods_and_effects_of_units():
    ours, plain = rates(2, "entity", lambda rng, shape: rng.normal(size=shape))
    # a rate of 0.05 over 300 draws has a standard deviation of 0.0126; of the residuals as they are half say the same
    assert np.all(np.abs(ours[:2] - 0.05) < 4 * 0.0126)
    assert plain > 0.10


def test_size_with_heavy_tails():
    ours, _ = rates(4, "two-way", lambda rng, shape: rng.standard_t(8, size=shape))
    assert np.all(np.abs(ours[:2] - 0.05) < 4 * 0.0126)
    assert ours[2] > 0.3  # and the tails are seen


def test_size_of_normality():
    ours, _ = rates(4, "two-way", lambda rng, shape: rng.normal(size=shape))
    # the fourth moment converges slowly
    assert abs(ours[2] - 0.05) < 4 * 0.0126


def test_unequal_variances_are_seen():
    rng = np.random.default_rng(13)
    W = small.lattice(10, 10)
    X = rng.normal(size=(5, 100, 1))
    Y = X[..., 0] + np.exp(0.5 * X[..., 0]) * rng.normal(size=(5, 100))
    model = sh.SpatialLag((list(range(100)), W), effects="two-way").fit_arrays(Y, X)
    assert all(test.reject(0.001) for test in sh.diagnostics.heteroskedasticity(model))


def test_two_periods_tell_no_skewness():
    W = small.lattice(3, 4)
    model = sh.SLX((small.ids(12), W), effects="entity", durbin=False).fit_arrays(*small.arrays(W, 2))
    with pytest.raises(
        OptionError, match="with 2 periods and 12 units, entity effects make residuals symmetric"
    ):
        sh.diagnostics.normality(model)


def test_too_many_products_are_said_to_be():
    W = small.lattice(3, 4)
    X = np.random.default_rng(0).normal(size=(1, 12, 4))
    model = sh.SLX((small.ids(12), W), durbin=False).fit_arrays(small.arrays(W, 1)[0], X)
    white = sh.diagnostics.heteroskedasticity(model)["White"]
    assert not white.applies and "columns are too many for 12 observations" in white.reason


@pytest.mark.parametrize("effects", ["none", "two-way"])
def test_collinearity_against_regressions(effects):
    W = small.lattice(4, 5)
    Y, X = small.arrays(W, 6)
    model = sh.SpatialDurbin((small.ids(20), W), effects=effects).fit_arrays(Y, X)
    found = sh.diagnostics.collinearity(model)
    Z = np.concatenate([X, np.einsum("ij,tjk->tik", W, X)], axis=2)
    if effects == "two-way":
        Z = Z - Z.mean(axis=0) - Z.mean(axis=1, keepdims=True) + Z.mean(axis=(0, 1))
    flat = Z.reshape(120, 4)
    centred = flat - flat.mean(axis=0)
    for j in range(4):
        others = np.delete(centred, j, axis=1)
        left = centred[:, j] - others @ np.linalg.lstsq(others, centred[:, j], rcond=None)[0]
        assert found.vif[j] == pytest.approx(np.sum(centred[:, j] ** 2) / np.sum(left**2), rel=1e-9)
    whole = flat if effects != "none" else np.column_stack([np.ones(120), flat])
    roots = np.linalg.svd(whole / np.linalg.norm(whole, axis=0), compute_uv=False)
    assert found.condition_number == pytest.approx(roots[0] / roots[-1], rel=1e-9)
    assert found.with_lag[0] == pytest.approx(np.corrcoef(flat[:, 0], flat[:, 2])[0, 1], rel=1e-9)
    assert np.isnan(found.with_lag[2:]).all()


def test_collinearity_in_words():
    W = small.lattice(4, 5)
    Y, X = small.arrays(W, 6)
    noise = np.random.default_rng(1).normal(size=(6, 20, 1))
    near = np.concatenate([X, X[..., :1] + 0.05 * noise], axis=2)
    found = sh.diagnostics.collinearity(sh.SLX((small.ids(20), W)).fit_arrays(Y, near))
    assert (
        "Collinearity is strong: condition number" in found.words
        and "read total effects, or lag fewer" in found.words
    )
    assert found.table.loc["x1", "vif"] == found.vif[0] > 100
    assert "W:x3" in str(found) and "<table>" in found._repr_html_()
    weak = sh.diagnostics.collinearity(sh.SLX((small.ids(20), W), effects="two-way").fit_arrays(Y, X))
    assert weak.words.startswith("Collinearity is weak: condition number")
