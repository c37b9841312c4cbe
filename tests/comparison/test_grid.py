"""The grid of specifications: each row is the fit it names, and none is left out in silence."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    CheckpointError,
    IsolateWarning,
    OptionError,
    SpecificationWarning,
)
from spatialhealth.operator import operator as operators
from tests import small
from tests.refusal import refusal

FORMULAS = {"short": "y ~ x", "long": "y ~ x + z"}
MODELS = {"SAR": sh.SpatialLag(effects="entity"), "SDM": sh.SpatialDurbin(effects="entity")}


def rings(count, n=12):
    """Weights that differ: neighbours at distance 1 and k on a ring."""
    found = {}
    for k in range(1, count + 1):
        W = sum(np.roll(np.eye(n), shift, axis=1) for shift in (1, -1, k, -k))
        found[f"ring {k}"] = (small.ids(n), sp.csr_matrix(W / W.sum(axis=1, keepdims=True)))
    return found


@pytest.fixture
def built(monkeypatch):
    """The names of the engines that are built."""
    names, real = [], operators.engine

    def engine(spectrum, name):
        names.append(name)
        return real(spectrum, name)

    monkeypatch.setattr(operators, "engine", engine)
    return names


def grid(weights, data, models=MODELS, formulas=FORMULAS, variable="x", **options):
    return sh.specification_grid(models, formulas, data, {"rook": weights}, variable, **options)


def test_each_row_is_the_fit_that_it_names(weights, data):
    both = {"rook": weights} | rings(1)
    found = sh.specification_grid(MODELS, FORMULAS, data, both, "x", level=0.9)
    assert len(found.table) == 8 and found.failures.empty
    for _, row in found.table.iterrows():
        model = type(MODELS[row["model"]])(both[row["weights"]], effects="entity")
        model.fit_formula(FORMULAS[row["formula"]], data)
        effects = model.impacts(level=0.9).table.set_index(["variable", "effect"]).loc["x"]
        for effect in ("direct", "indirect", "total"):
            line = effects.loc[effect]
            figures = row[[effect, f"{effect}_se", f"{effect}_low", f"{effect}_high"]].astype(float)
            np.testing.assert_allclose(
                figures, line[["estimate", "std_error", "ci_low", "ci_high"]].astype(float), rtol=1e-9
            )
        assert row["loglik"] == pytest.approx(model.loglik_, abs=1e-9)
        assert row["aic"] == pytest.approx(model.aic_, abs=1e-9)
        assert row["rho"] == pytest.approx(model.rho_) and np.isnan(row["lambda"])
        assert (row["n"], row["T"], row["observations"], row["isolates"]) == (12, 6, 72, 0)
        assert row["error"] == "" == row["message"] and row["warnings"] == 0 and row["variable"] == "x"
    assert found.table["likelihood"].tolist() == [1] * 8
    assert MODELS["SAR"].weights is None and not MODELS["SAR"].__sklearn_is_fitted__()


def test_the_operator_of_each_w_is_made_once(weights, data, built):
    models = [sh.SpatialLag(), sh.SpatialDurbin(), sh.SpatialError(), sh.SpatialLag(effects="two-way")]
    found = sh.specification_grid(models, "y ~ x", data, rings(6), "x")
    assert len(found.table) == 24 and len(built) == 6
    sh.compare(models, "y ~ x", data, rings(6))
    assert len(built) == 12
    # all subsets that keep the units share it, and those that keep the same units share theirs
    year = data.index.get_level_values("year")
    late, nine = year > 2001, data.index.get_level_values("unit").isin(small.ids(9))
    parts = {"late": late, "early": year < 2004, "nine": small.ids(9), "nine, late": late & nine}
    sh.specification_grid(models, ["y ~ x", "y ~ x + z"], data, {"rook": weights}, "x", parts)
    assert len(built) == 14
    # an engine of a model's own is one more
    grid(weights, data, [sh.SpatialLag(), sh.SpatialLag(logdet="lu"), sh.SpatialDurbin(logdet="lu")])
    assert len(built) == 16


def test_processes_give_the_same_and_wrong_models_are_rows_there_too(weights, data):
    models = MODELS | {"odd": sh.SpatialLag(effects="weekly")}
    with pytest.warns(SpecificationWarning):
        one = grid(weights, data, models)
    with pytest.warns(SpecificationWarning):
        two = grid(weights, data, models, n_jobs=2)
    pd.testing.assert_frame_equal(one.table, two.table, check_exact=True)


def test_subsets_are_rows_with_the_weights_of_the_units_left(weights, data):
    units, W = weights
    year = data.index.get_level_values("year")
    parts = {
        "all": None,
        "late": year > 2001,
        "late by label": pd.Series(year > 2001, data.index).sample(frac=1, random_state=0),
        "nine": small.ids(9),
        "first three": data.index.get_level_values("unit").isin(small.ids(3)).tolist(),
    }
    found = grid(weights, data, {"SAR": sh.SpatialLag()}, "y ~ x", subsets=parts).table.set_index("subset")
    assert found["n"].tolist() == [12, 12, 12, 9, 3] and found["T"].tolist() == [6, 4, 4, 6, 6]
    assert found.loc["late", "loglik"] == found.loc["late by label", "loglik"]
    block = W.toarray()[:9, :9]
    block /= block.sum(axis=1, keepdims=True)
    alone = sh.SpatialLag((units[:9], block)).fit_formula("y ~ x", data.loc[units[:9]])
    assert found.loc["nine", "loglik"] == pytest.approx(alone.loglik_, abs=1e-9)
    assert found["likelihood"].tolist() == [1, 2, 2, 3, 4]
    plain = grid(weights, data, {"SAR": sh.SpatialLag()}, "y ~ x", subsets=parts, restandardise=False)
    rest = sh.SpatialLag((units[:9], W[:9][:, :9])).fit_formula("y ~ x", data.loc[units[:9]])
    kept = plain.table.set_index("subset")["loglik"]
    assert kept["nine"] == pytest.approx(rest.loglik_, abs=1e-9) and kept["all"] == found.loc["all", "loglik"]
    assert "the links left keep their weights" in str(plain)
    assert "In the subsets 'nine', 'first three', W is that among the units left; rows that summed" in str(
        grid(weights, data, {"SAR": sh.SpatialLag()}, "y ~ x", subsets=parts)
    )


def test_weights_of_errors_are_cut_too(weights, data):
    ring = rings(1)["ring 1"]
    model = sh.SpatialCombined(error_weights=ring)
    found = grid(weights, data, [model], "y ~ x", subsets={"nine": small.ids(9)}).table.iloc[0]
    W, M = (matrix.toarray()[:9, :9] for _, matrix in (weights, ring))
    W, M = (block / block.sum(axis=1, keepdims=True) for block in (W, M))
    alone = sh.SpatialCombined((small.ids(9), W), error_weights=(small.ids(9), M))
    alone.fit_formula("y ~ x", data.loc[small.ids(9)])
    assert found["loglik"] == pytest.approx(alone.loglik_, abs=1e-9)
    assert found["lambda"] == pytest.approx(alone.lambda_) and found["lambda_se"] > 0


def test_what_fails_is_a_row_a_warning_and_a_line(weights, data):
    formulas = {"good": "y ~ x", "bad": "y ~ x + nowhere", "twice": "y ~ x + I(2 * x)"}
    scattered = ["u00", "u11"]  # who are no neighbours, so that no W is left
    parts = {"all": None, "holes": np.arange(len(data)) != 4, "scattered": scattered}
    with pytest.warns(SpecificationWarning) as said:
        found = grid(weights, data, {"SAR": sh.SpatialLag()}, formulas, subsets=parts)
    table = found.table.set_index(["subset", "formula"])
    good = table.loc[("all", "good")]
    assert good["error"] == "" and np.isfinite(good["total"])
    assert table.loc[("all", "bad"), "error"] == "FormulaError"
    assert "'nowhere'" in table.loc[("all", "bad"), "message"]
    assert table.loc[("all", "twice"), "error"] == "CollinearityError"
    assert table.loc[("holes", "good"), "error"] == "MissingDataError"
    assert (table.loc["scattered", "error"] != "").all()
    failed = table[table["error"] != ""]
    assert len(failed) == 8 == len(found.failures)
    assert failed[["total", "rho", "loglik", "aic", "n"]].isna().all(axis=None)
    text = str(said[0].message)
    assert text.startswith("8 of 9 specifications failed (") and "CollinearityError" in text
    assert "FAILED: 8 of 9" in str(found) and "FormulaError: The formula" in str(found)
    assert "FAILED" in found._repr_html_() and "8 failed" in repr(found)


def test_programs_that_break_are_rows_too(weights, data, monkeypatch):
    def breaks(*arguments, **options):
        raise ZeroDivisionError("by accident")

    monkeypatch.setattr(sh.SLX, "fit_formula", breaks)
    with pytest.warns(SpecificationWarning, match="1 by ZeroDivisionError"):
        found = grid(weights, data, [sh.SLX(), sh.SpatialLag()], "y ~ x")
    assert found.failures["message"].tolist() == ["by accident"]


def test_warnings_are_counted_and_passed_on_once(data):
    W = small.lattice(3, 4)
    W[0] = 0
    with pytest.warns(IsolateWarning) as said:
        found = sh.specification_grid(MODELS, FORMULAS, data, (small.ids(12), W), "x")
    assert len(said) == 1 and "In all specifications" in str(said[0].message)
    assert found.table["warnings"].tolist() == [1] * 4 and found.table["isolates"].tolist() == [1] * 4


def test_another_variable_without_another_fit(weights, data, built):
    found = grid(weights, data)
    count = len(built)
    other = found.of("z")
    assert len(built) == count and other.table["variable"].eq("z").all()
    assert other.table["total"].isna().tolist() == [True, False, True, False]
    assert "2 have no z" in str(other) and found.variables == ("x", "z")
    with refusal(OptionError, "No specification that was fitted has the regressor 'zz'", "'z'"):
        found.of("zz")


def test_dynamic_models_show_the_short_run(weights, data):
    found = grid(weights, data, [sh.SpatialLag(effects="entity", dynamic="time")], "y ~ x").table.iloc[0]
    model = sh.SpatialLag(weights, effects="entity", dynamic="time").fit_formula("y ~ x", data)
    assert found["total"] == pytest.approx(model.impacts().short_run.estimates[0, 2])


def test_a_larger_grid_goes_on_from_a_smaller_one(weights, data, tmp_path, built):
    small_one = grid(weights, data, checkpoint=tmp_path)
    count = len(built)
    assert grid(weights, data, checkpoint=tmp_path).table.equals(small_one.table) and len(built) == count
    files = len(list(tmp_path.glob("*.task")))
    models = MODELS | {"SEM": sh.SpatialError(effects="entity")}
    larger = grid(weights, data, models, checkpoint=tmp_path).table
    assert len(list(tmp_path.glob("*.task"))) == files + 2
    pd.testing.assert_frame_equal(
        larger[larger["model"] != "SEM"].reset_index(drop=True), small_one.table.reset_index(drop=True)
    )
    with refusal(CheckpointError, "specification_grid: the folder", "differ in data"):
        grid(weights, data.assign(x=data["x"] + 1), checkpoint=tmp_path)
    with refusal(CheckpointError, "differ in the model SAR"):
        grid(weights, data, {"SAR": sh.SpatialLag()}, checkpoint=tmp_path)
    with refusal(CheckpointError, "differ in the formula short"):
        grid(weights, data, formulas={"short": "y ~ x + I(x ** 2)"}, checkpoint=tmp_path)


def test_refusals(weights, data):
    with refusal(
        OptionError, "variable='zx' is no regressor of any formula. Did you mean 'z'? There are: x, z."
    ):
        grid(weights, data, variable="zx")
    with refusal(OptionError, "formulas must be one formula"):
        grid(weights, data, formulas=[])
    with refusal(OptionError, "formulas must be one formula"):
        grid(weights, data, formulas=3)
    with refusal(OptionError, "specification_grid: models is empty"):
        grid(weights, data, [])
    with refusal(OptionError, "a result", "Give the estimator"):
        grid(weights, data, [sh.SpatialLag(weights).fit_formula("y ~ x", data).result_])
    with refusal(OptionError, "weights is empty"):
        sh.specification_grid(MODELS, "y ~ x", data, {}, "x")
    with refusal(OptionError, "subsets must name rows or units"):
        grid(weights, data, subsets=["u00"])
    with refusal(OptionError, "'north' must be a mask of rows, a list of units, or None; it is 'u00'"):
        grid(weights, data, subsets={"north": "u00"})
    with refusal(AlignmentError, "names 1 units that the table has not: 'u99'"):
        grid(weights, data, subsets={"north": ["u00", "u99"]})
    with refusal(AlignmentError, "a mask of 2 rows; the table has 72"):
        grid(weights, data, subsets={"north": [True, False]})
    with refusal(AlignmentError, "a mask of other rows"):
        grid(weights, data, subsets={"north": data["x"].iloc[:9] > 0})
    with refusal(OptionError, "no row of the table is in the subset 'north'"):
        grid(weights, data, subsets={"north": []})
    with refusal(OptionError, "level=2"):
        grid(weights, data, level=2)


def test_it_shows_itself(weights, data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = grid(weights, data)
    text = str(found)
    assert text.startswith("Effects of x in 4 specifications") and "Interval above" in text
    assert "4 of 4" in text and "shares are no p values" in text
    assert repr(found) == "<SpecificationGrid of x: 4 specifications, 0 failed>"
    assert "<table>" in found._repr_html_() and found.to_frame().equals(found.table)
