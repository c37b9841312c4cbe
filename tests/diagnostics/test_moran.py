"""Moran's I: reference figures, all permutations, explicit projections, simulation."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import (
    ConstantRegressorError,
    LabelError,
    OptionError,
    SizeError,
    SpatialHealthWarning,
)
from tests import cases, small
from tests.diagnostics import dense


@pytest.mark.parametrize("name", cases.COLUMBUS_WEIGHTS)
def test_variable(name):
    expected = cases.figures("diagnostics")[f"columbus_{name}"]["brute_force"]
    expected = expected.get("moran_y_randomisation_adjust.n=FALSE", expected["moran_y_randomisation"])
    found = sh.diagnostics.moran(cases.columbus()["CRIME"], cases.columbus_weights(name), permutations=0)[0]
    assert found.value == pytest.approx(expected["I"], rel=1e-12)
    assert found.estimates["expected"] == pytest.approx(expected["expectation"], rel=1e-12)
    assert found.estimates["variance"] == pytest.approx(expected["variance"], rel=1e-12)
    assert found.estimates["z"] == pytest.approx(expected["statistic"], rel=1e-12)


@pytest.mark.parametrize("name", cases.COLUMBUS_WEIGHTS)
def test_residuals(name):
    expected = cases.figures("diagnostics")[f"columbus_{name}"]["brute_force"]["moran_ols_residuals"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        model = sh.SLX(cases.columbus_weights(name), durbin=False).fit_formula(
            "CRIME ~ INC + HOVAL", cases.columbus()
        )
    (found,) = sh.diagnostics.moran(model)
    assert found.value == pytest.approx(expected["I"], rel=1e-12)
    assert found.estimates["expected"] == pytest.approx(expected["expectation"], rel=1e-12)
    assert found.estimates["variance"] == pytest.approx(expected["variance"], rel=1e-12)


def six_units(periods):
    rng = np.random.default_rng(4)
    W = small.lattice(2, 3)
    W[0] *= 2  # neither symmetric nor row-standardised
    Y = rng.normal(size=(periods, 6)).cumsum(axis=0) ** 3
    index = pd.MultiIndex.from_product([range(periods), small.ids(6)], names=["year", "unit"])
    return W, Y, pd.Series(Y.ravel(), index=index.swaplevel(), name="y").swaplevel().swaplevel()


def index_of(Y, W):
    z = Y - Y.mean(axis=1, keepdims=True)
    return 6 / W.sum() * np.einsum("ti,ij,tj->", z, W, z) / np.sum(z**2)


def test_moments_are_those_of_all_permutations():
    W, Y, values = six_units(3)
    found = sh.diagnostics.moran(values.sort_index(), (small.ids(6), W), permutations=0)
    every = [list(order) for order in itertools.permutations(range(6))]
    for test, part in zip(found, (slice(None), slice(0, 1), slice(1, 2), slice(2, 3)), strict=True):
        drawn = np.array([index_of(Y[part][:, order], W) for order in every])
        assert test.value == pytest.approx(index_of(Y[part], W), rel=1e-12)
        assert test.estimates["expected"] == pytest.approx(drawn.mean(), rel=1e-10)
        assert test.estimates["variance"] == pytest.approx(drawn.var(), rel=1e-10)


def test_permutations_come_near_to_all_of_them():
    W, Y, values = six_units(3)
    found = sh.diagnostics.moran(values.sort_index(), (small.ids(6), W), permutations=4999, random_state=5)[0]
    drawn = np.array([index_of(Y[:, list(order)], W) for order in itertools.permutations(range(6))])
    exact = np.mean(np.abs(drawn + 1 / 5) >= abs(index_of(Y, W) + 1 / 5) * (1 - 1e-12))
    assert abs(found.p_value - exact) < 4 * np.sqrt(exact * (1 - exact) / 4999) + 1 / 5000


def test_the_seed_repeats_and_the_global_one_is_left_alone():
    W, _, values = six_units(2)
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    one, two, other = (
        sh.diagnostics.moran(values, (small.ids(6), W), random_state=seed)[0].p_value for seed in (1, 1, 2)
    )
    assert one == two != other
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_rows_in_any_order():
    W, _, values = six_units(2)
    mixed = values.sample(frac=1, random_state=0)
    weights = (small.ids(6), W)
    one = sh.diagnostics.moran(values, weights, permutations=0).to_frame()
    pd.testing.assert_frame_equal(one, sh.diagnostics.moran(mixed, weights, permutations=0).to_frame())


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_pooled_residuals_against_explicit_projection(effects):
    W = small.lattice(3, 4)
    W[2] *= 0.5
    Y, X = small.arrays(W, 5)
    model = sh.SLX((small.ids(12), W), effects=effects, durbin=False).fit_arrays(Y, X)
    Z = np.concatenate([np.ones((5, 12, 1)), X], axis=2) if effects == "none" else X
    M, _ = dense.projection(Z, effects)
    big = np.kron(np.eye(5), W)
    e, d = M @ Y.reshape(-1), np.trace(M)
    A = M @ big @ M
    mean = np.trace(A) / d
    variance = (np.trace(A @ A) + np.trace(A @ A.T) + np.trace(A) ** 2) / (d * (d + 2)) - mean**2
    scale = 12 / W.sum()
    found = sh.diagnostics.moran(model)["Moran's I, pooled"]
    assert found.value == pytest.approx(scale * (e @ big @ e) / (e @ e), rel=1e-9)
    assert found.estimates["expected"] == pytest.approx(scale * mean, rel=1e-9)
    assert found.estimates["variance"] == pytest.approx(scale**2 * variance, rel=1e-9)


@pytest.mark.parametrize("effects", ["none", "entity", "two-way"])
def test_residuals_of_one_period_by_simulation(effects):
    W = small.lattice(4, 5)
    Y, X = small.arrays(W, 4)
    model = sh.SLX((small.ids(20), W), effects=effects, durbin=False).fit_arrays(Y, X)
    Z = np.concatenate([np.ones((4, 20, 1)), X], axis=2) if effects == "none" else X
    M, _ = dense.projection(Z, effects)
    draws = 40_000
    e = (np.random.default_rng(6).normal(size=(draws, 80)) @ M.T).reshape(draws, 4, 20)[:, 1]
    drawn = 20 / W.sum() * np.einsum("ri,ij,rj->r", e, W, e) / np.sum(e**2, axis=1)
    found = sh.diagnostics.moran(model)["Moran's I, 1"].estimates
    error = drawn.std() / np.sqrt(draws)
    # the ratio is expanded around its mean: a hundredth of a standard deviation, two per cent of the variance
    assert abs(found["expected"] - drawn.mean()) < 4 * error + 0.01 * drawn.std()
    assert found["variance"] == pytest.approx(drawn.var(), rel=0.02 + 4 * np.sqrt(2 / draws))


def test_beside_a_lag_it_is_the_lagrange_multiplier_test():
    W = (small.ids(12), small.lattice(3, 4))
    model = sh.SpatialLag(W, effects="two-way").fit_arrays(*small.arrays(W[1], 5))
    (found,) = sh.diagnostics.moran(model)
    assert found.estimates["z"] ** 2 == pytest.approx(sh.diagnostics.lm(model)[0].value, rel=1e-12)


def test_a_model_with_a_spatial_error_is_refused():
    W = (small.ids(12), small.lattice(3, 4))
    model = sh.SpatialError(W).fit_arrays(*small.arrays(W[1], 5))
    with pytest.raises(OptionError, match="models the autocorrelation of its errors"):
        sh.diagnostics.moran(model)


def test_bad_input():
    W, _, values = six_units(2)
    weights = (small.ids(6), W)
    with pytest.raises(OptionError, match="needs the weights"):
        sh.diagnostics.moran(values)
    with pytest.raises(LabelError, match=r"needs a Series indexed by unit.*given list"):
        sh.diagnostics.moran([1.0, 2.0], weights)
    with pytest.raises(OptionError, match="permutations=-5 must be a positive whole number"):
        sh.diagnostics.moran(values, weights, permutations=-5)
    with pytest.raises(ConstantRegressorError, match="'y' does not vary in 1: there is no pattern"):
        sh.diagnostics.moran(values.where(values.index.get_level_values("year") != 1, 2.0), weights)
    with pytest.raises(SizeError, match="at least four units"):
        three = pd.Series([1.0, 2.0, 4.0], index=list("abc"))
        sh.diagnostics.moran(three, (list("abc"), np.ones((3, 3)) - np.eye(3)))


@pytest.mark.parametrize("permutations", [0, 99])
@pytest.mark.parametrize("n", [5, 8, 12, 20])
def test_an_index_that_cannot_vary_has_p_of_one(n, permutations):
    """Its variance is zero but for rounding, by which it must not be divided."""
    everyone = (np.ones((n, n)) - np.eye(n)) / (n - 1)
    ring = np.zeros((n, n))
    ring[np.arange(n), (np.arange(n) + 1) % n] = ring[np.arange(n), np.arange(n) - 1] = 0.5
    rng = np.random.default_rng(n)
    spike = np.where(np.arange(n) == 2, 3.3, 0.0)
    for W, values in ((everyone, 10 * rng.normal(size=n) + 3), (ring, spike)):
        y = pd.Series(values, index=small.ids(n))
        (found,) = sh.diagnostics.moran(y, (small.ids(n), W), permutations=permutations, random_state=1)
        assert found.value == pytest.approx(-1 / (n - 1)) and found.p_value == 1
        assert found.estimates["variance"] == found.estimates["z"] == 0 and not found.reject(0.05)


def test_ties_with_the_mean_count_whatever_the_rounding():
    """The data have the very mean of I, as one arrangement in seven has: every arrangement is as far out."""
    ids, values = small.ids(7), 0.1 * np.array([0, 1, 2, 1, 1, 2, 0])
    links = ["0110001", "1000101", "1000100", "0010111", "0101010", "1111001", "0001000"]
    W = 0.1 * np.array([[int(link) for link in row] for row in links])
    indices = []
    for order in itertools.permutations(values):
        z = np.array(order) - values.mean()
        indices.append(7 / W.sum() * (z @ W @ z) / (z @ z))
    assert indices[0] == pytest.approx(-1 / 6, abs=1e-12)
    assert np.isclose(indices, -1 / 6, rtol=0, atol=1e-12).mean() > 0.1
    (found,) = sh.diagnostics.moran(pd.Series(values, ids), (ids, W), permutations=999, random_state=1)
    assert found.p_value == 1
