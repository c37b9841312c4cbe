"""Effects unit by unit against the explicit inverse."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError
from tests import brute
from tests.cases import COLUMBUS_WEIGHTS, columbus_weights, panel
from tests.impacts.test_effects import fit, numerical_jacobian


def parts(params, names, W, variable):
    value = dict(zip(names, params, strict=True))
    S = brute.effects(W, value.get("rho", 0.0), value[variable], value.get(f"W:{variable}", 0.0))
    own = np.diag(S)
    return np.concatenate([own, S.sum(axis=1) - own, S.sum(axis=0) - own])


@pytest.mark.parametrize("weights", COLUMBUS_WEIGHTS)
@pytest.mark.parametrize("name", ["SLX", "SAR", "SDM", "partial"])
def test_values_and_errors(name, weights):
    model = fit(name, weights)
    result, W = model.result_, columbus_weights(weights)[1]
    for variable in result.regressors:
        frame = model.impacts().local(variable)
        found = frame[["own", "received", "emitted"]].to_numpy().T.reshape(-1)
        np.testing.assert_allclose(found, parts(result.params, result.param_names, W, variable), atol=1e-10)
        jacobian = numerical_jacobian(lambda p, v=variable: parts(p, result.param_names, W, v), result.params)
        errors = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, result.covariance, jacobian))
        found = frame[[f"{c}_std_error" for c in ("own", "received", "emitted")]].to_numpy().T.reshape(-1)
        np.testing.assert_allclose(found, errors, rtol=1e-5, atol=1e-9)


def test_means_are_the_mean_effects():
    data, W = panel("cigar")
    model = sh.SpatialDurbin(W, effects="two-way").fit_formula("log(sales) ~ log(price / cpi)", data)
    effects = model.impacts()
    local = effects.local("log(price / cpi)")
    assert local.index.tolist() == list(model.result_.units)
    direct, indirect, _ = effects.estimates[0]
    assert local["own"].mean() == pytest.approx(direct, abs=1e-12)
    assert local["received"].mean() == pytest.approx(indirect, abs=1e-12)
    assert local["emitted"].mean() == pytest.approx(indirect, abs=1e-12)


@pytest.fixture
def beyond(monkeypatch):
    """Effects of more units than are exact."""
    monkeypatch.setattr("spatialhealth.operator.diagonal.INVERSE_LIMIT", 40)
    return fit("SDM", "queen").impacts()


def test_an_exact_figure_has_no_error_of_approximation():
    for name in ("SLX", "SDM"):
        assert "own_approximation_error" not in fit(name, "queen").impacts().local("INC")


def test_no_lag_of_the_outcome_is_exact_at_every_size(beyond):
    assert "own_approximation_error" not in fit("SLX", "queen").impacts().local("INC")


@pytest.mark.parametrize("way", ["patches", "signs"])
def test_an_approximation_says_how_far_it_may_be_off(way, beyond, monkeypatch):
    if way == "signs":
        monkeypatch.setattr("spatialhealth.operator.diagonal.from_patches", lambda *_: None)
    else:
        monkeypatch.setattr("spatialhealth.operator.patches._PART", 12)
        monkeypatch.setattr("spatialhealth.operator.patches._COMPACT", 5.0)
        monkeypatch.setattr("spatialhealth.operator.patches._MARGINS", (1,))
    found = beyond.local("INC")
    monkeypatch.setattr("spatialhealth.operator.diagonal.INVERSE_LIMIT", 20_000)
    exact = fit("SDM", "queen").impacts().local("INC")
    assert found.columns.tolist() == [*exact.columns, "own_approximation_error"]
    off = found["own"] - exact["own"]
    assert np.abs(off).max() > 1e-6
    assert (np.abs(off) <= (1 if way == "patches" else 4) * found["own_approximation_error"]).all()
    for other in ("received", "emitted"):
        np.testing.assert_allclose(found[other] - exact[other], -off, atol=1e-12)
    np.testing.assert_allclose(found["own_std_error"], exact["own_std_error"], rtol=0.05)


def test_the_same_seed_gives_the_same(beyond, monkeypatch):
    monkeypatch.setattr("spatialhealth.operator.diagonal.from_patches", lambda *_: None)
    first = beyond.local("INC")
    assert first.equals(beyond.local("INC"))
    assert first.equals(beyond.local("INC", random_state=0))
    assert not first.equals(beyond.local("INC", random_state=1))
    with pytest.raises(OptionError, match="random_state='one'"):
        beyond.local("INC", random_state="one")


def test_an_unknown_regressor_lists_the_known_ones():
    with pytest.raises(OptionError, match="INC, HOVAL"):
        fit("SDM", "queen").impacts().local("INCOME")
