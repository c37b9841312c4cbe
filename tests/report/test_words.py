"""What the page says in words."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.report.fitting import Fit
from spatialhealth.report.words import _periods, effect_words, shared, warnings_by_text, weights_facts


@pytest.mark.parametrize(
    ("periods", "expected"),
    [
        ([2011], "1 (2011)"),
        ([2011, 2012, 2013], "3 (2011 to 2013)"),
        ([2011, 2012, 2014, 2015, 2017], "5 (2011 to 2017, without 2013, 2016)"),
        ([2000, 2005, 2010], "3 (2000 to 2010)"),
        (["a", "b"], "2 (a to b)"),
    ],
)
def test_periods_that_are_left_out_are_named(periods, expected):
    assert _periods(np.array(periods)) == expected


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        (("log(price / cpi)", "log(ndi / cpi)"), []),
        (("a", "b", "a:b"), ["a", "b", "a:b"]),
        (("log(a)", "b", "log(a):b", "c"), ["log(a)", "b", "log(a):b"]),
        (("a", "I(a ** 2)", "b"), ["a", "I(a ** 2)"]),
        (("a:b", "c"), []),
    ],
)
def test_regressors_in_a_product_or_a_power_are_read_together(variables, expected):
    assert shared(variables) == expected


def fitted(formula):
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(sh.weights.contiguity(cities), effects="two-way").fit_formula(formula, panel)
    return Fit("Main model", "", None, model, model.impacts(), ("same", "own"))


def test_an_interaction_is_not_read_as_an_effect_of_its_own():
    said = effect_words(fitted("log(inflow) ~ log(tertiary) * digital + log(gdp)"))
    assert len(said) == 2
    assert said[0].startswith("1 % more gdp in every unit goes with")
    assert "'log(tertiary)', 'digital', 'log(tertiary):digital' are made of the same quantities" in said[1]


def test_a_model_without_indirect_effects_is_not_said_to_have_estimated_them():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialError(sh.weights.contiguity(cities), effects="two-way")
    model = model.fit_formula("log(inflow) ~ log(gdp) + digital", panel)
    logs, plain = effect_words(Fit("Main model", "", None, model, model.impacts(), ()))
    assert "in the average unit: all from its own gdp, as this model has no indirect effects. The" in logs
    assert (
        "in the average unit: all from its own, as this model has no indirect effects. The interval" in plain
    )


def test_rows_of_isolates_do_not_sum_to_one():
    W = np.zeros((4, 4))
    W[0, 1] = W[1, 0] = 1.0
    rng = np.random.default_rng(0)
    with pytest.warns(sh.errors.IsolateWarning):
        model = sh.SpatialLag((np.arange(4), W)).fit_arrays(
            rng.normal(size=(30, 4)), rng.normal(size=(30, 4, 1))
        )
    facts = weights_facts(Fit("", "", None, model, model.impacts(), ()), {"kind": "contiguity"})
    assert facts["Rows"] == "sum to one, those of units without neighbours are zero"


def test_a_warning_is_said_once_with_the_models_it_is_about():
    one, two = fitted("log(inflow) ~ log(gdp)"), fitted("log(inflow) ~ log(gdp)")
    assert warnings_by_text([one, two]) == {
        "same": ["Main model", "Main model"],
        "own": ["Main model", "Main model"],
    }


def test_a_label_for_what_is_not_mapped_is_refused(tmp_path):
    study = {
        "title": "Labels",
        "data": {"dataset": "hospital_panel"},
        "weights": {"kind": "contiguity"},
        "model": {"estimator": "SLX", "formula": "log(inflow) ~ log(tertiary)", "effects": "two-way"},
        "maps": {"columns": ["tertiary"], "labels": {"tertairy": "Hospitals"}},
    }
    with pytest.raises(sh.errors.StudyError, match=r"maps\.labels\.tertairy: is not mapped. What is: log"):
        sh.Study(study).run(tmp_path)
