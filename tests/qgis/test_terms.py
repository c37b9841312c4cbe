"""Formulas of fields: what they read, what they compute, what they refuse."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import DataError, FormulaError
from spatialhealth.qgis.terms import Formula, Term, parse_formula


def test_a_formula_and_how_python_reads_it():
    found = parse_formula(" log(inflow)~ log( beds ) +gdp + `per head` + sqrt(`a b`)")
    regressors = (Term("beds", "log"), Term("gdp"), Term("per head"), Term("a b", "sqrt"))
    assert found == Formula(Term("inflow", "log"), regressors)
    assert found.source == "log(inflow) ~ log(beds) + gdp + `per head` + sqrt(`a b`)"
    assert found.fields == ("inflow", "beds", "gdp", "per head", "a b")
    assert parse_formula(found.source) == found


def test_functions():
    values = np.array([1.0, 4.0, np.nan])
    np.testing.assert_array_equal(Term("x", "sqrt").of(values), [1, 2, np.nan])
    np.testing.assert_allclose(Term("x", "log").of(values), np.log(values))
    np.testing.assert_allclose(Term("x", "log1p").of(np.array([0.0, 1.0])), [0, np.log(2)])
    np.testing.assert_array_equal(Term("x", "sqrt").of(np.array([0.0])), [0])
    for function, bad in (("log", 0.0), ("log1p", -1.0), ("sqrt", -0.5)):
        with pytest.raises(DataError, match="does not exist for 1 features"):
            Term("x", function).of(np.array([5.0, bad]))


@pytest.mark.parametrize(
    "text, words",
    [
        ("y", "needs one '~'"),
        ("y ~ a ~ b", "needs one '~'"),
        ("y ~ a +", "'' is no term"),
        ("y ~ log(a", "is no term"),
        ("y ~ a)", "is no term"),
        ("y ~ a * b", "is no term"),
        ("y ~ exp(a)", "no function 'exp'"),
        ("y ~ log(a) + log(a)", "more than once"),
        ("y ~ __import__('os')", "is no term"),
    ],
)
def test_refusals(text, words):
    with pytest.raises(FormulaError, match=words.replace("(", r"\(")):
        parse_formula(text)
