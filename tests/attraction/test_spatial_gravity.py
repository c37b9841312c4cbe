"""Spatial gravity against the dense likelihood of all n squared flows."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import approx_fprime, minimize

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.attraction import SpatialGravity, flow_table
from spatialhealth.attraction.spatial_gravity_effects import Multipliers
from spatialhealth.attraction.spatial_gravity_likelihood import FREE, FlowLikelihood, rhos_of, solve_flows
from tests.journeys import small_flows
from tests.refusal import refusal

DEPENDENCES = ("full", "separable", "additive", "destination", "origin", "network", "none")
each_dependence = pytest.mark.parametrize("dependence", DEPENDENCES)


def weights_of(kind, n, seed=0):
    rng = np.random.default_rng(seed)
    W = np.zeros((n, n))
    place = rng.uniform(size=(n, 2))
    distance = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1)) + np.eye(n) * 9
    if kind == "knn":  # not symmetric, complex eigenvalues
        np.put_along_axis(W, np.argsort(distance, axis=1)[:, :2], 1.0, axis=1)
        return W / W.sum(axis=1, keepdims=True)
    W = (distance <= np.sort(distance, axis=1)[:, 2].max()).astype(float)
    W = np.maximum(W, W.T)
    return W / (np.abs(np.linalg.eigvalsh(W)).max() if kind == "symmetric" else W.sum(axis=1, keepdims=True))


def dense_system(W, rho):
    """Of vec(Y) by rows: destination I x W, origin W x I, both W x W."""
    eye = np.eye(len(W))
    return np.eye(len(W) ** 2) - rho[0] * np.kron(eye, W) - rho[1] * np.kron(W, eye) - rho[2] * np.kron(W, W)


def likelihood_of(kind="row", n=7, dependence="full", seed=0, rho=(0.3, 0.2, -0.1)):
    rng = np.random.default_rng(seed)
    W = weights_of(kind, n, seed)
    z = np.concatenate([np.ones((n, n, 1)), rng.normal(size=(n, n, 2))], axis=2)
    signal = z @ [1.0, 0.5, -0.5] + 0.3 * rng.normal(size=(n, n))
    Y = np.linalg.solve(dense_system(W, rho), signal.ravel()).reshape(n, n)
    lags = np.stack([Y, Y @ W.T, W @ Y, W @ Y @ W.T], axis=2)
    return W, Y, z, FlowLikelihood(lags, z, np.linalg.eigvals(W), dependence)


def dense_loglik(W, Y, z, rho, b, sigma2):
    system = dense_system(W, rho)
    e = system @ Y.ravel() - z.reshape(Y.size, -1) @ b
    return -Y.size / 2 * np.log(2 * np.pi * sigma2) - e @ e / (2 * sigma2) + np.linalg.slogdet(system)[1]


def dense_concentrated(W, Y, z, rho):
    y = dense_system(W, rho) @ Y.ravel()
    b = np.linalg.lstsq(z.reshape(Y.size, -1), y, rcond=None)[0]
    sigma2 = np.square(y - z.reshape(Y.size, -1) @ b).mean()
    return dense_loglik(W, Y, z, rho, b, sigma2), b, sigma2


@pytest.mark.parametrize("kind", ["row", "knn", "symmetric"])
def test_log_determinant_and_likelihood_are_those_of_the_dense_system(kind):
    W, Y, z, likelihood = likelihood_of(kind)
    for rho in np.array([[0.3, 0.2, -0.1], [-0.4, 0.1, 0.3], [0.0, 0.0, 0.0]]):
        sign, logdet = np.linalg.slogdet(dense_system(W, rho))
        assert sign == 1
        assert likelihood.traces(rho)[0] == pytest.approx(logdet, abs=1e-10)
        assert likelihood.concentrated(rho)[0] == pytest.approx(dense_concentrated(W, Y, z, rho)[0], abs=1e-8)


@each_dependence
@pytest.mark.parametrize("kind", ["row", "knn"])
def test_slope_and_hessian(dependence, kind):
    likelihood = likelihood_of(kind, dependence=dependence)[3]
    free = np.array([0.25, 0.15, -0.1])[: len(FREE[dependence])]
    _, slope, hessian = likelihood.concentrated(free)
    if len(free):
        numeric = approx_fprime(free, lambda f: likelihood.concentrated(f)[0], 1e-7)
        np.testing.assert_allclose(slope, numeric, rtol=1e-4, atol=1e-4)
        numeric = np.array(
            [
                approx_fprime(free, lambda f, k=k: likelihood.concentrated(f)[1][k], 1e-7)
                for k in range(len(free))
            ]
        )
        np.testing.assert_allclose(hessian, numeric, rtol=1e-4, atol=1e-3)


@each_dependence
@pytest.mark.parametrize("n", [6, 8])
def test_the_maximum_is_that_of_the_dense_likelihood(dependence, n):
    W, Y, z, likelihood = likelihood_of("row", n, dependence)
    found = likelihood.maximise()
    best = dense_concentrated(W, Y, z, np.zeros(3))
    if FREE[dependence]:

        def negative(free):
            return (
                -dense_concentrated(W, Y, z, rhos_of(dependence, free)[0])[0]
                if likelihood.admits(free)
                else 1e9
            )

        starts = [np.full(len(found.free), s) for s in (0.0, 0.2)]
        options = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 4000}
        trials = [minimize(negative, s, method="Nelder-Mead", options=options) for s in starts]
        top = min(trials, key=lambda t: t.fun)
        np.testing.assert_allclose(found.free, top.x, atol=1e-5)
        best = dense_concentrated(W, Y, z, rhos_of(dependence, top.x)[0])
    assert found.loglik == pytest.approx(best[0], abs=1e-6)
    np.testing.assert_allclose(found.coefficients, best[1], atol=1e-4)
    assert found.sigma2 == pytest.approx(best[2], rel=1e-4)


@each_dependence
@pytest.mark.parametrize("kind", ["row", "knn"])
def test_the_information_is_the_dense_hessian(dependence, kind):
    W, Y, z, likelihood = likelihood_of(kind, 6, dependence)
    found = likelihood.maximise()
    k, p = 3, len(found.free)
    theta = np.concatenate([found.coefficients, found.free, [found.sigma2]])

    def loglik(t):
        return dense_loglik(W, Y, z, rhos_of(dependence, t[k : k + p])[0], t[:k], t[-1])

    h = 1e-4 * np.maximum(np.abs(theta), 0.05)
    steps = np.diag(h)
    hessian = np.array(
        [[(loglik(theta + a + b) - loglik(theta + a - b) - loglik(theta - a + b) + loglik(theta - a - b))
          / (4 * h[i] * h[j]) for j, b in enumerate(steps)] for i, a in enumerate(steps)]
    )  # fmt: skip
    rho, jacobian = rhos_of(dependence, found.free)
    information = likelihood.information(rho, jacobian, found.coefficients, found.sigma2)
    scale = np.sqrt(np.diag(information))
    np.testing.assert_allclose(
        -hessian / np.outer(scale, scale), information / np.outer(scale, scale), atol=2e-4
    )
    turn = np.zeros((k + 3, k + p))
    turn[:k, :k], turn[k:, k:] = np.eye(k), jacobian
    expected = turn @ np.linalg.inv(information)[: k + p, : k + p] @ turn.T
    np.testing.assert_allclose(found.covariance, expected, rtol=1e-6, atol=1e-12)


@pytest.mark.parametrize("kind", ["row", "knn", "symmetric"])
def test_solutions_of_the_system(kind):
    W, signal = weights_of(kind, 8), np.random.default_rng(2).normal(size=(8, 8))
    rho = np.array([0.3, -0.2, 0.25])
    expected = np.linalg.solve(dense_system(W, rho), signal.ravel()).reshape(8, 8)
    np.testing.assert_allclose(solve_flows(W, rho, signal), expected, rtol=1e-9, atol=1e-11)


def test_a_defective_matrix_is_solved_too():
    chain = np.diag(np.ones(5), 1)  # nilpotent: one eigenvector
    rho, signal = np.array([0.5, 0.3, -0.2]), np.random.default_rng(0).normal(size=(6, 6))
    expected = np.linalg.solve(dense_system(chain, rho), signal.ravel()).reshape(6, 6)
    np.testing.assert_allclose(solve_flows(chain, rho, signal), expected, atol=1e-12)


def dense_effects(W, rho, side, own):
    """Sum over cities of the responses, cell by cell, to one more unit in each."""
    n, total = len(W), np.zeros(5)
    inverse = np.linalg.inv(dense_system(W, rho))
    for s in range(n):
        change = np.zeros((n, n))
        if side == "origin":
            change[s] = 1.0
        elif side == "destination":
            change[:, s] = 1.0
        else:
            change[s, s] = 1.0
        answer = (inverse @ change.ravel()).reshape(n, n)
        row, column, cell = answer[s].sum(), answer[:, s].sum(), answer[s, s]
        total += [row - cell, column - cell, cell, answer.sum() - row - column + cell, answer.sum()]
    return total / n**2


@pytest.mark.parametrize("kind", ["row", "knn", "symmetric"])
@pytest.mark.parametrize("own", [False, True])
def test_effects_are_sums_of_dense_responses(kind, own):
    W, rho = weights_of(kind, 7), np.array([0.3, 0.2, -0.15])
    multipliers = Multipliers.of(sh.SpatialOperator((list("abcdefg"), W)), own)
    for side in ("origin", "destination", *(["own"] if own else [])):
        sums = getattr(multipliers, side)
        np.testing.assert_allclose(sums.at(rho)[0], dense_effects(W, rho, side, own), rtol=1e-9, atol=1e-11)
        slope = np.array([(sums.at(rho + d)[0] - sums.at(rho - d)[0]) / 2e-5 for d in 1e-5 * np.eye(3)]).T
        np.testing.assert_allclose(sums.at(rho)[1], slope, rtol=1e-5, atol=1e-8)


# --- the estimator ----------------------------------------------------------------------------------------


def square(n=12, seed=0):
    od = small_flows(n, seed=seed, own=True)
    rng = np.random.default_rng(seed + 1)
    ids = sorted(od["origin"].unique())
    cities = pd.DataFrame({"size": rng.uniform(1, 9, n), "beds": rng.uniform(1, 9, n)}, index=ids)
    return od, (ids, weights_of("row", n, seed)), cities


OPTIONS = {"push": "log(size)", "pull": "log(beds)"}


@pytest.mark.parametrize("intra", ["constant", "regressors", "none"])
def test_the_design(intra):
    od, (ids, W), cities = square(9)
    model = SpatialGravity((ids, W), intra=intra, regressors=["border"], **OPTIONS).fit(od, cities)
    own = (od["origin"] == od["destination"]).to_numpy()
    size, beds = np.log(cities.loc[od["origin"], "size"]), np.log(cities.loc[od["destination"], "beds"])
    columns = {"constant": np.ones(len(od))}
    if intra != "none":
        columns["own"] = own
    if intra == "regressors":
        columns |= {"origin:log(size)": size * ~own, "destination:log(beds)": beds * ~own}
        columns |= {"own:log(size)": size.to_numpy() * own, "own:log(beds)": beds.to_numpy() * own}
    else:
        columns |= {"origin:log(size)": size, "destination:log(beds)": beds}
    used = np.ones(len(od), dtype=bool) if intra == "none" else ~own
    columns["log(distance)"] = np.where(used, np.log(od["distance"]), 0)
    columns["border"] = np.where(used, od["border"], 0)
    z = np.column_stack(list(columns.values())).astype(float)
    assert list(model.params_.index) == [*columns, "rho_destination", "rho_origin", "rho_network"]
    Y = np.log1p(od["trips"].to_numpy()).reshape(9, 9)
    expected = dense_concentrated(W, Y, z.reshape(9, 9, -1), model.result_.rho)
    assert model.loglik_ == pytest.approx(expected[0], abs=1e-7)
    np.testing.assert_allclose(model.params_.iloc[:-3], expected[1], rtol=1e-6, atol=1e-8)
    predicted = np.linalg.solve(dense_system(W, model.result_.rho), z @ expected[1])
    np.testing.assert_allclose(model.predict(), predicted, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(model.predict(cities), predicted, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("intra", ["constant", "regressors"])
def test_effects_are_differences_of_predictions(intra):
    """One more unit of log(beds) in one city, summed over cities."""
    od, weights, cities = square(9)
    model = SpatialGravity(weights, push="log(size)", pull="log(size) + log(beds)", intra=intra).fit(
        od, cities
    )
    table = model.effects().table.set_index(["variable", "effect"])
    for variable in ("size", "beds"):
        total = np.zeros(5)
        for s, city in enumerate(cities.index):
            more = cities.copy()
            more.loc[city, variable] *= np.e
            answer = (model.predict(more) - model.predict()).to_numpy().reshape(9, 9)
            row, column, cell = answer[s].sum(), answer[:, s].sum(), answer[s, s]
            total += [row - cell, column - cell, cell, answer.sum() - row - column + cell, answer.sum()]
        found = table.loc[f"log({variable})"].loc[
            ["origin", "destination", "intra", "network", "total"], "estimate"
        ]
        np.testing.assert_allclose(found, total / 81, rtol=1e-7, atol=1e-10)


def test_standard_errors_of_effects_are_those_of_draws():
    od, weights, cities = square(12)
    model = SpatialGravity(weights, dependence="destination", **OPTIONS).fit(od, cities)
    result, effects = model.result_, model.effects()
    rng, k = np.random.default_rng(0), len(result.names)
    draws = rng.multivariate_normal(
        np.concatenate([result.coefficients, result.rho]), 1e-4 * result.full_covariance, size=4000
    )
    multipliers, place = Multipliers.of(result.operator, False), result.names.index("destination:log(beds)")
    found = [draw[place] * multipliers.destination.at(draw[k:])[0] for draw in draws]
    np.testing.assert_allclose(100 * np.std(found, axis=0), effects.std_errors[1], rtol=0.05)


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(DEPENDENCES))
def test_neither_order_nor_names_matter(seed, dependence):
    od, (ids, W), cities = square(8)
    rng = np.random.default_rng(seed)
    order = rng.permutation(8)
    other = dict(zip(ids, [f"x{k}" for k in rng.permutation(8)], strict=True))
    first = SpatialGravity((ids, W), dependence=dependence, **OPTIONS).fit(od, cities)
    names = [other[ids[k]] for k in order]
    second = SpatialGravity((names, W[np.ix_(order, order)]), dependence=dependence, **OPTIONS)
    mixed = od.replace(other).sample(frac=1, random_state=seed)
    second.fit(mixed, cities.rename(index=other).sample(frac=1, random_state=seed))
    assert second.loglik_ == pytest.approx(first.loglik_, abs=1e-7)
    np.testing.assert_allclose(second.params_, first.params_, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(second.std_errors_, first.std_errors_, rtol=1e-5)
    np.testing.assert_allclose(second.effects().estimates, first.effects().estimates, rtol=1e-5, atol=1e-9)


def test_origins_and_destinations_trade_places_with_the_table():
    od, weights, cities = square(9)
    first = SpatialGravity(weights, push="log(size)", pull="log(beds)").fit(od, cities)
    turned = od.rename(columns={"origin": "destination", "destination": "origin"})
    second = SpatialGravity(weights, push="log(beds)", pull="log(size)").fit(turned, cities)
    assert second.loglik_ == pytest.approx(first.loglik_, abs=1e-8)
    assert second.params_["rho_origin"] == pytest.approx(first.params_["rho_destination"], abs=1e-7)


@pytest.mark.parametrize("dependence", ["full", "separable"])
def test_simulated_parameters_are_found(dependence):
    """40 cities, 1,600 flows, known parameters: estimates within their standard errors, 30 times."""
    n, rng = 40, np.random.default_rng(11)
    W = weights_of("row", n, 4)
    free = np.array([0.4, 0.3, -0.2])[: len(FREE[dependence])]
    rho = rhos_of(dependence, free)[0]
    z = np.concatenate([np.ones((n, n, 1)), rng.normal(size=(n, n, 2))], axis=2)
    truth = np.concatenate([[1.0, 0.5, -0.5], rho])
    values, scores = np.linalg.eigvals(W), []
    for _ in range(30):
        Y = solve_flows(W, rho, z @ truth[:3] + rng.normal(size=(n, n)))
        found = FlowLikelihood(
            np.stack([Y, Y @ W.T, W @ Y, W @ Y @ W.T], axis=2), z, values, dependence
        ).maximise()
        estimate = np.concatenate([found.coefficients, found.rho])
        scores.append((estimate - truth) / np.sqrt(np.diag(found.covariance)))
    scores = np.array(scores)
    assert 0.88 < (np.abs(scores) < 1.96).mean() <= 1
    assert np.abs(scores.mean(axis=0)).max() < 3.5 / np.sqrt(30)


def test_the_embedded_flows():
    cities, od = sh.datasets.load_cities(), sh.datasets.load_flows()
    hospitals = sh.datasets.load_panel().xs(2021, level="year")
    table = flow_table(od, costs=[], cities=cities).complete(own=True).with_distance(cities)
    W = sh.weights.knn(cities, k=6)
    full = SpatialGravity(W, push="log(population)", pull="log(tertiary)").fit(table, hospitals)
    less = SpatialGravity(W, push="log(population)", pull="log(tertiary)", dependence="separable").fit(
        table, hospitals
    )
    none = SpatialGravity(W, push="log(population)", pull="log(tertiary)", dependence="none").fit(
        table, hospitals
    )
    assert full.loglik_ > less.loglik_ > none.loglik_
    assert full.result_.aic == pytest.approx(2 * (6 + 3) - 2 * full.loglik_ + 0, abs=1e-6)
    text = str(full.summary())
    assert "Filled in" in text and "rho_network" in text and "simulated" in text
    assert less.params_["rho_network"] == -less.params_["rho_destination"] * less.params_["rho_origin"]
    assert full.residuals_.index.names == ["origin", "destination"]


def test_a_copy_from_a_pickle_is_as_frozen():
    od, weights, cities = square(9)
    model = pickle.loads(pickle.dumps(SpatialGravity(weights, **OPTIONS).fit(od, cities)))
    np.testing.assert_allclose(model.predict(cities), model.predict())
    with pytest.raises(ValueError, match="read-only"):
        model.result_.rho[0] = 0


def test_outcomes_are_formulas():
    od, weights, cities = square(9)
    plain = SpatialGravity(weights, outcome="log(trips + 1)", **OPTIONS).fit(od, cities)
    usual = SpatialGravity(weights, **OPTIONS).fit(od, cities)
    assert plain.params_.equals(usual.params_) and "log(trips + 1)" in str(plain.summary())
    with refusal(errors.NonFiniteError, "'log(trips)'", "log(1 + flow)"):
        SpatialGravity(weights, outcome="log(trips)", **OPTIONS).fit(
            od.assign(trips=od["trips"] // 2), cities
        )
    with refusal(errors.ConstantRegressorError, "same for all pairs"):
        SpatialGravity(weights, **OPTIONS).fit(od.assign(trips=5), cities)
    with refusal(errors.FormulaError, "'trip'"):
        SpatialGravity(weights, outcome="log(1 + trip)", **OPTIONS).fit(od, cities)


def test_coverage_and_alignment():
    od, (ids, W), cities = square(9)
    model = SpatialGravity((ids, W), **OPTIONS)
    between = od[od["origin"] != od["destination"]]
    with refusal(errors.CoverageError, "to itself is absent", "'c00'", "own=True"):
        model.fit(between, cities)
    with refusal(errors.CoverageError, "lacks 1 of the 72 pairs", "('c00', 'c01')"):
        model.fit(od.drop(index=1), cities)
    with refusal(errors.AlignmentError, "only in the weights: 'z'"):
        SpatialGravity(([*ids[:-1], "z"], W), **OPTIONS).fit(od[(od != ids[-1]).all(axis=1)], cities)
    with refusal(errors.AlignmentError, "only in the flows: 'z'"):
        model.fit(od.replace("c08", "z"), cities)
    with refusal(errors.AlignmentError, "'c00'", "Add them"):
        model.fit(od, cities[1:])
    with refusal(errors.CostError, "('c00', 'c00')"):
        bare = od.assign(distance=od["distance"].where(od["origin"] != od["destination"], 0))
        SpatialGravity((ids, W), intra="none", **OPTIONS).fit(bare, cities)


def test_options():
    od, weights, cities = square(9)
    with refusal(errors.OptionError, "needs weights"):
        SpatialGravity(**OPTIONS).fit(od, cities)
    with refusal(errors.OptionError, "push="):
        SpatialGravity(weights).fit(od, cities)
    for wrong in ({"dependence": "both"}, {"intra": "drop"}, {"deterrence": "tanh"}):
        with refusal(errors.OptionError, "is not an option"):
            SpatialGravity(weights, **wrong, **OPTIONS).fit(od, cities)
    with refusal(errors.NotFittedError, "Call fit first"):
        SpatialGravity(weights).predict()
    with refusal(errors.OptionError, "table of cities"):
        SpatialGravity(weights, **OPTIONS).fit(od, None)
    with refusal(errors.ConstantRegressorError, "'border'"):
        SpatialGravity(weights, regressors=["border"], intra="none", **OPTIONS).fit(
            od.assign(border=1.0), cities
        )
    with refusal(errors.CollinearityError, "'again'"):
        twice = od.assign(again=2 * np.log(od["distance"]))
        SpatialGravity(weights, regressors=["again"], **OPTIONS).fit(twice, cities)
    with refusal(errors.IdentificationError, "9 flows cannot tell 9 parameters"):
        od, (ids, _), cities = square(3)
        SpatialGravity((ids, np.roll(np.eye(3), 1, axis=1)), **OPTIONS).fit(od, cities)


def test_effects_that_need_eigenvectors_say_so():
    chain = np.diag(np.ones(8), 1)
    od, (ids, _), cities = square(9)
    model = SpatialGravity((ids, chain), **OPTIONS).fit(od, cities)
    with refusal(errors.OptionError, "eigenvectors", "row-standardised"):
        model.effects()


def test_too_many_cities():
    n = 3_001
    ring = sp.eye(n, k=1, format="csr")
    with refusal(errors.SizeError, "3,001 cities"):
        SpatialGravity((range(n), ring), **OPTIONS).fit(square(9)[0], None)
