"""Tests on models that are dynamic, lack outcomes or have holes: the right sample, or a refusal that says why."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import OptionError
from tests import small

W = small.lattice(4, 4)
IDS = small.ids(16)
Y, X = small.arrays(W, 6)


def fit(estimator, y=Y, x=X, weights=W, **options):
    return estimator((IDS, weights), **options).fit_arrays(y, x)


def with_holes():
    y = Y.copy()
    y[1, 3] = y[2, 5] = np.nan
    return y


TESTS = [sh.diagnostics.moran, sh.diagnostics.lm, sh.diagnostics.heteroskedasticity, sh.diagnostics.normality]


@pytest.mark.parametrize("test", [TESTS[0], TESTS[2], TESTS[3]])
@pytest.mark.parametrize("effects", ["entity", "time", "two-way"])
def test_effects_in_a_panel_with_holes(test, effects):
    with pytest.raises(OptionError, match="needs a panel without holes and with one W"):
        test(fit(sh.SLX, effects=effects, missing="unbalanced", correction="none"))


@pytest.mark.parametrize("name", ["SpatialError", "SLX", "OLS"])
def test_no_static_model_is_enough_for_a_dynamic_one(name):
    model = fit(sh.SpatialDurbin, effects="entity", dynamic="both")
    with pytest.raises(
        OptionError, match=r"which keeps the outcome of the period before|is dynamic, and a spatial error"
    ):
        sh.diagnostics.wald(model, name)


def test_outcomes_filled_in_by_each_model_are_no_difference_of_data():
    y = with_holes()
    lag, durbin = (fit(each, y, missing="likelihood") for each in (sh.SpatialLag, sh.SpatialDurbin))
    assert sh.diagnostics.lr(lag, durbin).df == X.shape[2]
    table = sh.compare({"lag": lag, "durbin": durbin})
    assert table.table.loc["AIC"].notna().all() if "AIC" in table.table.index else "AIC" in str(table)
    with pytest.raises(OptionError, match="fitted to different data"):
        sh.diagnostics.lr(lag, fit(sh.SpatialDurbin))


def test_hausman_needs_the_same_regressors_and_weights_of_the_errors():
    entity, random = (fit(sh.SpatialLag, effects=effects) for effects in ("entity", "random"))
    other = fit(sh.SpatialLag, x=2 * X, effects="random")
    assert sh.diagnostics.hausman(entity, random)
    with pytest.raises(OptionError, match="has other values in the one model"):
        sh.diagnostics.hausman(entity, other)
    own = fit(sh.SpatialCombined, effects="entity", error_weights=(IDS, W @ W - np.diag(np.diag(W @ W))))
    with pytest.raises(OptionError, match="same weights of the errors"):
        sh.diagnostics.hausman(own, fit(sh.SpatialCombined, effects="random"))
