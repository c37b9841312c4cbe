"""What gravity models refuse: separation, groups that cannot be compared, options, unknown cities."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd
import pytest

from spatialhealth import errors
from spatialhealth.attraction import GravityModel
from tests.journeys import dummies, newton, small_flows
from tests.refusal import refusal

pytest.importorskip("pyfixest", reason="the extra 'flows'")


@pytest.fixture
def od():
    return small_flows(9)


def silent(od, side, *cities):
    return od.assign(trips=od["trips"].where(~od[side].isin(cities), 0))


@pytest.mark.parametrize(("side", "verb"), [("origin", "send"), ("destination", "receive")])
def test_cities_without_flows_are_refused_or_left_out_and_named(od, side, verb):
    bare = silent(od, side, "c03")
    with refusal(errors.SeparationError, f"{verb} nothing: 'c03'", "leave out"):
        GravityModel().fit(bare)
    model = GravityModel(separated="leave out").fit(bare)
    rest = bare[bare[side] != "c03"]
    beta, _ = newton(
        dummies(rest, np.log(rest[["distance"]].to_numpy())), rest["trips"].to_numpy(dtype=float)
    )
    np.testing.assert_allclose(model.params_, beta[:1], rtol=1e-8)
    assert "'c03'" in str(model.summary())
    shown = model.attraction_ if side == "destination" else model.push_
    assert "c03" not in shown.index


def test_zero_flows_are_data_without_effects(od):
    bare = silent(od, "destination", "c03")
    model = GravityModel(effects="origin").fit(bare)
    assert len(model.fitted_values_) == len(od)


def test_zeros_that_separate_groups_are_refused(od):
    """Nothing flows from the first group to the second: effects may grow apart without bound."""
    first = ["c00", "c01", "c02", "c03"]
    apart = od["origin"].isin(first) & ~od["destination"].isin(first)
    one_way = od.assign(trips=np.where(apart, 0, od["trips"] + 1))
    back = od["destination"].isin(first) & ~od["origin"].isin(first)
    with refusal(errors.SeparationError, "Zero flows separate", "'c00'"):
        GravityModel().fit(one_way[~back])
    with refusal(errors.IdentificationError, "cannot be compared", "'c00'"):
        GravityModel().fit(one_way[~back & ~apart])
    # zeros both ways hold the effects together
    both = one_way.assign(trips=np.where(back, 0, one_way["trips"]))
    beta, _ = newton(
        dummies(both, np.log(both[["distance"]].to_numpy())), both["trips"].to_numpy(dtype=float)
    )
    np.testing.assert_allclose(GravityModel().fit(both).params_, beta[:1], rtol=1e-6)


def test_a_column_that_separates_is_refused():
    od = small_flows(9, mean=5.0)
    apart = (od["trips"] == 0) & (np.arange(len(od)) % 2 == 0)
    assert apart.sum() > 2
    with refusal(errors.SeparationError, "no finite estimate", "'odd'"):
        GravityModel(regressors=["odd"]).fit(od.assign(odd=apart.astype(float)))


def test_collinear_columns(od):
    twice = od.assign(again=2 * np.log(od["distance"]) + 3)
    with refusal(errors.CollinearityError, "'again'"):
        GravityModel(regressors=["again"]).fit(twice)
    size = dict(zip(sorted(od["origin"].unique()), range(9), strict=True))
    with refusal(errors.CollinearityError, "'size'"):
        GravityModel(regressors=["size"]).fit(od.assign(size=od["origin"].map(size).astype(float)))


@pytest.mark.parametrize("effects", ["both", "none"])
def test_costs_that_do_not_vary(od, effects):
    with refusal(errors.CollinearityError, "'log(distance)'", "do not vary"):
        GravityModel(effects=effects).fit(od.assign(distance=5.0))


@pytest.mark.parametrize("wrong", [{}, {"effects": "none"}, {"separated": "leave out"}])
def test_no_flows_at_all(od, wrong):
    with refusal(errors.FlowError, "None of the flows is positive"):
        GravityModel(**wrong).fit(od.assign(trips=0))


def test_too_few_pairs(od):
    with refusal(errors.IdentificationError, "6 pairs cannot tell 6 parameters"):
        GravityModel().fit(small_flows(3))
    single = od[(od["destination"] != "c00") | (od["origin"] == "c01")].assign(trips=lambda t: t["trips"] + 1)
    with refusal(errors.IdentificationError, "('c01', 'c00')", "fitted exactly", "poisson"):
        GravityModel().fit(single)
    assert GravityModel(cov_type="poisson").fit(single).attraction_.loc["c00", "std_error"] > 0


def test_costs(od):
    with refusal(errors.CostError, "'distance'", "('c00', 'c01')", "exponential"):
        GravityModel().fit(od.assign(distance=np.where(od.index == 0, 0, od["distance"])))
    with refusal(errors.NonFiniteError, "'distance'"):
        GravityModel().fit(od.assign(distance=np.where(od.index == 0, np.inf, od["distance"])))
    with refusal(errors.MissingDataError, "'distance'"):
        GravityModel().fit(od.assign(distance=np.where(od.index == 0, np.nan, od["distance"])))
    with refusal(errors.OptionError, "'distance'", "Did you mean"):
        GravityModel().fit(od.rename(columns={"distance": "distances"}))


def test_options(od):
    for wrong in (
        {"effects": "all"},
        {"cov_type": "hc3"},
        {"cluster": "city"},
        {"separated": "drop"},
        {"deterrence": "tanh"},
    ):
        with refusal(errors.OptionError, "is not an option"):
            GravityModel(**wrong).fit(od)
    with refusal(errors.OptionError, "names nothing"):
        GravityModel(deterrence=[]).fit(od)
    with refusal(errors.OptionError, "named twice", "'border'"):
        GravityModel(regressors=["border", "border"]).fit(od)
    with refusal(errors.OptionError, "names of columns"):
        GravityModel(regressors=[1]).fit(od)


def test_variables_of_cities(od):
    cities = pd.DataFrame({"beds": np.arange(1.0, 10)}, index=sorted(od["origin"].unique()))
    with refusal(errors.AbsorbedRegressorError, "pull='beds'", "effects='origin'"):
        GravityModel(pull="beds").fit(od, cities)
    with refusal(errors.AbsorbedRegressorError, "push='beds'", "effects='none'"):
        GravityModel(push="beds", effects="origin").fit(od, cities)
    model = GravityModel(pull="log(beds)", effects="origin")
    with refusal(errors.OptionError, "table of cities"):
        model.fit(od)
    with refusal(errors.AlignmentError, "'c00'"):
        model.fit(od, cities[1:])
    with refusal(errors.MissingDataError, "'log(beds)'", "'c02'"):
        model.fit(od, cities.assign(beds=[1, 2, np.nan, 4, 5, 6, 7, 8, 9]))
    with refusal(errors.NonFiniteError, "'log(beds)'", "'c02'"):
        model.fit(od, cities.assign(beds=[1, 2, 0, 4, 5, 6, 7, 8, 9]))
    with refusal(errors.OptionError, "more than once", "'c00'"):
        model.fit(od, pd.concat([cities, cities[:1]]))
    with refusal(errors.FormulaError, "'bed'", "'beds'"):
        GravityModel(pull="bed", effects="origin").fit(od, cities)


def test_before_a_fit_and_without_effects(od):
    with refusal(errors.NotFittedError, "Call fit first"):
        GravityModel().params_  # noqa: B018
    with refusal(errors.NotFittedError, "Call fit first"):
        GravityModel().predict()
    with refusal(errors.NotFittedError, "effects='origin'"):
        GravityModel(effects="origin").fit(od).attraction_  # noqa: B018


def test_predictions_of_unknown_cities(od):
    model = GravityModel().fit(od)
    with refusal(errors.PredictionError, "as origin", "'elsewhere'"):
        model.predict(od.replace({"origin": {"c00": "elsewhere"}}))


def test_without_pyfixest(od, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyfixest", None)
    with refusal(errors.MissingLibraryError, 'pip install "spatialhealth[flows]"'):
        GravityModel().fit(od)
