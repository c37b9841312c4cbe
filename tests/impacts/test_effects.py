"""Direct, indirect and total effects: values by explicit inverse, errors by numerical differentiation."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import IsolateWarning, NotFittedError, OptionError
from spatialhealth.operator import SpatialOperator
from tests import brute
from tests.cases import COLUMBUS_WEIGHTS, columbus, columbus_weights, panel, panel_arrays

ESTIMATORS = {
    "SLX": (sh.SLX, {}),
    "SAR": (sh.SpatialLag, {}),
    "SDM": (sh.SpatialDurbin, {}),
    "partial": (sh.SpatialDurbin, {"durbin": ["HOVAL"]}),
}


def fit(name, weights, logdet="auto"):
    estimator, options = ESTIMATORS[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", IsolateWarning)
        model = estimator(columbus_weights(weights), logdet=logdet, **options)
        return model.fit(columbus()[["INC", "HOVAL"]], columbus()["CRIME"])


def effects_of(params, names, W, variable):
    """Brute-force effects as a function of the parameter vector."""
    value = dict(zip(names, params, strict=True))
    return brute.mean_effects(W, value.get("rho", 0.0), value[variable], value.get(f"W:{variable}", 0.0))


def numerical_jacobian(function, at):
    steps = 1e-5 * np.maximum(np.abs(at), 1e-2)
    columns = []
    for j, h in enumerate(steps):
        e = np.eye(len(at))[j] * h
        columns.append(
            (8 * (function(at + e) - function(at - e)) - function(at + 2 * e) + function(at - 2 * e))
            / (12 * h)
        )
    return np.column_stack(columns)


@pytest.mark.parametrize("weights", COLUMBUS_WEIGHTS)
@pytest.mark.parametrize("name", ESTIMATORS)
@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_values_and_errors(name, weights, logdet):
    model = fit(name, weights, logdet)
    result, W = model.result_, columbus_weights(weights)[1]
    effects = model.impacts()

    def everything(params):
        return np.concatenate([effects_of(params, result.param_names, W, v) for v in result.regressors])

    np.testing.assert_allclose(effects.estimates.reshape(-1), everything(result.params), atol=1e-8, rtol=0)
    jacobian = numerical_jacobian(everything, result.params)
    covariance = jacobian @ result.covariance @ jacobian.T
    np.testing.assert_allclose(
        effects.std_errors.reshape(-1), np.sqrt(np.diag(covariance)), rtol=1e-5, atol=1e-12
    )
    scale = np.sqrt(np.maximum(np.outer(np.diag(covariance), np.diag(covariance)), 1e-30))
    np.testing.assert_allclose(effects.covariance / scale, covariance / scale, atol=1e-5)


@pytest.mark.parametrize(
    ("name", "weights"), [("SDM", "queen"), ("SDM", "invdist_maxeig"), ("SAR", "island"), ("SLX", "queen")]
)
def test_simulated_errors_agree_with_the_delta_method(name, weights):
    # a linear model would agree within sampling error; the curvature of 1 / (1 - rho) is kept small by shrinking the
    # covariance, so that only the sampling error of 20,000 draws (0.5 per cent) is left
    model = fit(name, weights)
    result = model.result_
    small = type(result)(
        **{
            **{f: getattr(result, f) for f in result.__dataclass_fields__},
            "covariance": result.covariance * 1e-4,
        }
    )
    delta = sh.impacts.impacts(small)
    simulated = sh.impacts.impacts(small, method="simulate", draws=20_000, random_state=1)
    np.testing.assert_allclose(simulated.std_errors, delta.std_errors, rtol=0.03)
    np.testing.assert_allclose(simulated.estimates, delta.estimates)
    np.testing.assert_allclose(
        simulated.draws.mean(axis=0), delta.estimates, atol=5 * delta.std_errors.max() / 140
    )
    low = simulated.table["ci_low"].to_numpy()
    np.testing.assert_allclose(low, delta.table["ci_low"], atol=0.1 * delta.std_errors.max())


@pytest.mark.parametrize("weights", ["queen", "invdist_maxeig", "island"])
@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_each_draw_equals_its_explicit_inverse(weights, logdet):
    model = fit("SDM", weights, logdet)
    result, W = model.result_, columbus_weights(weights)[1]
    effects = model.impacts(method="simulate", draws=50, random_state=3)
    from spatialhealth.impacts.draws import draw
    from spatialhealth.impacts.inputs import Pairs

    drawn, rejected = draw(result, Pairs.of(result), 50, np.random.default_rng(3))
    assert rejected == effects.rejected
    for params, simulated in zip(drawn, effects.draws, strict=True):
        expected = [effects_of(params, result.param_names, W, v) for v in result.regressors]
        np.testing.assert_allclose(simulated, expected, rtol=1e-7, atol=1e-8)


def test_draws_are_reproducible():
    model = fit("SDM", "queen")
    one, two = (model.impacts(method="simulate", draws=100, random_state=5).table for _ in range(2))
    assert one.equals(two)
    assert not one.equals(model.impacts(method="simulate", draws=100, random_state=6).table)


def test_draws_beyond_the_interval_are_drawn_again_and_counted():
    model = fit("SAR", "queen")
    result = model.result_
    wide = result.covariance.copy()
    wide[-1, -1] *= 8
    scaled = type(result)(
        **{**{f: getattr(result, f) for f in result.__dataclass_fields__}, "covariance": wide}
    )
    effects = sh.impacts.impacts(scaled, method="simulate", draws=2000, random_state=0)
    assert effects.rejected > 0
    told = f"Drawn anew: {effects.rejected}, with rho outside the admissible interval."
    assert told in str(effects)
    assert told in effects._repr_html_()
    assert len(effects.draws) == 2000
    wide = wide.copy()
    wide[-1, -1] *= 1e4
    hopeless = type(result)(
        **{**{f: getattr(result, f) for f in result.__dataclass_fields__}, "covariance": wide}
    )
    with pytest.raises(OptionError, match="outside the admissible interval"):
        sh.impacts.impacts(hopeless, method="simulate", draws=2000, random_state=0)


def test_table_is_tidy():
    data, W = panel("cigar")
    model = sh.SpatialDurbin(W, effects="two-way").fit_formula(
        "log(sales) ~ log(price / cpi) + log(ndi / cpi)", data
    )
    table = model.impacts(level=0.9).table
    assert list(table) == ["variable", "effect", "estimate", "std_error", "z", "p_value", "ci_low", "ci_high"]
    assert table["effect"].tolist() == ["direct", "indirect", "total"] * 2
    np.testing.assert_allclose(table["z"], table["estimate"] / table["std_error"])
    np.testing.assert_allclose(
        table["ci_high"] - table["ci_low"], 2 * 1.6448536 * table["std_error"], rtol=1e-6
    )
    assert table["p_value"].between(0, 1).all()


def test_direct_plus_indirect_is_total():
    Y, X, ids, W = panel_arrays("produc")
    estimates = sh.SpatialDurbin((ids, W), effects="entity").fit_arrays(Y, X).impacts().estimates
    np.testing.assert_allclose(estimates[:, 0] + estimates[:, 1], estimates[:, 2], atol=1e-14)


def test_a_constant_has_no_effects():
    assert fit("SDM", "queen").impacts().variables == ("INC", "HOVAL")


def test_an_isolate_counts_with_its_own_effect_only():
    # one pair of neighbours and two isolates: totals are the mean of 1 / (1 - rho) and 1
    W = np.zeros((4, 4))
    W[0, 1] = W[1, 0] = 1.0
    rng = np.random.default_rng(0)
    Y, X = rng.normal(size=(30, 4)), rng.normal(size=(30, 4, 1))
    with pytest.warns(IsolateWarning, match="2 of 4 units have no neighbour: 2, 3"):
        model = sh.SpatialLag((np.arange(4), W)).fit_arrays(Y, X)
    beta, rho = model.params_["x1"], model.rho_
    assert model.impacts().estimates[0, 2] == pytest.approx(beta * (2 / (1 - rho) + 2) / 4)


def test_impacts_hold_at_rho_zero():
    from spatialhealth.impacts.multipliers import multipliers

    for logdet in ("eigen", "lu"):
        at = multipliers(SpatialOperator(columbus_weights("queen"), logdet), 0.0)
        np.testing.assert_allclose(at.value, [[1, 0], [1, 1]], atol=1e-12)


def test_what_has_no_effects_is_told_so():
    with pytest.raises(NotFittedError, match="has not been fitted yet"):
        sh.impacts.impacts(sh.SpatialLag())
    with pytest.raises(OptionError, match="model is a int"):
        sh.impacts.impacts(3)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"level": 95}, "level=95 must lie strictly between 0 and 1"),
        ({"method": "bootstrap"}, "'delta', 'simulate'"),
        ({"method": "simulate", "draws": 1}, "draws=1 has no spread"),
        ({"method": "simulate", "draws": 0}, "draws=0 must be a positive whole number"),
        ({"method": "simulate", "random_state": "yes"}, "random_state='yes' must be None"),
    ],
)
def test_bad_options(options, message):
    with pytest.raises(OptionError, match=message):
        fit("SDM", "queen").impacts(**options)


def test_numbers_cannot_be_changed():
    effects = fit("SDM", "queen").impacts()
    with pytest.raises(ValueError, match="read-only"):
        effects.estimates[0, 0] = 1.0
