"""Gravity models of arrays: the numbers of the tables, without pyfixest, and what is refused."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

import spatialhealth as sh
from spatialhealth import errors
from spatialhealth.attraction import GravityModel
from spatialhealth.attraction.gravity_design import without_empty
from spatialhealth.attraction.od import flow_arrays
from tests.journeys import dummies, small_flows
from tests.refusal import refusal

pytest.importorskip("pyfixest", reason="the extra 'flows'")

EFFECTS = ("both", "origin", "destination", "none")
KINDS = ("poisson", "robust", "origin", "destination", "two-way", "pair")


def arrays(od, model):
    columns = {name: od[name].to_numpy() for name in model._check().needed}
    return od["origin"].to_numpy(), od["destination"].to_numpy(), od["trips"].to_numpy(), columns


def fit_arrays(model, od):
    return model.fit_arrays(*arrays(od, model))


def same(mine, theirs, tolerance=1e-8):
    np.testing.assert_allclose(mine.params, theirs.params, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(mine.std_errors, theirs.std_errors, rtol=tolerance)
    assert mine.effects.keys() == theirs.effects.keys()
    for side, effects in mine.effects.items():
        other = theirs.effects[side]
        assert effects.cities.tolist() == other.cities.tolist()
        np.testing.assert_allclose(effects.estimates, other.estimates, rtol=tolerance, atol=tolerance)
        np.testing.assert_allclose(effects.std_errors, other.std_errors, rtol=tolerance)
    np.testing.assert_allclose(mine.mu, theirs.mu, rtol=10 * tolerance)
    assert mine.loglik == pytest.approx(theirs.loglik, rel=1e-10)
    assert ({"Data": "simulated", **mine.facts}, mine.cov_words) == (
        {"Data": "simulated", **theirs.facts},
        theirs.cov_words,
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("effects", EFFECTS)
def test_every_kind_of_effect_and_of_error(effects, kind):
    od = small_flows(14)
    how = {"cov_type": kind} if kind in ("poisson", "robust") else {"cov_type": "cluster", "cluster": kind}
    model = GravityModel(regressors=["border"], effects=effects, **how)
    same(fit_arrays(model, od).result_, model.fit(od).result_)


def test_the_embedded_flows(monkeypatch):
    od = sh.datasets.load_flows()
    model = GravityModel(cov_type="cluster", cluster="two-way")
    theirs = model.fit(od).result_
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    same(fit_arrays(model, od).result_, theirs)
    assert abs(theirs.params[0] + 1.1) < 0.05


def is_separated(od, x, effects):
    """Whether parameters can move so that expected zeros fall and no positive flow changes: a linear programme."""
    z, zero = dummies(od, x, effects), (od["trips"] == 0).to_numpy()
    found = linprog(
        z[zero].sum(axis=0), A_ub=z[zero], b_ub=np.zeros(zero.sum()), A_eq=z[~zero], b_eq=np.zeros((~zero).sum()),
        bounds=[(-1, 1)] * z.shape[1],
    )  # fmt: skip
    return found.fun < -1e-7


@pytest.mark.parametrize("seed", range(40))
def test_small_tables_of_many_zeros_and_odd_scales(seed):
    rng = np.random.default_rng(seed)
    n, mean, scale = int(rng.integers(5, 12)), rng.choice([0.4, 2.0, 50.0, 1e5]), rng.choice([1e-7, 1.0, 1e7])
    effects, deterrence = EFFECTS[rng.integers(4)], ("power", "exponential")[rng.integers(2)]
    od = small_flows(n, seed, mean)
    od["speed"] = (1e4 if scale == 1 else 0) + scale * rng.normal(size=len(od))
    how = {"cov_type": "cluster"} if rng.integers(2) else {"cov_type": "poisson"}
    model = GravityModel(
        regressors=["border", "speed"], effects=effects, deterrence=deterrence, separated="leave out", **how
    )
    try:
        mine = fit_arrays(model, od).result_
    except errors.SeparationError as refused:
        if "no finite estimate. Leave out the column" in str(refused):
            columns, empty = model._check(), [effects in ("both", side) for side in ("origin", "destination")]
            table = without_empty(flow_arrays(*arrays(od, model)), *empty)[0]
            x = columns.of(table)
            assert is_separated(table.to_frame(), (x - x.mean(axis=0)) / x.std(axis=0), effects)
            return
        with refusal(errors.SeparationError):
            model.fit(od)
    except errors.DataError as refused:
        with pytest.raises(type(refused)):
            model.fit(od)
    else:
        same(mine, model.fit(od).result_)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31 - 1))
def test_neither_order_nor_names_matter(seed):
    od, rng = small_flows(8), np.random.default_rng(seed)
    names = dict(zip(sorted(od["origin"].unique()), rng.permutation(8).tolist(), strict=True))
    other = od.replace({"origin": names, "destination": names}).sample(frac=1, random_state=seed)
    model = GravityModel()
    first, second = fit_arrays(model, od).result_, fit_arrays(model, other).result_
    np.testing.assert_allclose(first.params, second.params, rtol=1e-10)
    found = dict(
        zip(second.effects["destination"].cities, second.effects["destination"].estimates, strict=True)
    )
    here = first.effects["destination"]
    np.testing.assert_allclose(here.estimates, [found[names[city]] for city in here.cities], atol=1e-9)


def test_a_column_that_separates_is_refused():
    od = small_flows(9, mean=5.0)
    apart = (od["trips"] == 0) & (np.arange(len(od)) % 2 == 0)
    od = od.assign(odd=apart.astype(float), mixed=np.where(apart, -3.0, 0.0) + od["border"])
    for names in (["odd"], ["border", "mixed"]):
        for effects in EFFECTS:
            with refusal(
                errors.SeparationError, f"{apart.sum()} pairs", "no finite estimate", repr(names[-1])
            ):
                fit_arrays(GravityModel(regressors=names, effects=effects), od)
    # one flow among these pairs bounds the coefficient
    od.loc[np.flatnonzero(apart)[0], "trips"] = 1
    model = GravityModel(regressors=["odd"], cov_type="poisson")
    same(fit_arrays(model, od).result_, model.fit(od).result_)


@pytest.mark.parametrize("effects", EFFECTS)
def test_columns_that_go_together(effects):
    od = small_flows(9)
    twice = od.assign(again=2 * np.log(od["distance"]) + 3, still=4.0)
    with refusal(errors.CollinearityError, "'log(distance)', 'again'"):
        fit_arrays(GravityModel(regressors=["border", "again"], effects=effects), twice)
    with refusal(errors.CollinearityError, "columns 'still' are"):
        fit_arrays(GravityModel(regressors=["border", "still"], effects=effects), twice)
    if effects != "none":
        size = dict(zip(sorted(od["origin"].unique()), range(9), strict=True))
        side = "destination" if effects == "both" else effects
        with refusal(errors.CollinearityError, "columns 'size' are", effects):
            sized = od.assign(size=od[side].map(size).astype(float))
            fit_arrays(GravityModel(regressors=["size"], effects=effects), sized)


def test_what_else_is_refused():
    od = small_flows(6)
    model = GravityModel()
    origin, destination, flows, columns = arrays(od, model)
    with refusal(errors.SeparationError, "receive nothing: 'c03'", "leave out"):
        model.fit_arrays(origin, destination, np.where(destination == "c03", 0, flows), columns)
    with refusal(errors.MissingDataError, "'origin' is missing in 1 rows: 0"):
        model.fit_arrays([None, *origin[1:]], destination, flows, columns)
    with refusal(errors.MissingDataError, "'trips' is missing for 1 pairs: ('c00', 'c02')"):
        model.fit_arrays(origin, destination, np.where(np.arange(30) == 1, np.nan, flows), columns)
    with refusal(errors.NonFiniteError, "'distance' is infinite for 30 pairs"):
        model.fit_arrays(origin, destination, flows, {"distance": np.full(30, np.inf)})
    with refusal(errors.FlowError, "'trips' is negative for 30 pairs"):
        model.fit_arrays(origin, destination, -1 - flows, columns)
    with refusal(errors.DuplicateError, "stand more than once: ('c00', 'c01')"):
        model.fit_arrays(origin, ["c01", "c01", *destination[2:]], flows, columns)
    with refusal(errors.ShapeError, "'destination' has 29 values for 30 pairs"):
        model.fit_arrays(origin, destination[1:], flows, columns)
    with refusal(errors.ShapeError, "'distance' has 3 values"):
        model.fit_arrays(origin, destination, flows, {"distance": np.ones(3)})
    with refusal(errors.NonNumericError, "'trips' must hold numbers"):
        model.fit_arrays(origin, destination, np.full(30, "many"), columns)
    with refusal(errors.OptionError, "no column 'distance'"):
        model.fit_arrays(origin, destination, flows, {})
    with refusal(errors.CostError, "'distance' is zero or negative for 30 pairs", "exponential"):
        model.fit_arrays(origin, destination, flows, {"distance": np.zeros(30)})
    with refusal(errors.FlowError, "no flows"):
        model.fit_arrays([], [], [], {"distance": []})
    with refusal(errors.OptionError, "push and pull need tables"):
        GravityModel(push="gdp", effects="destination").fit_arrays(origin, destination, flows, columns)
