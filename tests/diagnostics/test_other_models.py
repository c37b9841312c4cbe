"""Tests between models of other kinds or data: every restriction counted, or a refusal that says why."""

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


@pytest.mark.parametrize("name", ["SpatialError", "SLX", "OLS"])
def test_no_static_model_is_enough_for_a_dynamic_one(name):
    model = fit(sh.SpatialDurbin, effects="entity", dynamic="both")
    with pytest.raises(OptionError, match="which keeps the outcome of the period before"):
        sh.diagnostics.wald(model, name)


def test_the_past_is_a_restriction_beside_a_common_factor():
    # the periods of both are numbered from zero, those of the dynamic model from one
    static = sh.SpatialError((IDS, W)).fit_arrays(Y[1:], X[1:], periods=range(1, 6))
    found = sh.diagnostics.lr(static, fit(sh.SpatialDurbin, dynamic="both"))
    assert found.df == X.shape[2] + 2


def test_hausman_needs_the_same_regressors_and_weights_of_the_errors():
    entity, random = (fit(sh.SpatialLag, effects=effects) for effects in ("entity", "random"))
    other = fit(sh.SpatialLag, x=2 * X, effects="random")
    assert sh.diagnostics.hausman(entity, random)
    with pytest.raises(OptionError, match="has other values in the one model"):
        sh.diagnostics.hausman(entity, other)
    own = fit(sh.SpatialCombined, effects="entity", error_weights=(IDS, W @ W - np.diag(np.diag(W @ W))))
    with pytest.raises(OptionError, match="same weights of the errors"):
        sh.diagnostics.hausman(own, fit(sh.SpatialCombined, effects="random"))
