"""How a change in one city travels, against the dense inverse."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, LabelError, OptionError
from tests.maps.squares import by_gid, legend_of
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
    spread = sh.maps.spread(model, "Wuhan", "log(tertiary)", change=2.0)
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
    spread = sh.maps.spread(model, "Lanzhou", "log(primary)", rings=2)
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
    spread = sh.maps.spread(model, "Wuhan", "log(tertiary)", rings=4)
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
    spread = sh.maps.spread(model, "Wuhan", "log(tertiary)", rings=1)
    expected = dense(model, model.params_, "Wuhan", "log(tertiary)")
    np.testing.assert_allclose(spread.cities["effect"], expected, atol=1e-15)
    assert spread.rings.loc["beyond", "effect"] == 0


def test_the_map_and_the_bars(found):
    cities, model = found
    panels = sh.maps.spillover(
        model, cities, "Wuhan", variable="log(tertiary)", rings=2, scheme=[0.001, 0.01]
    )
    spread = sh.maps.spread(model, "Wuhan", "log(tertiary)", rings=2)
    bars = [bar.get_width() for bar in panels[1].patches]
    np.testing.assert_allclose(bars, spread.rings["effect"])
    others = spread.cities["effect"].drop("Wuhan")
    rows = legend_of(panels[0])[1]
    assert f"({int((others > 0.01).sum())})" in rows[0] and rows[3].startswith("Wuhan: 0.5")
    assert [one.get_gid() for one in panels[0].collections if str(one.get_gid()).startswith("ring")] == [
        "ring 1",
        "ring 2",
    ]
    assert [text.get_text() for text in panels[0].texts] == ["Wuhan"]
    uncertain = (others * 0 + 1)[(spread.cities["ci_low"] <= 0).reindex(others.index)].size
    assert len(by_gid(panels[0], "uncertain").get_paths()) == uncertain
    turned = sh.maps.spillover(
        model, cities.iloc[::-1], "Wuhan", variable="log(tertiary)", rings=2, scheme=[0.001, 0.01]
    )
    np.testing.assert_allclose(
        by_gid(turned[0], "units").get_facecolor()[::-1], by_gid(panels[0], "units").get_facecolor()
    )
    assert sh.maps.png(panels, 40) == sh.maps.png(
        sh.maps.spillover(model, cities, "Wuhan", variable="log(tertiary)", rings=2, scheme=[0.001, 0.01]), 40
    )


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.SpatialHealthWarning")
def test_refusals(found):
    cities, model = found
    with refusal(AlignmentError, "'Wuhn'", "Did you mean"):
        sh.maps.spread(model, "Wuhn", "log(tertiary)")
    with refusal(OptionError, "'tertiary'", "log(tertiary)"):
        sh.maps.spread(model, "Wuhan", "tertiary")
    with refusal(OptionError, "rings=0"):
        sh.maps.spread(model, "Wuhan", "log(tertiary)", rings=0)
    with refusal(OptionError, "change='much'"):
        sh.maps.spread(model, "Wuhan", "log(tertiary)", change="much")
    with refusal(AlignmentError, "no geometry: 'Anshan'"):
        sh.maps.spillover(model, cities.drop("Anshan"), "Wuhan", variable="log(tertiary)")
    panel = sh.datasets.load_panel().drop(("Anshan", 2015))
    holes = sh.SpatialLag(sh.weights.contiguity(cities), effects="entity", missing="unbalanced")
    holes = holes.fit_formula("log(inflow) ~ log(tertiary)", panel)
    with refusal(LabelError, "holes"):
        sh.maps.spread(holes, "Wuhan", "log(tertiary)")


def test_decades_are_powers_of_ten():
    classes = sh.maps.classify([2e-7, 3e-4, 0.02, 0.5], "decades", 4)
    np.testing.assert_allclose(classes.limits, [2e-7, 1e-3, 1e-2, 1e-1, 0.5])
    below = sh.maps.classify([-2e-7, -3e-4, -0.02, -0.5], "decades", 4)
    np.testing.assert_allclose(below.limits, -classes.limits[::-1])
    both = sh.maps.classify(pd.Series([-0.5, -0.02, 0.3, 0.004]), "decades", 4)
    assert 0.0 in both.limits and both.striped[0] and not both.striped[-1]
