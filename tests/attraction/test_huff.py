"""Huff's model: by hand, by a dense general optimiser, simulated recovery, invariants, what it refuses."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from spatialhealth import errors
from spatialhealth.attraction import (
    BinaryDecay,
    ExponentialDecay,
    GaussianDecay,
    HuffModel,
    PowerDecay,
    SuppliedCost,
    reach,
)
from tests.attraction.places import random_case, shares_by_hand
from tests.refusal import refusal

TRUE = {"power": 1.6, "exponential": 0.06, "gaussian": 0.002}
DECAYS = {
    "power": lambda c, b: c**-b,
    "exponential": lambda c, b: np.exp(-b * c),
    "gaussian": lambda c, b: np.exp(-b * c**2 / 2),
}
kinds = pytest.mark.parametrize("kind", TRUE)


def simulated(kind="power", seed=0, n=40, m=9, times=1):
    """Places, hospitals, costs and flows with exponents 0.8 of beds and 0.3 of staff."""
    places, hospitals, costs = random_case(seed, n, m)
    share = shares_by_hand(
        costs.to_numpy(),
        hospitals[["beds", "staff"]],
        [0.8, 0.3],
        lambda c: DECAYS[kind](c, TRUE[kind]),
    )
    rng = np.random.default_rng(seed)
    people = [rng.multinomial(times * k, p) for k, p in zip(places["population"], share, strict=True)]
    flows = pd.DataFrame(people, index=places.index, columns=hospitals.index).stack()
    return places, hospitals, costs, flows


def loglik(kind, costs, hospitals, flows, theta):
    share = shares_by_hand(
        costs.to_numpy(), hospitals[["beds", "staff"]], theta[:2], lambda c: DECAYS[kind](c, theta[2])
    )
    return float(flows.unstack().loc[costs.index, costs.columns].to_numpy().ravel() @ np.log(share.ravel()))


def hessian(function, at, step):
    """Second derivatives by central differences."""
    k = len(at)
    e = np.diag(step)
    return np.array(
        [
            [
                (
                    function(at + e[a] + e[b])
                    - function(at + e[a] - e[b])
                    - function(at - e[a] + e[b])
                    + function(at - e[a] - e[b])
                )
                / (4 * step[a] * step[b])
                for b in range(k)
            ]
            for a in range(k)
        ]
    )


def fitted(kind="power", cov_type="cluster", **case):
    places, hospitals, costs, flows = simulated(kind, **case)
    model = HuffModel(["beds", "staff"], SuppliedCost(costs), kind, cov_type=cov_type, tier="tier")
    return model.fit(flows, places, hospitals), places, hospitals, costs, flows


# --- numbers ----------------------------------------------------------------------------------------------


def test_two_by_two_by_hand():
    # one place of each kind; with all sizes equal p = 1 / (1 + (c_2 / c_1) ** -b): the odds 3 at the ratio 2 give b
    places, hospitals = pd.DataFrame(index=["a"]), pd.DataFrame({"beds": [1, 1]}, index=["h", "k"])
    costs = pd.DataFrame({"h": [10.0], "k": [20.0]}, index=["a"])
    flows = pd.DataFrame({"origin": ["a", "a"], "destination": ["h", "k"], "value": [75, 25]})
    model = HuffModel([], SuppliedCost(costs), cov_type="observed").fit(flows, places, hospitals)
    assert model.params_["decay"] == pytest.approx(np.log(3) / np.log(2), rel=1e-10)
    # information: N p (1 - p) (ln 2)^2
    assert model.std_errors_["decay"] == pytest.approx(1 / np.sqrt(100 * 0.75 * 0.25 * np.log(2) ** 2))
    result = model.result_
    assert result.loglik == pytest.approx(75 * np.log(0.75) + 25 * np.log(0.25))
    assert result.null_loglik == pytest.approx(100 * np.log(0.5))
    assert result.deviance == pytest.approx(0, abs=1e-8) and result.overlap == pytest.approx(1)


@kinds
@pytest.mark.parametrize("chunk", [1_000_000, 20])
def test_a_general_optimiser_finds_the_same(kind, chunk, monkeypatch):
    monkeypatch.setattr(reach, "CHUNK", chunk)
    model, _, hospitals, costs, flows = fitted(kind, cov_type="observed")
    scale = np.array([1, 1, TRUE[kind]])

    def minus(z):
        return -loglik(kind, costs, hospitals, flows, z * scale)

    found = minimize(minus, [0.5, 0.5, 0.5], method="BFGS", options={"gtol": 1e-4})
    np.testing.assert_allclose(model.params_, found.x * scale, rtol=1e-4)
    assert model.result_.loglik == pytest.approx(-found.fun, rel=1e-10)
    information = hessian(minus, model.params_.to_numpy() / scale, np.full(3, 1e-3))
    error = np.sqrt(np.diag(np.linalg.inv(information))) * scale
    np.testing.assert_allclose(model.std_errors_, error, rtol=1e-4)


def test_clustered_errors_by_hand():
    model, places, hospitals, costs, flows = fitted()
    at, step = model.params_.to_numpy(), 1e-5
    scores = []
    for place in places.index:
        one = flows.where(flows.index.get_level_values(0) == place, 0)
        up_down = [
            [loglik("power", costs, hospitals, one, at + sign * step * e) for sign in (1, -1)]
            for e in np.eye(3)
        ]
        scores.append([(up - down) / (2 * step) for up, down in up_down])
    observed = fitted(cov_type="observed")[0].result_.covariance
    n = len(scores)
    meat = np.array(scores).T @ np.array(scores) * n / (n - 1)
    np.testing.assert_allclose(model.result_.covariance, observed @ meat @ observed, rtol=1e-4)


@kinds
def test_the_truth_is_recovered(kind):
    truth = np.array([0.8, 0.3, TRUE[kind]])
    z = []
    for seed in range(12):
        model = fitted(kind, cov_type="observed", seed=seed)[0]
        z.append((model.params_ - truth) / model.std_errors_)
    z = np.array(z)
    assert np.abs(z).max() < 4
    assert 0.6 < np.sqrt((z**2).mean()) < 1.4
    assert 0.8 < model.result_.dispersion < 1.2


def test_overdispersed_flows_widen_the_clustered_errors():
    places, hospitals, costs, flows = simulated(times=1)
    rng = np.random.default_rng(1)
    noisy = (flows * rng.gamma(0.5, 2.0, len(flows))).round()
    errors_by = {}
    for cov_type in ("observed", "cluster"):
        model = HuffModel(["beds", "staff"], SuppliedCost(costs), cov_type=cov_type)
        errors_by[cov_type] = model.fit(noisy, places, hospitals).std_errors_
    assert model.result_.dispersion > 10
    assert (errors_by["cluster"] > 2 * errors_by["observed"]).all()


def test_goodness_of_fit_by_hand():
    model, _, _, costs, flows = fitted()
    result = model.result_
    observed = flows.unstack().loc[costs.index, costs.columns].to_numpy()
    share = model.predict().table["share"].to_numpy().reshape(observed.shape)
    expected = observed.sum(axis=1, keepdims=True) * share
    some = observed > 0
    assert result.deviance == pytest.approx(
        2 * (observed[some] * np.log(observed[some] / expected[some])).sum()
    )
    freedom = observed.size - len(observed) - 3
    assert result.dispersion == pytest.approx(((observed - expected) ** 2 / expected).sum() / freedom)
    assert result.overlap == pytest.approx(np.minimum(observed, expected).sum() / observed.sum())
    assert result.null_loglik == pytest.approx(observed.sum() * np.log(1 / 9))
    assert 0 < result.mcfadden < 1


def test_a_given_decay_is_an_offset():
    model, places, hospitals, costs, flows = fitted(cov_type="observed")
    free = model.params_["decay"]
    given_ = HuffModel(["beds", "staff"], SuppliedCost(costs), PowerDecay(free), cov_type="observed")
    given_.fit(flows, places, hospitals)
    np.testing.assert_allclose(given_.params_, model.params_[["beds", "staff"]], rtol=1e-6)
    assert given_.result_.loglik == pytest.approx(model.result_.loglik, rel=1e-10)
    wide = HuffModel("beds", SuppliedCost(costs), GaussianDecay(40, cutoff=60), params={"beds": 1.0})
    expected = shares_by_hand(costs.to_numpy(), hospitals[["beds"]], [1], GaussianDecay(40, cutoff=60))
    found = wide.predict(places, hospitals).table.set_index(["demand", "supply"])["share"].unstack()
    np.testing.assert_allclose(found.loc[costs.index, costs.columns].fillna(0), expected, rtol=1e-12)


def test_given_parameters():
    places, hospitals, costs, _ = simulated()
    model = HuffModel(
        ["beds", "staff"], SuppliedCost(costs), params={"beds": 0.8, "decay": 1.6, "staff": 0.3}
    )
    shares = model.predict(places, hospitals)
    expected = shares_by_hand(costs.to_numpy(), hospitals[["beds", "staff"]], [0.8, 0.3], lambda c: c**-1.6)
    np.testing.assert_allclose(shares.table["share"], expected.ravel(), rtol=1e-12)
    assert list(shares.patients(places["population"])) == ["patients"]


# --- invariants -------------------------------------------------------------------------------------------


@settings(max_examples=10, deadline=None, derandomize=True)
@given(st.floats(1e-3, 1e5), st.randoms(use_true_random=False))
def test_units_order_and_labels_do_not_matter(unit, random):
    model, places, hospitals, costs, flows = fitted(seed=2, n=20, m=6)
    names = {label: f"{random.random()} {label}" for label in [*places.index, *hospitals.index]}
    order = list(range(len(flows)))
    random.shuffle(order)
    other = HuffModel(["staff", "beds"], SuppliedCost(costs.rename(names).rename(columns=names) * unit))
    other.fit(
        flows.iloc[order].rename(index=names),
        places.rename(names).iloc[::-1],
        hospitals.rename(names).sample(frac=1, random_state=1).assign(beds=lambda h: h["beds"] * unit),
    )
    for ours, theirs in ((model.params_, other.params_), (model.std_errors_, other.std_errors_)):
        np.testing.assert_allclose(theirs[ours.index], ours, rtol=1e-6)
    assert other.result_.loglik == pytest.approx(model.result_.loglik, rel=1e-9)
    again = other.predict().patients(places.rename(names)["population"])
    np.testing.assert_allclose(
        again.loc[[names[label] for label in hospitals.index]],
        model.predict().patients(places["population"]),
        rtol=1e-5,
    )


def test_the_scale_of_an_exponential_follows_the_unit():
    model, places, hospitals, costs, flows = fitted("exponential")
    metres = HuffModel(["beds", "staff"], SuppliedCost(costs * 1000), "exponential")
    metres.fit(flows, places, hospitals)
    np.testing.assert_allclose(metres.params_["decay"] * 1000, model.params_["decay"], rtol=1e-8)
    np.testing.assert_allclose(metres.params_["beds"], model.params_["beds"], rtol=1e-8)


@pytest.mark.parametrize("factor", [1e-6, 1e9])
def test_the_number_of_people_does_not_move_the_maximum(factor):
    model, places, hospitals, costs, flows = fitted()
    other = HuffModel(["beds", "staff"], SuppliedCost(costs)).fit(flows * factor, places, hospitals)
    np.testing.assert_allclose(other.params_, model.params_, rtol=1e-10)
    np.testing.assert_allclose(other.std_errors_, model.std_errors_, rtol=1e-8)  # clustered


def test_places_without_flows_and_pairs_without_people_tell_nothing():
    _, places, hospitals, costs, flows = fitted()
    some = flows[(flows > 0) & (flows.index.get_level_values(0) != "place 3")]
    full = flows.where(flows.index.get_level_values(0) != "place 3", 0)
    one = HuffModel(["beds", "staff"], SuppliedCost(costs)).fit(some, places, hospitals)
    two = HuffModel(["beds", "staff"], SuppliedCost(costs)).fit(full, places, hospitals)
    pd.testing.assert_series_equal(one.params_, two.params_)
    assert one.result_.places == 39


# --- shares, areas, patients ------------------------------------------------------------------------------


def test_shares_and_market_areas():
    model, places, hospitals, costs, _ = fitted()
    shares = model.predict()
    wide = shares.table.set_index(["demand", "supply"])["share"].unstack().loc[places.index, hospitals.index]
    np.testing.assert_allclose(wide.sum(axis=1), 1, rtol=1e-12)
    np.testing.assert_allclose(shares.table["cost"], costs.to_numpy().ravel())
    areas = shares.market_areas()
    assert (areas["supply"] == wide.idxmax(axis=1)).all()
    np.testing.assert_allclose(areas["share"], wide.max(axis=1))
    ranked = np.sort(wide.to_numpy(), axis=1)
    np.testing.assert_allclose(areas["second_share"], ranked[:, -2])
    assert all(wide.loc[place, row["second"]] == row["second_share"] for place, row in areas.iterrows())
    np.testing.assert_allclose(areas["rivals"], 1 / (wide**2).sum(axis=1))
    pd.testing.assert_series_equal(
        shares.contours("hospital 4"), wide["hospital 4"], check_names=False, rtol=1e-12
    )
    with refusal(errors.DataError, "no supply 'hospital 44'", "Did you mean 'hospital 4'?"):
        shares.contours("hospital 44")


def test_patients_and_their_errors():
    model, places, hospitals, costs, _ = fitted()
    shares, people = model.predict(), places["population"]
    found = shares.patients(people)
    at, step = model.params_.to_numpy(), 1e-5

    def expected(theta):
        share = shares_by_hand(
            costs.to_numpy(), hospitals[["beds", "staff"]], theta[:2], lambda c: c ** -theta[2]
        )
        return people.to_numpy() @ share

    np.testing.assert_allclose(found["patients"], expected(at), rtol=1e-10)
    slope = np.array([(expected(at + step * e) - expected(at - step * e)) / (2 * step) for e in np.eye(3)]).T
    variance = np.diag(slope @ model.result_.covariance @ slope.T)
    np.testing.assert_allclose(found["std_error"], np.sqrt(variance), rtol=1e-5)
    np.testing.assert_allclose(found["ci_high"] - found["patients"], 1.959964 * found["std_error"], rtol=1e-6)
    drawn = shares.patients(people, method="simulate", draws=4000, random_state=1)
    np.testing.assert_allclose(drawn["std_error"], found["std_error"], rtol=0.08)
    np.testing.assert_allclose(drawn["ci_low"], found["ci_low"], rtol=0.01)
    again = shares.patients(people, method="simulate", draws=4000, random_state=1)
    pd.testing.assert_frame_equal(drawn, again)
    tiers = shares.patients(people.sample(frac=1, random_state=2), by="tier")
    np.testing.assert_allclose(
        tiers["patients"], found["patients"].groupby(hospitals["tier"]).sum(), rtol=1e-12
    )
    # two tiers share everybody: what one gains the other loses
    assert tiers["patients"].sum() == pytest.approx(people.sum())
    assert tiers["std_error"].iloc[0] == pytest.approx(tiers["std_error"].iloc[1])


def test_a_new_hospital_is_a_scenario():
    model, places, hospitals, _, _ = fitted()
    bigger = model.predict(
        supply=hospitals.assign(beds=hospitals["beds"].replace(hospitals["beds"].max(), 4000))
    )
    before, after = (one.patients(places["population"])["patients"] for one in (model.predict(), bigger))
    largest = hospitals["beds"].idxmax()
    assert after[largest] > before[largest]
    assert (after.drop(largest) < before.drop(largest)).all()
    assert after.sum() == pytest.approx(before.sum())


def test_places_out_of_reach_choose_nobody():
    places, hospitals, costs, _ = simulated()
    costs.loc["place 7"] = 900.0
    model = HuffModel(cost=SuppliedCost(costs), cutoff=200, params={"beds": 1, "decay": 2})
    with pytest.warns(errors.UnreachableWarning, match="1 places of demand .*'place 7'"):
        shares = model.predict(places, hospitals)
    areas = shares.market_areas()
    assert list(areas.index) == list(places.index)
    assert areas.loc["place 7", ["share", "second_share", "reachable"]].to_list() == [0, 0, False]
    assert areas["reachable"].sum() == 39
    assert shares.contours("hospital 0")["place 7"] == 0
    patients = shares.patients(places["population"])["patients"].sum()
    assert patients == pytest.approx(places["population"].drop("place 7").sum())


def test_a_single_choice_has_no_runner_up():
    places, hospitals, costs, _ = simulated(n=3, m=2)
    model = HuffModel(cost=SuppliedCost(costs[["hospital 0"]]), params={"beds": 1, "decay": 2})
    areas = model.predict(places, hospitals.iloc[:1]).market_areas()
    assert areas["share"].tolist() == [1.0] * 3 and areas["second"].isna().all()
    assert (areas["second_share"] == 0).all() and (areas["rivals"] == 1).all()


def test_metres_on_the_globe():
    rng = np.random.default_rng(5)
    points = gpd.points_from_xy(rng.uniform(110, 114, 30), rng.uniform(30, 33, 30), crs=4326)
    places = gpd.GeoDataFrame(geometry=points)
    hospitals = gpd.GeoDataFrame({"beds": rng.integers(10, 99, 4)}, geometry=points[:4])
    with refusal(errors.NonFiniteError, "a cost of zero", "(0, 0)", "GeodesicCost(minimum=...)"):
        HuffModel(params={"beds": 1, "decay": 2}).predict(places, hospitals)
    shares = HuffModel(decay=ExponentialDecay(50_000), params={"beds": 1}).predict(places, hospitals)
    assert shares.market_areas().loc[[0, 1, 2, 3], "share"].between(0.2, 1).all()


# --- what it refuses --------------------------------------------------------------------------------------


@pytest.fixture
def case():
    return simulated(n=12, m=4)


def fit(case, flows=None, hospitals=None, **options):
    places, table, costs, people = case
    model = HuffModel(**{"size": "beds", "cost": SuppliedCost(costs), **options})
    return model.fit(people if flows is None else flows, places, table if hospitals is None else hospitals)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"decay": "linear"}, "decay='linear'"),
        ({"decay": 2}, "is no decay"),
        ({"cov_type": "robust"}, "cov_type='robust'"),
        ({"size": ["beds", "beds"]}, "each column once"),
        ({"size": ["decay"]}, "none 'decay'"),
        ({"size": 3}, "size=3"),
        ({"params": {"beds": 1, "decay": 2}}, "nothing to fit"),
        ({"size": [], "decay": ExponentialDecay(3)}, "nothing to fit"),
        ({"cutoff": 0}, "cutoff=0"),
        ({"cost": 3}, "is no cost"),
    ],
)
def test_options(case, options, said):
    with refusal(errors.OptionError, "HuffModel", said):
        fit(case, **options)


def test_predicting_without_a_fit(case):
    places, hospitals, _, _ = case
    with refusal(errors.NotFittedError, "fit(flows, demand, supply)"):
        HuffModel().predict(places, hospitals)
    with refusal(errors.OptionError, "give demand and supply"):
        HuffModel(params={"beds": 1, "decay": 2}).predict(places)
    for params in ({"beds": 1}, {"beds": 1, "decay": 2, "staff": 1}):
        with refusal(errors.OptionError, "must have these names: beds, decay"):
            HuffModel(params=params).predict(places, hospitals)
    with refusal(errors.OptionError, "params['decay']='a'"):
        HuffModel(params={"beds": 1, "decay": "a"}).predict(places, hospitals)


def test_flows_that_are_none(case):
    flows = case[3].rename("value").rename_axis(["origin", "destination"]).reset_index()
    with refusal(errors.DataError, "no column 'value'"):
        fit(case, flows.rename(columns={"value": "trips"}))
    with refusal(errors.LabelError, "ndarray"):
        fit(case, flows.to_numpy())
    with refusal(errors.DuplicateError, "('place 0', 'hospital 0')"):
        fit(case, pd.concat([flows, flows.iloc[:1]]))
    with refusal(errors.MissingDataError, "rows 1"):
        fit(case, flows.assign(origin=["place 0", None, *flows["origin"][2:]]))
    for value, kind in (
        (np.nan, errors.MissingDataError),
        (-1.0, errors.DataError),
        (np.inf, errors.NonFiniteError),
    ):
        with refusal(kind, "HuffModel: the flow", "('place 0', 'hospital 2')"):
            fit(case, flows.assign(value=[1.0, 1.0, value, *flows["value"][3:].astype(float)]))
    with refusal(errors.NonNumericError, "must hold numbers"):
        fit(case, flows.assign(value="many"))
    for column, said in (("origin", "places of demand"), ("destination", "supply")):
        with refusal(errors.AlignmentError, said, "'Atlantis'"):
            fit(case, flows.assign(**{column: ["Atlantis", *flows[column][1:]]}))
    with refusal(errors.IdentificationError, "all flows are zero"):
        fit(case, flows.assign(value=0))


def test_flows_out_of_reach(case):
    far = float(case[2].loc["place 0", "hospital 1"])
    with refusal(errors.DataError, "supply out of reach", "('place 0', 'hospital 1')"):
        fit(case, pd.Series({("place 0", "hospital 1"): 3.0}), cutoff=far - 0.1)
    with refusal(errors.DataError, "supply out of reach"):
        fit(case, decay=BinaryDecay(far - 0.1), flows=pd.Series({("place 0", "hospital 1"): 3.0}))
    with refusal(errors.DataError, "no place of demand has supply in reach"):
        fit(case, cutoff=1e-3)


def test_what_cannot_be_told(case):
    hospitals = case[1]
    with refusal(errors.ConstantRegressorError, "'beds'", "does not differ"):
        fit(case, hospitals=hospitals.assign(beds=100))
    with refusal(errors.CollinearityError, "'beds', 'staff'"):
        fit(case, size=["beds", "staff"], hospitals=hospitals.assign(staff=hospitals["beds"] ** 2.0))
    few = case[3][case[3].index.get_level_values(0) == "place 0"]
    with refusal(errors.IdentificationError, "clustered by place", "cov_type='observed'"):
        fit(case, few)
    nearest = case[2].idxmin(axis=1)
    always = pd.Series(dict.fromkeys(nearest.items(), 10.0))
    with refusal(errors.ConvergenceError, "rises for ever"):
        fit(case, always, size=[])


def test_supply_that_is_none(case):
    hospitals = case[1]
    with refusal(errors.DataError, "'beds' of supply is zero", "'hospital 0'"):
        fit(case, hospitals=hospitals.assign(beds=[0, 1, 2, 3]))
    with refusal(errors.DataError, "no column 'bed'"):
        fit(case, size="bed")
    model = HuffModel(cost=SuppliedCost(case[2]), params={"beds": 1, "decay": 2}, tier="tier")
    with refusal(errors.MissingDataError, "'tier' of supply is missing", "'hospital 1'"):
        model.predict(case[0], hospitals.assign(tier=["a", None, "b", "b"]))


def test_people_that_are_none(case):
    shares, people = fit(case).predict(), case[0]["population"]
    with refusal(errors.AlignmentError, "no people given for: 'place 0'", "no such place as: 'x'"):
        shares.patients(people.rename({"place 0": "x"}))
    with refusal(errors.MissingDataError, "number of people is missing"):
        shares.patients(people.astype(float).replace(people.iloc[0], np.nan))
    with refusal(errors.OptionError, "needs HuffModel(tier=...)"):
        shares.patients(people, by="tier")
    for bad in ({"by": "city"}, {"method": "jackknife"}, {"level": 95}, {"method": "simulate", "draws": 0}):
        with refusal(errors.OptionError, "patients"):
            shares.patients(people, **bad)


def test_words():
    model = fitted()[0]
    text = model.summary()
    for said in ("Decay: power; standard errors: clustered by place", "McFadden's R2", "Dispersion", "beds"):
        assert said in text
    table = model.result_.to_frame()
    assert list(table["parameter"]) == ["beds", "staff", "decay"]
    assert repr(HuffModel(decay="exponential")) == "HuffModel(decay='exponential')"
