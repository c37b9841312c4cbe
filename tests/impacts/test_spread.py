"""How a change in one unit travels, against the dense inverse."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, LabelError, OptionError
from tests.refusal import refusal


@pytest.fixture(scope="module")
def found():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    W = sh.weights.contiguity(cities)
    model = sh.SpatialDurbin(weights=W, effects="two-way")
    return cities, model.fit_formula("log(inflow) ~ log(tertiary) + log(primary)", panel)


def dense(model, params, city, variable):
    """The column of the multiplier by the inverse, from parameters by name."""
    operator = model.result_.operator
    W, ids = operator.matrix.toarray(), operator.ids.tolist()
    unit = np.eye(len(ids))[ids.index(city)]
    lagged = params.get(f"W:{variable}", 0.0) * W @ unit
    return np.linalg.inv(np.eye(len(ids)) - params.get("rho", 0.0) * W) @ (params[variable] * unit + lagged)


def test_the_column_is_that_of_the_dense_inverse(found):
    _, model = found
    spread = sh.impacts.spread(model, "Wuhan", "log(tertiary)", change=2.0)
    expected = 2 * dense(model, model.params_, "Wuhan", "log(tertiary)")
    np.testing.assert_allclose(spread.cities["effect"], expected, rtol=1e-9, atol=1e-14)
    sums = spread.rings["effect"]
    assert sums.sum() == pytest.approx(expected.sum())
    local = model.impacts().local("log(tertiary)").loc["Wuhan"]
    assert sums["0"] == pytest.approx(2 * local["own"])
    assert sums.drop("0").sum() == pytest.approx(2 * local["emitted"])
    assert spread.rings.loc["0", "std_error"] == pytest.approx(2 * local["own_std_error"], rel=1e-6)


def test_standard_errors_are_those_of_numerical_derivatives(found):
    _, model = found
    spread = sh.impacts.spread(model, "Lanzhou", "log(primary)", rings=2)
    params, covariance, step = model.params_, model.cov_, 1e-6
    member = np.array([spread.cities["ring"] == ring for ring in (0, 1, 2, -1)], dtype=float)
    slopes = []
    for name in params.index:
        up, down = params.copy(), params.copy()
        up[name], down[name] = params[name] + step, params[name] - step
        slopes.append(
            (dense(model, up, "Lanzhou", "log(primary)") - dense(model, down, "Lanzhou", "log(primary)"))
            / (2 * step)
        )
    J = np.array(slopes).T
    C = covariance.loc[params.index, params.index].to_numpy()
    np.testing.assert_allclose(
        spread.cities["std_error"], np.sqrt(np.einsum("np,pq,nq->n", J, C, J)), rtol=1e-4, atol=1e-9
    )
    J = member @ J
    np.testing.assert_allclose(
        spread.rings["std_error"], np.sqrt(np.einsum("np,pq,nq->n", J, C, J)), rtol=1e-4, atol=1e-9
    )


def test_rings_are_steps_in_the_graph(found):
    _, model = found
    operator = model.result_.operator
    spread = sh.impacts.spread(model, "Wuhan", "log(tertiary)", rings=4)
    reached, W = np.eye(operator.n)[operator.ids.tolist().index("Wuhan")], operator.matrix.toarray()
    ring = np.where(reached > 0, 0, -1)
    for step in range(1, 5):
        reached = W @ reached
        ring[(reached > 0) & (ring < 0)] = step
    np.testing.assert_array_equal(spread.cities["ring"], ring)
    assert spread.rings["units"].sum() == operator.n


def test_a_model_without_a_lag_stops_at_the_neighbours():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SLX(weights=sh.weights.contiguity(cities), effects="two-way")
    model = model.fit_formula("log(inflow) ~ log(tertiary)", panel)
    spread = sh.impacts.spread(model, "Wuhan", "log(tertiary)", rings=1)
    expected = dense(model, model.params_, "Wuhan", "log(tertiary)")
    np.testing.assert_allclose(spread.cities["effect"], expected, atol=1e-15)
    assert spread.rings.loc["beyond", "effect"] == 0


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.SpatialHealthWarning")
def test_refusals(found):
    cities, model = found
    with refusal(AlignmentError, "'Wuhn'", "Did you mean"):
        sh.impacts.spread(model, "Wuhn", "log(tertiary)")
    with refusal(OptionError, "'tertiary'", "log(tertiary)"):
        sh.impacts.spread(model, "Wuhan", "tertiary")
    with refusal(OptionError, "rings=0"):
        sh.impacts.spread(model, "Wuhan", "log(tertiary)", rings=0)
    with refusal(OptionError, "change='much'"):
        sh.impacts.spread(model, "Wuhan", "log(tertiary)", change="much")
    panel = sh.datasets.load_panel().drop(("Anshan", 2015))
    holes = sh.SpatialLag(sh.weights.contiguity(cities), effects="entity", missing="unbalanced")
    holes = holes.fit_formula("log(inflow) ~ log(tertiary)", panel)
    with refusal(LabelError, "holes"):
        sh.impacts.spread(holes, "Wuhan", "log(tertiary)")
