"""Baltagi, Song and Koh's tests, Pesaran's CD, and the F tests of fixed effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import spatialhealth as sh
from spatialhealth.diagnostics.bsk import _joint
from spatialhealth.errors import ConstantRegressorError, LabelError, OptionError
from tests import brute, cases, small


@pytest.mark.parametrize("name", ["cigar", "produc"])
def test_bsk(name):
    data, W = cases.panel(name)
    found = sh.diagnostics.bsk(cases.PANELS[name][0], data, W)
    reference = cases.figures("diagnostics")[name]["brute_force"]
    for test in ("LM1", "LM2", "LMH", "SLM1", "SLM2", "CLMlambda", "CLMmu"):
        # the conditional ones start from maxima found here, to 1e-13, and there, to 1e-25
        assert found[test].value == pytest.approx(reference[f"bsktest_{test}"]["statistic"], rel=1e-9)
    assert found["LMJ"].value == pytest.approx(found["LM1"].value ** 2 + found["LM2"].value ** 2, rel=1e-12)


def pooled(Y, X, W):
    return sh.SLX((list(range(len(W))), W), durbin=False).fit_arrays(Y, X)


def test_sides():
    rng = np.random.default_rng(3)
    W = small.lattice(3, 4)
    X, Y = rng.normal(size=(5, 12, 1)), rng.normal(size=(5, 12))
    Y = Y - 0.9 * Y.mean(axis=0)  # less alike over time than chance: no sign of random effects
    found = sh.diagnostics.bsk(pooled(Y, X, W))
    assert found["LM1"].value < 0 and found["LM1"].p_value == pytest.approx(stats.norm.sf(found["LM1"].value))
    assert found["LM1"].p_value > 0.5
    two = found["LM2"].value
    assert found["LM2"].p_value == pytest.approx(2 * stats.norm.sf(abs(two)))


def test_joint_one_sided_mixture():
    for one, two, p in (
        (-1.0, -2.0, 1.0),
        (2.0, -1.0, stats.chi2.sf(4, 1) / 2 + stats.chi2.sf(4, 2) / 4),
        (2.0, 1.0, stats.chi2.sf(5, 1) / 2 + stats.chi2.sf(5, 2) / 4),
    ):
        assert _joint(one, two)[1].p_value == pytest.approx(p)


def test_size_of_the_bsk_tests():
    rng = np.random.default_rng(8)
    W = small.lattice(6, 6)
    operator = sh.SpatialOperator((list(range(36)), W))
    X, found = rng.normal(size=(5, 36, 1)), []
    for _ in range(120):
        model = sh.SLX(operator, durbin=False).fit_arrays(X[..., 0] + rng.normal(size=(5, 36)), X)
        found.append([test.p_value < 0.05 for test in sh.diagnostics.bsk(model)])
    # a rate of 0.05 over 120 draws has a standard deviation of 0.02
    assert np.all(np.abs(np.mean(found, axis=0) - 0.05) < 4 * 0.02)


def test_conditional_tests_see_one_departure_and_not_the_other():
    rng = np.random.default_rng(9)
    W = small.lattice(6, 6)
    X = rng.normal(size=(5, 36, 1))
    alike = X[..., 0] + rng.normal(size=36) + rng.normal(size=(5, 36))
    found = sh.diagnostics.bsk(pooled(alike, X, W))
    assert found["CLMmu"].reject(0.001) and not found["CLMlambda"].reject(0.01)
    near = X[..., 0] + np.linalg.solve(np.eye(36) - 0.6 * W, rng.normal(size=(5, 36)).T).T
    found = sh.diagnostics.bsk(pooled(near, X, W))
    assert found["CLMlambda"].reject(0.001) and not found["CLMmu"].reject(0.01)


def test_bsk_refuses_other_models():
    W = small.lattice(3, 4)
    Y, X = small.arrays(W, 5)
    weights = (small.ids(12), W)
    for model in (
        sh.SpatialLag(weights).fit_arrays(Y, X),
        sh.SLX(weights, effects="entity").fit_arrays(Y, X),
        sh.SLX(weights).fit_arrays(Y[0], X[0]),
    ):
        with pytest.raises(OptionError, match="bsk tests a pooled panel without spatial parameters"):
            sh.diagnostics.bsk(model)


def test_pesaran_against_every_pair():
    W = small.lattice(3, 4)
    model = sh.SLX((small.ids(12), W), effects="entity").fit_arrays(*small.arrays(W, 7))
    r = np.corrcoef(model.result_.residuals.T)[np.triu_indices(12, 1)]
    found = sh.diagnostics.pesaran_cd(model)
    assert found.value == pytest.approx(np.sqrt(2 * 7 / (12 * 11)) * r.sum(), rel=1e-10)
    assert found.estimates["mean_correlation"] == pytest.approx(r.mean(), rel=1e-10)
    assert found.estimates["mean_absolute_correlation"] == pytest.approx(np.abs(r).mean(), rel=1e-10)


def test_pesaran_of_a_variable_in_any_order():
    _, data = small.panel()
    one = sh.diagnostics.pesaran_cd(data["x"])
    other = sh.diagnostics.pesaran_cd(data["x"].sample(frac=1, random_state=1))
    r = np.corrcoef(data["x"].unstack("year").to_numpy())[np.triu_indices(12, 1)]
    assert one.value == pytest.approx(other.value, rel=1e-12)
    assert one.value == pytest.approx(np.sqrt(2 * 6 / (12 * 11)) * r.sum(), rel=1e-10)


def test_pesaran_size():
    rng = np.random.default_rng(10)
    index = pd.MultiIndex.from_product([range(20), range(8)], names=["unit", "year"])
    found = [
        sh.diagnostics.pesaran_cd(pd.Series(rng.normal(size=160), index=index)).reject(0.05)
        for _ in range(300)
    ]
    assert abs(np.mean(found) - 0.05) < 4 * 0.0126


def test_pesaran_refuses():
    W = small.lattice(3, 4)
    Y, X = small.arrays(W, 5)
    weights = (small.ids(12), W)
    with pytest.raises(
        OptionError, match="does not apply to residuals with two-way effects: they sum to zero"
    ):
        sh.diagnostics.pesaran_cd(sh.SLX(weights, effects="two-way").fit_arrays(Y, X))
    with pytest.raises(
        OptionError, match="at least three periods and two units to correlate; there are 2 and 12"
    ):
        sh.diagnostics.pesaran_cd(sh.SLX(weights).fit_arrays(Y[:2], X[:2]))
    with pytest.raises(LabelError, match="needs a Series indexed by"):
        sh.diagnostics.pesaran_cd(Y)
    _, data = small.panel()
    flat = data["x"].where(data.index.get_level_values("unit") != "u03", 1.0)
    with pytest.raises(ConstantRegressorError, match="1 units do not vary over time: 'u03'"):
        sh.diagnostics.pesaran_cd(flat)


def test_f_tests_of_effects_against_dummy_variables():
    weights, data = small.panel()
    found = sh.diagnostics.redundant_effects("y ~ x + z", data, weights)
    Y = data["y"].unstack("year").to_numpy().T
    X = np.stack([data[name].unstack("year").to_numpy().T for name in ("x", "z")], axis=-1)
    one = np.ones((6, 12, 1))
    squares, rank = {}, {}
    for effects in ("none", "entity", "time", "two-way"):
        wide = brute.with_dummies(np.concatenate([one, X], axis=2) if effects == "none" else X, effects)
        wide = wide.reshape(72, -1)
        rank[effects] = np.linalg.matrix_rank(wide)
        squares[effects] = np.sum((Y.ravel() - wide @ np.linalg.lstsq(wide, Y.ravel(), rcond=None)[0]) ** 2)
    for name, small_model in (("F entity", "time"), ("F time", "entity"), ("F two-way", "none")):
        df = (rank["two-way"] - rank[small_model], 72 - rank["two-way"])
        value = (squares[small_model] - squares["two-way"]) / df[0] / (squares["two-way"] / df[1])
        assert found[name].df == df
        assert found[name].value == pytest.approx(value, rel=1e-9)


def test_f_tests_with_a_regressor_that_effects_absorb():
    weights, data = small.panel()
    data["level"] = data.groupby("unit")["x"].transform("first")
    found = sh.diagnostics.redundant_effects("y ~ x + level", data, weights)
    assert not found["F two-way"].applies and "Nothing is left of 'level'" in found["F two-way"].reason


def test_f_tests_need_a_panel():
    weights, data = small.panel()
    with pytest.raises(OptionError, match="at least two periods"):
        sh.diagnostics.redundant_effects("y ~ x", data.xs(2000, level="year"), weights)
