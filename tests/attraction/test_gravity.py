"""Gravity models against a dense Newton maximiser and dense sandwiches, and against pyfixest."""

from __future__ import annotations

import pickle
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import spatialhealth as sh
from spatialhealth.attraction import GravityModel, flow_table
from spatialhealth.attraction.gravity_covariance import Clusters, covariance, leverage
from spatialhealth.attraction.gravity_inference import poisson_design
from tests.journeys import dummies, newton, sandwich, small_flows

pytest.importorskip("pyfixest", reason="the extra 'flows'")

KINDS = ("poisson", "robust", "origin", "destination", "two-way", "pair")
N = 14


@pytest.fixture(scope="module")
def od():
    return small_flows(N)


def options(kind):
    return {"cov_type": kind} if kind in ("poisson", "robust") else {"cov_type": "cluster", "cluster": kind}


def regressors(od):
    return np.column_stack([np.log(od["distance"]), od["border"]])


def partitions(od, kind):
    everyone = np.arange(len(od))
    pair = ["|".join(sorted(ends)) for ends in zip(od["origin"], od["destination"], strict=True)]
    return {
        "poisson": [],
        "robust": [(everyone, 1)],
        "origin": [(od["origin"], 1)],
        "destination": [(od["destination"], 1)],
        "two-way": [(od["origin"], 1), (od["destination"], 1), (everyone, -1)],
        "pair": [(pair, 1)],
    }[kind]


def dense(od, effects, kind):
    z = dummies(od, regressors(od), effects)
    y = od["trips"].to_numpy(dtype=float)
    beta, mu = newton(z, y)
    return beta, mu, sandwich(z, y, mu, partitions(od, kind))


@pytest.mark.parametrize("effects", ["both", "origin", "destination", "none"])
@pytest.mark.parametrize("kind", KINDS)
def test_coefficients_and_their_covariance(od, effects, kind):
    model = GravityModel(regressors=["border"], effects=effects, **options(kind)).fit(od)
    beta, mu, covariance = dense(od, effects, kind)
    k = len(model.params_)
    np.testing.assert_allclose(model.params_, beta[:k], rtol=1e-8, atol=1e-9)
    np.testing.assert_allclose(model.fitted_values_, mu, rtol=1e-8)
    block = covariance[:k, :k]
    if kind == "two-way":
        values, vectors = np.linalg.eigh(block)
        block = vectors * np.maximum(values, 0) @ vectors.T
    np.testing.assert_allclose(model.cov_, block, rtol=1e-6, atol=1e-12)


# which partition tells something of the effects of a side
TELLING = {
    ("destination", "destination"): "robust",
    ("destination", "two-way"): "origin",
    ("origin", "origin"): "robust",
    ("origin", "two-way"): "destination",
}


@pytest.mark.parametrize("side", ["destination", "origin"])
@pytest.mark.parametrize("kind", KINDS)
def test_effects_of_cities_and_their_covariance(od, side, kind):
    model = GravityModel(regressors=["border"], **options(kind)).fit(od)
    beta, _, covariance = dense(od, "both", TELLING.get((side, kind), kind))
    center = np.eye(N) - 1 / N
    turn = np.zeros((N, len(beta)))
    if side == "origin":
        turn[:, 2 : 2 + N] = center
    else:
        turn[:, 2 + N :] = center[:, 1:]
    effects = model.result_.effects[side]
    np.testing.assert_allclose(effects.estimates, turn @ beta, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(effects.covariance, turn @ covariance @ turn.T, rtol=1e-6, atol=1e-10)
    shown = model.attraction_ if side == "destination" else model.push_
    assert shown.index.tolist() == sorted(od["origin"].unique())
    np.testing.assert_allclose(shown["std_error"], np.sqrt(np.diag(effects.covariance)))
    assert abs(shown["estimate"].sum()) < 1e-9


def test_attraction_with_effects_of_destinations_only(od):
    model = GravityModel(effects="destination").fit(od)
    z = dummies(od, np.log(od[["distance"]].to_numpy()), "destination")
    y = od["trips"].to_numpy(dtype=float)
    beta, mu = newton(z, y)
    covariance = sandwich(z, y, mu, partitions(od, "robust"))
    turn = np.column_stack([np.zeros(N), np.eye(N) - 1 / N])
    np.testing.assert_allclose(model.attraction_["estimate"], turn @ beta, atol=1e-9)
    np.testing.assert_allclose(
        model.attraction_["std_error"], np.sqrt(np.diag(turn @ covariance @ turn.T)), rtol=1e-7
    )


@pytest.mark.parametrize("kind", ["origin", "destination"])
def test_with_plain_residuals_the_sandwich_is_that_of_pyfixest(od, kind):
    import pyfixest

    data = od.assign(ld=np.log(od["distance"]), trips=od["trips"].astype(float))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peer = pyfixest.fepois(
            "trips ~ ld + border | origin + destination", data, vcov={"CRV1": kind}, iwls_tol=1e-12,
            ssc=pyfixest.ssc(k_adj=False, G_adj=False),
        )  # fmt: skip
    model = GravityModel(regressors=["border"]).fit(od)
    np.testing.assert_allclose(model.params_, peer.coef(), rtol=1e-7)
    design = poisson_design(flow_table(od), regressors(od), ("ld", "border"), "both")
    mu = model.result_.mu
    plain = covariance(design.sides("destination"), mu, design.y - mu, (Clusters(getattr(design, kind)),))
    np.testing.assert_allclose(np.sqrt(np.diag(plain))[:2], peer.se(), rtol=1e-6)


def test_leverage_is_that_of_the_dense_projection(od):
    model = GravityModel(regressors=["border"]).fit(od)
    z, mu = dummies(od, regressors(od)), model.result_.mu
    hat = mu * np.einsum("ij,jk,ik->i", z, np.linalg.inv(z.T @ (mu[:, None] * z)), z)
    design = poisson_design(flow_table(od), regressors(od), ("ld", "border"), "both")
    for side in ("origin", "destination"):
        np.testing.assert_allclose(leverage(design.sides(side), mu), hat, rtol=1e-8)
    assert hat.sum() == pytest.approx(design.n_parameters)


def test_deterrence(od):
    by_hand = od.assign(ld=np.log(od["distance"]))
    power = GravityModel().fit(od)
    named = GravityModel(deterrence=["ld"]).fit(by_hand)
    assert list(power.params_.index) == ["log(distance)"] and list(named.params_.index) == ["ld"]
    np.testing.assert_allclose(power.params_, named.params_, rtol=1e-10)
    exponential = GravityModel(deterrence="exponential").fit(od)
    direct = GravityModel(deterrence=["distance"]).fit(od)
    assert exponential.params_.equals(direct.params_)
    # with costs of one unit or another, only the coefficient of an exponential changes
    far = GravityModel(deterrence="exponential").fit(od.assign(distance=1e6 * od["distance"]))
    np.testing.assert_allclose(1e6 * far.params_, exponential.params_, rtol=1e-8)
    np.testing.assert_allclose(far.attraction_, exponential.attraction_, rtol=1e-7, atol=1e-9)


def test_push_and_pull_of_cities(od):
    rng = np.random.default_rng(3)
    cities = pd.DataFrame(
        {"size": rng.uniform(1, 9, N), "beds": rng.uniform(1, 9, N)}, index=sorted(od["origin"].unique())
    )
    model = GravityModel(effects="none", push="log(size)", pull="log(beds) + size").fit(
        od, cities.sample(frac=1)
    )
    assert list(model.params_.index) == [
        "constant", "log(distance)", "origin:log(size)", "destination:log(beds)", "destination:size",
    ]  # fmt: skip
    at, to = cities.loc[od["origin"]].to_numpy(), cities.loc[od["destination"]].to_numpy()
    z = np.column_stack(
        [np.ones(len(od)), np.log(od["distance"]), np.log(at[:, 0]), np.log(to[:, 1]), to[:, 0]]
    )
    beta, mu = newton(z, od["trips"].to_numpy(dtype=float))
    np.testing.assert_allclose(model.params_, beta, rtol=1e-7)
    np.testing.assert_allclose(model.predict(od), mu, rtol=1e-7)
    changed = cities.assign(beds=2 * cities["beds"])
    more = model.predict(od, changed) / model.predict(od)
    np.testing.assert_allclose(more, 2 ** model.params_["destination:log(beds)"], rtol=1e-10)


def test_origins_have_effects_and_destinations_variables(od):
    cities = pd.DataFrame({"beds": np.arange(1.0, N + 1)}, index=sorted(od["origin"].unique()))
    model = GravityModel(effects="origin", pull="log(beds)").fit(od, cities)
    x = np.column_stack([np.log(od["distance"]), np.log(cities.loc[od["destination"], "beds"])])
    beta, _ = newton(dummies(od, x, "origin"), od["trips"].to_numpy(dtype=float))
    np.testing.assert_allclose(model.params_, beta[:2], rtol=1e-7)
    assert list(model.result_.effects) == ["origin"]


def test_predictions_follow_the_pairs(od):
    model = GravityModel().fit(od)
    pd.testing.assert_series_equal(model.predict(), model.predict(od))
    few = od.drop(columns="trips").iloc[[7, 3]].assign(distance=lambda t: 2 * t["distance"])
    expected = model.predict().iloc[[7, 3]] * 2 ** model.params_["log(distance)"]
    np.testing.assert_allclose(model.predict(few), expected, rtol=1e-10)
    assert model.predict(few).index.names == ["origin", "destination"]
    # sums of expected flows are those of the flows
    totals = od.assign(mu=model.predict().to_numpy()).groupby("origin")[["trips", "mu"]].sum()
    np.testing.assert_allclose(totals["mu"], totals["trips"], rtol=1e-9)


def test_incomplete_tables_and_one_sided_cities(od):
    some = od[(od["origin"] != "c00") & ~((od["origin"] == "c01") & (od["destination"] == "c02"))]
    model = GravityModel().fit(some)
    assert len(model.push_) == N - 1 and len(model.attraction_) == N
    z = dummies(some, np.log(some[["distance"]].to_numpy()))
    beta, _ = newton(z, some["trips"].to_numpy(dtype=float))
    np.testing.assert_allclose(model.params_, beta[:1], rtol=1e-8)


def test_own_flows_are_left_out_unless_asked_for():
    od = small_flows(9, own=True)
    between = od[od["origin"] != od["destination"]]
    np.testing.assert_allclose(
        GravityModel().fit(od).params_, GravityModel().fit(between).params_, rtol=1e-10
    )
    assert "9 left out" in str(GravityModel().fit(od).summary())
    whole = GravityModel(own=True).fit(od)
    assert len(whole.fitted_values_) == 81 and "9 in the table" in str(whole.summary())


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10**6))
def test_neither_order_nor_names_nor_units_matter(seed):
    od, rng = small_flows(8), np.random.default_rng(seed)
    names = sorted(od["origin"].unique())
    other = dict(zip(names, [f"x{k}" for k in rng.permutation(8)], strict=True))
    first = GravityModel(cov_type="cluster").fit(od)
    mixed = (
        od.replace(other).sample(frac=1, random_state=seed).assign(distance=lambda t: t["distance"] / 1000)
    )
    second = GravityModel(cov_type="cluster").fit(mixed)
    np.testing.assert_allclose(second.params_, first.params_, rtol=1e-8)
    np.testing.assert_allclose(second.std_errors_, first.std_errors_, rtol=1e-7)
    renamed = first.attraction_.rename(index=other)
    np.testing.assert_allclose(second.attraction_.loc[renamed.index], renamed, rtol=1e-5, atol=1e-8)


def test_summary_and_tables(od):
    model = GravityModel(cov_type="cluster", cluster="two-way").fit(od)
    text = str(model.summary())
    assert "clustered by origin and by destination" in text and "errors: clustered by origin" in text
    assert model.result_.to_frame().loc["log(distance)", "estimate"] == model.params_["log(distance)"]
    assert model.summary().to_latex().startswith(r"\begin{tabular}")
    assert "<table>" in model.summary()._repr_html_()
    y, mu = od["trips"].to_numpy(), model.fitted_values_.to_numpy()
    from scipy.stats import poisson

    assert model.result_.loglik == pytest.approx(poisson.logpmf(y, mu).sum(), rel=1e-10)
    best = poisson.logpmf(y, y).sum()
    assert model.result_.deviance == pytest.approx(2 * (best - model.result_.loglik), rel=1e-10)


def test_a_copy_from_a_pickle_is_as_frozen(od):
    model = pickle.loads(pickle.dumps(GravityModel().fit(od)))
    np.testing.assert_allclose(model.predict(od), model.fitted_values_, rtol=1e-10)
    for array in (model.result_.params, model.result_.effects["origin"].covariance, model._table.pairs.value):
        with pytest.raises(ValueError, match="read-only"):
            array[0] = 0


def test_it_behaves_like_an_estimator():
    model = GravityModel(effects="origin", cluster="pair")
    assert repr(model) == "GravityModel(effects='origin', cluster='pair')"
    assert model.set_params(effects="both").get_params()["effects"] == "both"


def test_the_truth_of_the_embedded_flows():
    truth = sh.datasets.load_truth()["flows"]
    model = GravityModel(cov_type="cluster", cluster="two-way").fit(sh.datasets.load_flows())
    z = (model.params_["log(distance)"] - truth["params"]["log(distance)"]) / model.std_errors_[
        "log(distance)"
    ]
    assert abs(z) < 2.6
    assert flow_table(sh.datasets.load_flows()).check_complete().n_pairs == 307 * 306


def test_standard_errors_of_the_attraction_are_those_of_repeated_samples():
    """Flows drawn anew from known means: the estimates spread as the standard errors say."""
    od = small_flows(10, seed=5, mean=60.0)
    mu = GravityModel(cov_type="poisson").fit(od).fitted_values_.to_numpy()
    rng, found, errors = np.random.default_rng(7), [], []
    for _ in range(150):
        model = GravityModel(cov_type="poisson").fit(od.assign(trips=rng.poisson(mu)))
        found.append(model.attraction_["estimate"])
        errors.append(model.attraction_["std_error"])
    ratio = np.mean(errors, axis=0) / np.std(found, axis=0, ddof=1)
    assert abs(ratio.mean() - 1) < 0.06  # 10 ratios, each with a standard error of 6 %
