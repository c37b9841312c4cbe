"""From a formula and a table to a labelled design."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatialhealth import errors
from spatialhealth.panel import design_from_formula


def test_transformations_interactions_and_categories(data):
    data = data.assign(kind=np.tile(["a", "b", "c"], 24))
    design = design_from_formula("log(y + 9) ~ x + log(z) + x:z + C(kind)", data)
    assert list(design.x.columns) == ["x", "log(z)", "C(kind)[T.b]", "C(kind)[T.c]", "x:z"]
    np.testing.assert_allclose(design.y, np.log(data["y"] + 9))
    np.testing.assert_allclose(design.x["x:z"], data["x"] * data["z"])
    np.testing.assert_allclose(design.x["C(kind)[T.b]"], data["kind"] == "b")
    assert design.y.name == "log(y + 9)"
    assert design.constant
    pd.testing.assert_index_equal(design.x.index, data.index)


def test_a_table_of_another_kind_keeps_its_labels(data):
    geopandas = pytest.importorskip("geopandas")
    design = design_from_formula("y ~ sqrt(x ** 2) + log1p(x ** 2)", geopandas.GeoDataFrame(data))
    pd.testing.assert_index_equal(design.x.index, data.index)
    pd.testing.assert_index_equal(design.y.index, data.index)
    np.testing.assert_allclose(design.x["sqrt(x ** 2)"], data["x"].abs())
    np.testing.assert_allclose(design.x["log1p(x ** 2)"], np.log(1 + data["x"] ** 2))


@pytest.mark.parametrize("formula", ["y ~ x - 1", "y ~ 0 + x", "y ~ x + 0"])
def test_a_formula_can_do_without_a_constant(formula, data):
    design = design_from_formula(formula, data)
    assert not design.constant and list(design.x.columns) == ["x"]


def test_names_of_the_index_can_be_used(data):
    design = design_from_formula("y ~ x + I(year - 2000)", data)
    assert design.x["I(year - 2000)"].tolist() == [0, 1, 2, 3, 4, 5] * 12
    assert "year" not in data.columns


def test_a_column_goes_before_a_level_of_the_same_name(data):
    design = design_from_formula("y ~ year", data.assign(year=1.5 * data["x"]))
    np.testing.assert_allclose(design.x["year"], 1.5 * data["x"])


def test_rows_that_are_missing_are_kept_for_the_checks_to_name(data):
    data.iloc[3, 0] = np.nan
    design = design_from_formula("y ~ x", data)
    assert len(design.x) == len(data) and np.isnan(design.x.iloc[3, 0])


def test_new_data_are_transformed_as_the_old_ones_were(data):
    data = data.assign(kind=np.tile(["a", "b", "c"], 24))
    design = design_from_formula("y ~ scale(x) + C(kind)", data)
    new = data.iloc[6:9].assign(x=data["x"].iloc[6:9] + 1, kind="c")
    made = design.regressors_of(new)
    shift = 1 / data["x"].std()
    np.testing.assert_allclose(made["scale(x)"], design.x["scale(x)"].iloc[6:9] + shift)
    assert made["C(kind)[T.c]"].tolist() == [1, 1, 1] and made["C(kind)[T.b]"].tolist() == [0, 0, 0]
    assert list(made.columns) == list(design.x.columns)


def test_text_that_holds_numbers_must_be_declared_a_category(data):
    data = data.assign(region=np.tile(["1", "2", "3"], 24))
    message = r"'region' is a column of text that holds numbers\. .* write C\(region\)"
    with pytest.raises(errors.NonNumericError, match=message):
        design_from_formula("y ~ x + region", data)
    assert list(design_from_formula("y ~ x + C(region)", data).x.columns) == [
        "x",
        "C(region)[T.2]",
        "C(region)[T.3]",
    ]


def test_text_that_is_a_category_need_not_be_declared(data):
    data = data.assign(region=np.tile(["north", "south", "port"], 24))
    assert list(design_from_formula("y ~ x + region", data).x.columns) == [
        "x",
        "region[T.port]",
        "region[T.south]",
    ]
    chosen = data.assign(region=pd.Categorical(data["region"], ["south", "north", "port"]))
    assert list(design_from_formula("y ~ region", chosen).x.columns) == ["region[T.north]", "region[T.port]"]


def test_the_table_is_left_alone(data):
    before = data.copy()
    design_from_formula("log(y + 9) ~ x + year", data)
    pd.testing.assert_frame_equal(data, before)
