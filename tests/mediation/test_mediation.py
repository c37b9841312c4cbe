"""Paths against explicit inverses, bootstrap errors against the delta method, and the known truth of the panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, ComparabilityError, NotFittedError, OptionError
from spatialhealth.mediation import mediate
from spatialhealth.mediation.path import Leg, effects_of_leg, path_effects
from tests import small
from tests.refusal import refusal


def dense(W, leg):
    A = np.eye(len(W)) - (leg.rho or 0.0) * W
    return np.linalg.solve(A, leg.beta * np.eye(len(W)) + leg.theta * W)


def averages(S):
    direct, total = np.trace(S) / len(S), S.sum() / len(S)
    return [direct, total - direct, total]


@pytest.mark.parametrize(
    "rhos", [(0.4, -0.3), (0.4, 0.4), (0.4, 0.4 + 2e-6), (0.4, 0.4 + 2e-5), (None, 0.5), (None, None)]
)
@pytest.mark.parametrize("standardise", [True, False])
def test_a_path_is_the_product_of_the_inverses(rhos, standardise):
    W = small.lattice(4, 5)
    if not standardise:
        W = (W > 0) / 5.0
    operator = sh.SpatialOperator((small.ids(20), W))
    first, second = Leg(0.7, -0.2, rhos[0]), Leg(1.5, 0.9, rhos[1])
    np.testing.assert_allclose(
        path_effects(operator, first, second),
        averages(dense(W, second) @ dense(W, first)),
        rtol=1e-8,
        atol=1e-9,
    )
    np.testing.assert_allclose(effects_of_leg(operator, first), averages(dense(W, first)), rtol=1e-9)


@pytest.fixture(scope="module")
def models():
    """Two equations of 64 units in 8 periods; m moves y, x moves both."""
    rng = np.random.default_rng(4)
    W, ids = small.lattice(8, 8), small.ids(64)
    x = rng.normal(size=(8, 64))
    m = np.linalg.solve(np.eye(64) - 0.4 * W, (0.8 * x + 0.3 * x @ W.T + rng.normal(size=(8, 64))).T).T
    y = np.linalg.solve(np.eye(64) - 0.2 * W, (0.5 * m + 0.2 * x + rng.normal(size=(8, 64))).T).T
    index = pd.MultiIndex.from_product([ids, range(8)], names=["unit", "year"])
    data = pd.DataFrame({name: v.T.ravel() for name, v in (("x", x), ("m", m), ("y", y))}, index=index)
    operator = sh.SpatialOperator((ids, W))
    first = sh.SpatialDurbin(operator, effects="two-way").fit_formula("m ~ x", data)
    second = sh.SpatialDurbin(operator, effects="two-way").fit_formula("y ~ m + x", data)
    return first, second, data


def test_the_parts_add_up_and_agree_with_the_delta_method(models):
    first, second, _ = models
    found = mediate(first, second, "x", draws=300, random_state=1)
    table = found.table.set_index(["path", "effect"])
    one, two = first.impacts(), second.impacts()
    np.testing.assert_allclose(found.estimates[0], one.estimates[0])
    np.testing.assert_allclose(found.estimates[1], two.estimates[0])
    np.testing.assert_allclose(found.estimates[3], two.estimates[1])
    np.testing.assert_allclose(found.estimates[2] + found.estimates[3], found.estimates[4])
    a, b = one.estimates[0, 2], two.estimates[0, 2]
    assert table.loc[("indirect path", "total"), "estimate"] == pytest.approx(a * b)
    sa, sb = one.std_errors[0, 2], two.std_errors[0, 2]
    # a standard deviation of 300 samples has an error of one in 24
    expected = np.sqrt((a * sb) ** 2 + (b * sa) ** 2)
    assert table.loc[("indirect path", "total"), "std_error"] == pytest.approx(expected, rel=0.2)
    low, high = table.loc[("indirect path", "total"), ["ci_low", "ci_high"]]
    truth = (0.8 + 0.3) / 0.6 * 0.5 / 0.8
    assert low < truth < high
    assert found.share == pytest.approx(a * b / (a * b + two.estimates[1, 2]))
    assert "of the total effect goes through m" in str(found)


def test_the_same_seed_and_any_number_of_jobs(models, tmp_path):
    first, second, _ = models
    one = mediate(first, second, "x", draws=39, random_state=5)
    two = mediate(first, second, "x", draws=39, random_state=5, n_jobs=2)
    kept = mediate(first, second, "x", draws=39, random_state=5, checkpoint=tmp_path)
    again = mediate(first, second, "x", draws=39, random_state=5, checkpoint=tmp_path)
    for other in (two, kept, again):
        np.testing.assert_array_equal(one.draws, other.draws)


def test_a_cause_that_acts_through_the_mediator_alone(models):
    first, _, data = models
    second = sh.SpatialDurbin(first.result_.operator, effects="two-way").fit_formula("y ~ m", data)
    found = mediate(first, second, "x", draws=39, random_state=1)
    assert (found.estimates[3] == 0).all()
    assert found.share == 1.0


@pytest.fixture(scope="module")
def embedded():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    panel = panel.assign(gap=panel["bed_utilisation_high"] - panel["bed_utilisation_primary"])
    W = sh.SpatialOperator(sh.weights.contiguity(cities))
    truth = sh.datasets.load_truth()
    first = sh.SpatialDurbin(W, effects="two-way", durbin=truth["durbin"]).fit_formula(
        truth["formula"], panel
    )
    second = sh.SLX(W, effects="two-way", durbin=False).fit_formula(
        "gap ~ log(inflow) + digital + log(inflow):digital", panel
    )
    return first, second


def test_the_known_path_of_the_simulated_panel(embedded):
    """A tertiary hospital more moves people, who widen the gap: 9 points where digital is 0, 6 where it is 1."""
    first, second = embedded
    for digital in (0.0, 1.0):
        at = {"digital": digital, "port_developed": 0.0}
        found = mediate(first, second, "log(tertiary)", at=at, draws=199, random_state=1)
        truth = (0.6 - 0.2 * digital + 0.15) / (1 - 0.35) * (9 - 3 * digital)
        row = found.table.set_index(["path", "effect"]).loc[("indirect path", "total")]
        assert row["ci_low"] < truth < row["ci_high"]
        assert row["ci_low"] > 0


def test_moderators_need_values(embedded):
    first, second = embedded
    with refusal(OptionError, "'log(tertiary)' is multiplied with digital, port_developed", "at="):
        mediate(first, second, "log(tertiary)")
    with refusal(OptionError, "'gdp'", "in no interaction"):
        mediate(first, second, "log(tertiary)", at={"digital": 0, "port_developed": 0, "gdp": 1})


def test_bad_input(models):
    first, second, data = models
    with refusal(OptionError, "cause 'z'", "There are: x"):
        mediate(first, second, "z")
    with refusal(OptionError, "mediator 'q'", "There are: m, x"):
        mediate(first, second, "x", "q")
    with refusal(OptionError, "draws=0"):
        mediate(first, second, "x", draws=0)
    with refusal(OptionError, "38 draws have no quantiles", "draws=39 at least"):
        mediate(first, second, "x", draws=38)
    with refusal(OptionError, "'row'", "cell"):
        mediate(first, second, "x", together="row")
    other = sh.SpatialDurbin(
        sh.SpatialOperator((small.ids(64), np.roll(np.eye(64), 1, axis=1))), effects="two-way"
    ).fit_formula("y ~ m + x", data)
    with refusal(AlignmentError, "the same W"):
        mediate(first, other, "x")
    dynamic = sh.SpatialDurbin(first.result_.operator, effects="two-way", dynamic="time").fit_formula(
        "y ~ m + x", data
    )
    with refusal(OptionError, "dynamic"):
        mediate(first, dynamic, "x")
    with pytest.raises(NotFittedError):
        mediate(sh.SpatialDurbin(), second, "x")


def test_models_of_other_periods(models):
    first, _, data = models
    late = data[data.index.get_level_values("year") >= 2]
    second = sh.SpatialDurbin(first.result_.operator, effects="two-way").fit_formula("y ~ m + x", late)
    with refusal(AlignmentError, "different periods", "0, 1 only in that of m", "same rows"):
        mediate(first, second, "x", draws=39)
    with refusal(AlignmentError, "different periods", "0, 1 only in that of y"):
        swapped = sh.SpatialDurbin(first.result_.operator, effects="two-way").fit_formula("m ~ x", late)
        mediate(swapped, models[1], "x", draws=39)


@pytest.mark.parametrize("name", ["m", "x"])
def test_models_of_other_data(models, name):
    first, _, data = models
    other = data.assign(**{name: data[name].where(data.index != ("u03", 5), 7.5)})
    second = sh.SpatialDurbin(first.result_.operator, effects="two-way").fit_formula("y ~ m + x", other)
    with refusal(ComparabilityError, f"'{name}' is not the same", "1 of 512", "and 7.5", "one table"):
        mediate(first, second, "x", draws=39)
