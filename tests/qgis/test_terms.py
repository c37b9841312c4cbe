"""Formulas of fields: what they read, what they compute, what they refuse."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spatialhealth.errors import DataError, FormulaError
from spatialhealth.panel.formula import design_from_formula
from spatialhealth.qgis.terms import Formula, Product, Term, parse_formula, parse_values, picked


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
        ("y ~ a *", "'' is no term"),
        ("y ~ a ** 2", "'' is no term"),
        ("y ~ (a + b):c", "is no term"),
        ("y ~ a:a", "'a:a' multiplies a term with itself"),
        ("y ~ a * b:a", "'a * b:a' multiplies a term with itself"),
        ("y ~ a:b + c + b:a", "'b:a' more than once"),
        ("y ~ exp(a)", "no function 'exp'"),
        ("y ~ log(a) + log(a)", "more than once"),
        ("y ~ __import__('os')", "is no term"),
    ],
)
def test_refusals(text, words):
    with pytest.raises(FormulaError, match=re.escape(words)):
        parse_formula(text)


@pytest.mark.parametrize(
    "text",
    [
        "y ~ log(a) * b + c",
        "y ~ c * a * b",
        "y ~ b:a + a",
        "y ~ log(`per head`) * `per head` + sqrt(a):log1p(b)",
        "y ~ a:b * c",
        "y ~ a * b + a * c",
    ],
)
def test_products_are_those_of_pythons_formulas(text):
    pd = pytest.importorskip("pandas")
    pytest.importorskip("formulaic")
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.uniform(1, 2, (8, 5)), columns=["y", "a", "b", "c", "per head"])
    found, theirs = parse_formula(text), design_from_formula(text, table).x
    assert [term.name for term in found.regressors] == list(theirs.columns)
    mine = np.column_stack([term.read(lambda field: table[field].to_numpy()) for term in found.regressors])
    np.testing.assert_allclose(mine, theirs, rtol=1e-14)
    assert parse_formula(found.source) == found
    again = design_from_formula(found.source, table).x
    assert list(again.columns) == list(theirs.columns)


def test_products_and_the_fields_they_are_made_of():
    found = parse_formula("y ~ log(a) * `b:c + d` + `e*f`")
    product = Product((Term("a", "log"), Term("b:c + d")))
    assert found.regressors == (Term("a", "log"), Term("b:c + d"), Term("e*f"), product)
    assert found.fields == ("y", "a", "b:c + d", "e*f") and product.fields == ("a", "b:c + d")
    assert picked(found.regressors, ["e*f", "a"], whole=True) == ["log(a)", "e*f"]
    assert picked(found.regressors, ["a"], whole=False) == ["log(a)", product.name]
    with pytest.raises(FormulaError, match="made of the field 'z'"):
        picked(found.regressors, ["a", "z"], whole=True)


def test_values_of_moderators():
    assert parse_values(" digital=0,.5 ; log( `per head` ) = -1e1 ;") == {
        "digital": [0.0, 0.5],
        "log(`per head`)": [-10.0],
    }
    assert parse_values(" ") == {}
    for text in ("digital", "digital = ", "= 1", "digital = 1 2", "digital = a"):
        with pytest.raises(FormulaError, match="gives no values of a moderator"):
            parse_values(text)
    with pytest.raises(FormulaError, match="'a' are given twice"):
        parse_values("a = 1; a = 2")
