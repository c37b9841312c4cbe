"""Effects by order of neighbourhood."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import OptionError
from tests.cases import columbus_weights
from tests.impacts.test_effects import fit, numerical_jacobian


def orders(params, names, W, variable, highest):
    value = dict(zip(names, params, strict=True))
    beta, theta, rho = value[variable], value.get(f"W:{variable}", 0.0), value.get("rho", 0.0)
    rows = []
    for q in range(highest + 1):
        power = np.linalg.matrix_power(W, q)
        weight = beta if q == 0 else rho**q * beta + rho ** (q - 1) * theta
        direct, total = weight * np.trace(power) / len(W), weight * power.sum() / len(W)
        rows.append([direct, total - direct, total])
    return np.array(rows).T.reshape(-1)


@pytest.mark.parametrize("weights", ["queen", "knn4", "invdist_maxeig", "island"])
@pytest.mark.parametrize("name", ["SLX", "SAR", "SDM", "partial"])
@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_values_and_errors_equal_matrix_powers(name, weights, logdet):
    model = fit(name, weights, logdet)
    result, W = model.result_, columbus_weights(weights)[1]
    table = model.impacts().by_order(5)
    for variable in result.regressors:
        rows = table[table["variable"] == variable]
        found = rows["estimate"].to_numpy()
        np.testing.assert_allclose(
            found, orders(result.params, result.param_names, W, variable, 5), atol=1e-8
        )
        jacobian = numerical_jacobian(
            lambda p, v=variable: orders(p, result.param_names, W, v, 5), result.params
        )
        errors = np.sqrt(np.einsum("ij,jk,ik->i", jacobian, result.covariance, jacobian))
        np.testing.assert_allclose(rows["std_error"], errors, rtol=1e-5, atol=1e-8)


def test_orders_add_up_to_the_effects():
    effects = fit("SDM", "queen").impacts()
    last = effects.by_order(60).groupby(["variable", "effect"], sort=False)["cumulative"].last()
    np.testing.assert_allclose(last, effects.estimates.reshape(-1), atol=1e-9)


def test_the_highest_order_must_be_positive():
    with pytest.raises(OptionError, match="k=0 must be a positive whole number"):
        fit("SDM", "queen").impacts().by_order(0)


@pytest.mark.parametrize("logdet", ["eigen", "lu"])
def test_no_unit_is_its_own_neighbour(logdet):
    # rounding must not pass for an effect, least of all for a significant one
    table = fit("SDM", "queen", logdet).impacts().by_order(2)
    first = table[(table["effect"] == "direct") & (table["order"] == 1)]
    assert (first["estimate"] == 0).all()
    assert (first["std_error"] == 0).all()
    assert first["p_value"].isna().all()


@pytest.mark.parametrize("weights", ["queen", "knn4", "island"])
def test_products_and_the_engine_give_the_same(weights, monkeypatch):
    effects = fit("SDM", weights, "lu").impacts()
    engine = type(effects.result.operator.logdet)
    with monkeypatch.context() as without:
        without.setattr(engine, "power_traces", None)
        products = effects.by_order(6)
    monkeypatch.setattr("spatialhealth.impacts.by_order.affordable_order", lambda *_: 2)
    by_engine = effects.by_order(6)
    columns = ["estimate", "std_error", "cumulative"]
    np.testing.assert_allclose(products[columns], by_engine[columns], atol=1e-9)


def test_effects_of_estimated_traces_state_their_error(monkeypatch):
    exact = fit("SDM", "knn4", "eigen").impacts().by_order(8)
    assert "approximation_error" not in exact
    rough = fit("SDM", "knn4", "lanczos").impacts()
    products = rough.by_order(8)
    assert "approximation_error" not in products  # products of W are cheap here, and exact
    monkeypatch.setattr("spatialhealth.impacts.by_order.affordable_order", lambda *_: 2)
    table = rough.by_order(8)
    error = table["approximation_error"]
    total, low = table["effect"] == "total", table["order"] <= 4
    assert (error[total] == 0).all()
    assert (error[low] == 0).all()
    assert (error[~total & ~low] > 0).all()
    assert (np.abs(table["estimate"] - products["estimate"]) <= 5 * error + 1e-12).all()
