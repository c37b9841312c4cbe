"""Every public result gives its numbers as a table."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from spatialhealth import models as estimators
from spatialhealth.errors import NotFittedError, OptionError
from tests import small

COLUMNS = ["estimate", "std_error", "z", "p_value", "ci_low", "ci_high"]
NAMES = [
    name for name in estimators.__all__ if issubclass(getattr(estimators, name), estimators.base.SpatialModel)
]


@pytest.mark.parametrize("name", NAMES)
def test_estimators_results_and_summaries_give_the_same_table(name):
    W, data = small.panel(4, 5, seed=3)
    model = getattr(estimators, name)(weights=W, effects="entity")
    with pytest.raises(NotFittedError):
        model.to_frame()
    model.fit_formula("y ~ x + z", data)
    frame = model.to_frame(level=0.9)
    assert frame.columns.tolist() == COLUMNS and frame.index.tolist() == list(model.result_.param_names)
    assert frame["estimate"].tolist() == model.params_.tolist()
    assert frame["std_error"].tolist() == model.std_errors_.tolist()
    half = 1.6448536269514722 * frame["std_error"]
    np.testing.assert_allclose(frame["ci_high"], frame["estimate"] + half, rtol=1e-12)
    pd.testing.assert_frame_equal(frame, model.result_.to_frame(level=0.9))
    pd.testing.assert_frame_equal(frame, model.summary(level=0.9).to_frame())
    with pytest.raises(OptionError, match="strictly between 0 and 1"):
        model.to_frame(level=90)
    effects = model.impacts()
    pd.testing.assert_frame_equal(effects.to_frame(), effects.table)
