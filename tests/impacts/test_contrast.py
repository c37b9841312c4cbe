"""Contrasts between effects."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import FormulaError
from spatialhealth.impacts.contrast import parse_contrast
from tests.impacts.test_effects import fit

NAMES = ["log(a)", "log(a / b)", "a:b", "C(region)[T.x-y]", "b"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("log(a) - b", [1, 0, 0, 0, -1]),
        ("log(a/b) + 2*b", [0, 1, 0, 0, 2]),
        ("- b + 0.5 * a:b", [0, 0, 0.5, 0, -1]),
        ("C(region)[T.x-y] - 1e-1*log(a)", [-0.1, 0, 0, 1, 0]),
        ("b - b", [0, 0, 0, 0, 0]),
        ("b", [0, 0, 0, 0, 1]),
    ],
)
def test_expressions(expression, expected):
    np.testing.assert_allclose(parse_contrast(expression, NAMES), expected)


@pytest.mark.parametrize(
    "expression", ["", "log(c) - b", "log(a) b", "log(a) -", "2 b", "log(a) - bb", "b * 2", None, 3]
)
def test_what_cannot_be_read_names_the_regressors(expression):
    with pytest.raises(FormulaError, match="The regressors are: log"):
        parse_contrast(expression, NAMES)


@pytest.mark.parametrize("method", ["delta", "simulate"])
def test_contrast_uses_the_covariance_between_effects(method):
    effects = fit("SDM", "queen").impacts(method=method, random_state=0)
    table = effects.contrast("INC - 2 * HOVAL")
    assert list(table) == list(effects.table)
    np.testing.assert_allclose(table["estimate"], effects.estimates[0] - 2 * effects.estimates[1])
    for e in range(3):
        cov = effects.covariance[np.ix_([e, 3 + e], [e, 3 + e])]
        expected = np.sqrt(cov[0, 0] + 4 * cov[1, 1] - 4 * cov[0, 1])
        assert table["std_error"][e] == pytest.approx(expected, rel=1e-10)
        independent = np.sqrt(cov[0, 0] + 4 * cov[1, 1])
        assert abs(expected / independent - 1) > 0.01  # leaving the covariance out would show


def test_contrast_of_draws_takes_their_quantiles():
    effects = fit("SDM", "queen").impacts(method="simulate", draws=500, random_state=0, level=0.8)
    differences = effects.draws[:, 0, 2] - effects.draws[:, 1, 2]
    row = effects.contrast("INC - HOVAL").iloc[2]
    np.testing.assert_allclose([row["ci_low"], row["ci_high"]], np.quantile(differences, [0.1, 0.9]))
