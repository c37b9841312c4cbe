"""The simulator: structure, parameters that can be found again, reproducibility, size, and refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from libpysal.graph import Graph

from spatialhealth.datasets import Simulation, simulate
from spatialhealth.datasets.lattice import lattice
from spatialhealth.errors import DuplicateError, OptionError, WeightsError

MODELS = {
    "SLX": {"theta"},
    "SAR": {"rho"},
    "SDM": {"theta", "rho"},
    "SEM": {"lambda_"},
    "SDEM": {"theta", "lambda_"},
    "SAC": {"rho", "lambda_"},
    "GNS": {"theta", "rho", "lambda_"},
}


def test_what_comes_back():
    simulation = simulate(12, 5, beta=(1.0, 2.0, 3.0), random_state=0)
    assert isinstance(simulation, Simulation)
    assert simulation.data.shape == (60, 4)
    assert list(simulation.data.columns) == ["y", "x1", "x2", "x3"]
    assert simulation.data.index.names == ["unit", "period"]
    assert simulation.data.index.is_monotonic_increasing
    assert simulation.data.attrs["source"] == "simulated"
    assert isinstance(simulation.weights, Graph)
    assert list(simulation.weights.unique_ids) == list(range(12))
    assert repr(simulation) == "Simulation(SDM, 12 units x 5 periods, simulated)"
    with pytest.raises(AttributeError):
        simulation.data = None


def test_defaults():
    simulation = simulate(random_state=0)
    assert simulation.data.shape == (1000, 3)
    assert simulation.truth["params"].to_dict() == {
        "x1": 1,
        "x2": -0.5,
        "W:x1": 0.5,
        "W:x2": -0.25,
        "rho": 0.4,
    }
    assert simulation.truth["sigma"] == 1.0


@pytest.mark.parametrize("n", [2, 3, 5, 9, 10, 23, 100])
def test_lattice_has_every_cell_and_its_eight_neighbours(n):
    w = lattice(n)
    assert w.shape == (n, n)
    np.testing.assert_allclose(np.asarray(w.sum(axis=1)).ravel(), 1.0)
    width = int(np.ceil(np.sqrt(n)))
    row, column = np.divmod(np.arange(n), width)
    near = np.maximum(abs(row[:, None] - row), abs(column[:, None] - column)) == 1
    np.testing.assert_array_equal(w.toarray() > 0, near)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_params_have_the_names_and_order_of_the_models(model, effects):
    truth = simulate(9, 3, model=model, effects=effects, random_state=0).truth
    expected = ["constant"] if effects == "none" else []
    expected += ["x1", "x2"]
    expected += ["W:x1", "W:x2"] if "theta" in MODELS[model] else []
    expected += ["rho"] if "rho" in MODELS[model] else []
    expected += ["lambda"] if "lambda_" in MODELS[model] else []
    assert list(truth["params"].index) == expected
    assert (truth["entity_effects"] is not None) == (effects in ("entity", "two-way"))
    assert (truth["time_effects"] is not None) == (effects in ("time", "two-way"))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way"])
def test_the_equation_holds(model, effects):
    """With the truth taken away, white noise of the stated variance is left."""
    simulation = simulate(400, 12, model=model, effects=effects, sigma=0.7, random_state=3)
    y, x, _, w = simulation.arrays()
    truth = simulation.truth
    params = truth["params"]
    rest = y - params.get("rho", 0.0) * (w @ y.T).T - x @ params[["x1", "x2"]].to_numpy()
    if "W:x1" in params:
        rest -= (w @ (x @ params[["W:x1", "W:x2"]].to_numpy()).T).T
    rest -= params.get("constant", 0.0)
    if truth["entity_effects"] is not None:
        rest -= truth["entity_effects"].to_numpy()
    if truth["time_effects"] is not None:
        rest -= truth["time_effects"].to_numpy()[:, None]
    noise = rest - params.get("lambda", 0.0) * (w @ rest.T).T
    count = noise.size
    assert abs(noise.mean()) < 4 * 0.7 / np.sqrt(count)
    assert noise.var() == pytest.approx(0.49, abs=4 * 0.49 * np.sqrt(2 / count))
    neighbours = (w @ noise.T).T
    assert abs((noise * neighbours).mean()) < 4 * (noise * neighbours).std() / np.sqrt(count)


def test_beta_and_theta_are_found_again():
    simulation = simulate(400, 10, rho=0.6, beta=(2.0, -1.0), theta=(0.5, 0.3), random_state=11)
    y, x, _, w = simulation.arrays()
    lag = (w @ x.transpose(1, 0, 2).reshape(400, -1)).reshape(400, 10, 2).transpose(1, 0, 2)
    left, right = y - 0.6 * (w @ y.T).T, np.concatenate([x, lag], axis=2)

    def within(a):
        return a - a.mean(axis=0) - a.mean(axis=1, keepdims=True) + a.mean(axis=(0, 1))

    left, right = within(left).ravel(), within(right).reshape(-1, 4)
    estimate = np.linalg.solve(right.T @ right, right.T @ left)
    residual = left - right @ estimate
    sigma2 = residual @ residual / (399 * 9 - 4)
    error = np.sqrt(np.diag(sigma2 * np.linalg.inv(right.T @ right)))
    assert np.abs((estimate - [2.0, -1.0, 0.5, 0.3]) / error).max() < 4


def test_entity_effects_are_correlated_with_the_regressors():
    simulation = simulate(500, 10, random_state=2)
    means = simulation.data.groupby("unit")["x1"].mean()
    assert means.corr(simulation.truth["entity_effects"]) > 0.4


def test_arrays_and_table_hold_the_same_numbers():
    simulation = simulate(7, 4, random_state=5)
    y, x, ids, w = simulation.arrays()
    assert y.shape == (4, 7)
    assert x.shape == (4, 7, 2)
    for t, period in enumerate(simulation.data.index.levels[1]):
        table = simulation.data.xs(period, level="period").loc[ids]
        np.testing.assert_array_equal(y[t], table["y"])
        np.testing.assert_array_equal(x[t], table[["x1", "x2"]])
    graph = simulation.weights.adjacency
    for i, j in zip(*w.nonzero(), strict=True):
        assert graph[ids[i], ids[j]] == w[i, j]


def test_weights_of_ones_own_keep_their_labels_and_order():
    ids = np.array(["c", "a", "b"], dtype=object)
    matrix = sp.csr_matrix(np.array([[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]]))
    simulation = simulate(weights=(ids, matrix), n_periods=2, random_state=1)
    assert simulation.data.index.unique("unit").tolist() == ["a", "b", "c"]
    y, _, got, w = simulation.arrays()
    assert got.tolist() == ["c", "a", "b"]
    assert y[1, 0] == simulation.data.loc[("c", 2), "y"]
    assert (w != matrix).nnz == 0
    assert simulation.weights["c"].to_dict() == {"a": 1.0}
    again = simulate(weights=simulation.weights, n_periods=2, random_state=1)
    pd.testing.assert_frame_equal(again.data, simulation.data)


def test_isolates_are_kept():
    matrix = sp.csr_matrix(np.array([[0, 1.0, 0], [1.0, 0, 0], [0, 0, 0]]))
    simulation = simulate(weights=([1, 2, 3], matrix), random_state=1)
    assert list(simulation.weights.isolates) == [3]
    assert simulate(weights=simulation.weights, random_state=1).data.equals(simulation.data)


def test_random_state():
    assert simulate(9, 3, random_state=7).data.equals(simulate(9, 3, random_state=7).data)
    assert not simulate(9, 3, random_state=7).data.equals(simulate(9, 3, random_state=8).data)
    rng = np.random.default_rng(7)
    assert simulate(9, 3, random_state=rng).data.equals(simulate(9, 3, random_state=7).data)
    assert not simulate(9, 3, random_state=rng).data.equals(simulate(9, 3, random_state=7).data)
    assert not simulate(9, 3).data.equals(simulate(9, 3).data)


@pytest.mark.parametrize(
    ("errors", "skew", "excess"),
    [("normal", 0.0, 0.0), ("skewed", np.sqrt(8 / 3), 4.0), ("heavy-tailed", 0.0, 6.0)],
)
def test_errors_have_the_stated_moments(errors, skew, excess):
    from spatialhealth.datasets.simulate import _errors

    draws = _errors(errors, (1000, 2000), np.random.default_rng(0))
    assert draws.mean() == pytest.approx(0, abs=0.004)
    assert draws.var() == pytest.approx(1, abs=0.01)
    assert (draws**3).mean() == pytest.approx(skew, abs=0.1)
    assert (draws**4).mean() - 3 == pytest.approx(excess, abs=1.0)


def test_heteroskedastic_errors_differ_by_unit():
    from spatialhealth.datasets.simulate import _errors

    variance = _errors("heteroskedastic", (2000, 500), np.random.default_rng(0)).var(axis=0)
    assert variance.mean() == pytest.approx(1, abs=0.1)
    assert variance.max() / variance.min() > 4


def test_a_hundred_thousand_units():
    simulation = simulate(100_000, 2, rho=0.8, random_state=1)
    assert simulation.data.shape == (200_000, 3)
    assert simulation.weights.n == 100_000
    assert np.isfinite(simulation.data.to_numpy()).all()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"model": "SDX"}, "model='SDX' is not an option"),
        ({"effects": "both"}, "effects='both' is not an option"),
        ({"errors": "cauchy"}, "errors='cauchy' is not an option"),
        ({"model": "SLX", "rho": 0.2}, "model='SLX' has no rho"),
        ({"model": "SDM", "lambda_": 0.2}, "model='SDM' has no lambda_"),
        ({"model": "SAR", "theta": (1.0, 1.0)}, "model='SAR' has no theta"),
        ({"rho": 1.0}, "rho=1.0 must lie strictly between -1.970[0-9]* and 1"),
        ({"rho": -2.0}, "rho=-2.0 must lie strictly between -1.970[0-9]* and 1"),
        ({"rho": float("nan")}, "rho=nan must be a number"),
        ({"rho": "high"}, "rho='high' must be a number"),
        ({"model": "SEM", "lambda_": 1.5}, "lambda_=1.5 must lie strictly between"),
        ({"theta": (1.0,)}, "theta has 1 coefficients and beta has 2"),
        ({"beta": ()}, "has no coefficient"),
        ({"sigma": 0.0}, "sigma=0.0 must be a positive number"),
        ({"n_periods": 0}, "n_periods=0 must be a positive whole number"),
        ({"n_units": 1}, "n_units=1 leaves no neighbour"),
        ({"n_units": 2.5}, "n_units=2.5 must be a positive whole number"),
    ],
)
def test_bad_options(arguments, message):
    with pytest.raises(OptionError, match=message):
        simulate(**arguments)


def test_bad_weights():
    pair = sp.csr_matrix(np.array([[0.0, 1.0], [1.0, 0.0]]))
    with pytest.raises(WeightsError, match="cannot be read"):
        simulate(weights=pair)
    with pytest.raises(WeightsError, match="2 rows but 3 ids"):
        simulate(weights=([1, 2, 3], pair))
    with pytest.raises(DuplicateError, match="more than once"):
        simulate(weights=([1, 1], pair))
    with pytest.raises(WeightsError, match="not finite"):
        simulate(weights=([1, 2], pair * np.nan))
    with pytest.raises(OptionError, match="the weights have 2 units"):
        simulate(5, weights=([1, 2], pair))


@pytest.mark.parametrize("n", [16, 400])
def test_the_interval_of_other_weights_follows_their_eigenvalues(n):
    binary = lattice(n)
    binary.data[:] = 1.0
    limit = 1 / np.abs(np.linalg.eigvalsh(binary.toarray())).max()
    ids = np.arange(n)
    simulate(weights=(ids, binary), rho=0.999 * limit, n_periods=1, random_state=1)
    with pytest.raises(OptionError, match="must lie strictly between"):
        simulate(weights=(ids, binary), rho=1.001 * limit, n_periods=1)
