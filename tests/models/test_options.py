"""Every combination of options of every estimator: fitted, or refused in words."""

from __future__ import annotations

import itertools
import re
import warnings
from pathlib import Path

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth._typing import Correction, CovType, Dynamic, Effects
from spatialhealth.errors import OptionError, SpatialHealthWarning
from tests import small

PAGE = Path(__file__).parents[2] / "docs" / "options.md"
EFFECTS, CORRECTIONS, COVARIANCES, DYNAMIC = (
    literal.__args__ for literal in (Effects, Correction, CovType, Dynamic)
)
PLAIN = ("SLX",)
LAGS = ("SpatialLag", "SpatialDurbin")
ERRORS = ("SpatialError", "SpatialDurbinError")
BOTH = ("SpatialCombined", "GeneralNesting")
ESTIMATORS = (*PLAIN, *LAGS, *ERRORS, *BOTH)
# in the order in which they are refused: which combinations, and the words of the reason
HOLES, RANDOM, TIME, MIXED, SUMS, EXPECTED, TIED, BALTAGI, WHOLE = (
    "effects='random' do not exist where the panel has holes",
    "dynamic models have no random effects here",
    "takes the same constant out of every period",
    "what dummy variables add to the score of rho then depends on lambda too",
    "its sums over units or periods need a panel without holes",
    "the expectation of the adjusted score's derivative has no closed form here",
    "a unit's random effect ties its periods together",
    "effects and errors mix over space in different ways",
    "a dynamic model needs every unit's outcome in every period",
)


def refusal(estimator, effects, correction, cov_type, dynamic=None, holes=False):
    """The words in which a combination is refused, or None if it is fitted."""
    if dynamic and effects == "random":
        return RANDOM
    if dynamic and holes:
        return WHOLE
    if holes:
        return refusal_with_holes(estimator, effects, correction, cov_type)
    if effects == "random" and cov_type in ("robust", "driscoll-kraay"):
        return TIED
    if effects == "random" and cov_type == "cluster" and estimator in (*ERRORS, *BOTH):
        return BALTAGI
    return None


def refusal_with_holes(estimator, effects, correction, cov_type):
    if effects == "random":
        return HOLES
    if correction == "lee-yu" and estimator not in PLAIN:
        if effects in ("time", "two-way"):
            return TIME
        if effects == "entity" and estimator in BOTH:
            return MIXED
        if effects == "entity" and cov_type == "expected":
            return EXPECTED
    return SUMS if cov_type in ("cluster", "driscoll-kraay") else None


@pytest.fixture(scope="module")
def data():
    W = small.lattice(4, 5)
    return (np.arange(20), W), *small.arrays(W, 8, seed=1)


def check(data, estimator, options, expected):
    weights, Y, X = data
    if options.get("missing"):
        Y = Y.copy()
        Y[2, 3] = Y[4, 7] = np.nan
    model = getattr(sh, estimator)(weights, **options)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SpatialHealthWarning)
        if expected is not None:
            with pytest.raises(OptionError, match=re.escape(expected)) as caught:
                model.fit_arrays(Y, X)
            assert "Use" in str(caught.value) or "Complete" in str(caught.value)  # what to do
            return
        result = model.fit_arrays(Y, X).result_
    assert np.isfinite(result.params).all()
    assert (result.std_errors > 0).all() and np.isfinite(result.std_errors).all()
    assert np.isfinite(model.impacts().std_errors).all()
    assert result.cov_type == options["cov_type"] and result.effects == options["effects"]


@pytest.mark.parametrize("holes", [False, True], ids=["whole", "holes"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_effects_correction_and_covariance(data, estimator, holes):
    for effects, correction, cov_type in itertools.product(EFFECTS, CORRECTIONS, COVARIANCES):
        options = {"effects": effects, "correction": correction, "cov_type": cov_type}
        more = {"missing": "unbalanced"} if holes else {}
        expected = refusal(estimator, effects, correction, cov_type, holes=holes)
        check(data, estimator, options | more, expected)


@pytest.mark.parametrize("dynamic", DYNAMIC)
@pytest.mark.parametrize("estimator", LAGS)
def test_dynamic_models(data, estimator, dynamic):
    for effects, correction, cov_type in itertools.product(EFFECTS, CORRECTIONS, COVARIANCES):
        options = {"effects": effects, "correction": correction, "cov_type": cov_type, "dynamic": dynamic}
        check(data, estimator, options, refusal(estimator, effects, correction, cov_type, dynamic))
    holes = {"effects": "entity", "cov_type": "observed", "dynamic": dynamic, "missing": "unbalanced"}
    check(data, estimator, holes, WHOLE)


@pytest.mark.parametrize("estimator", [*PLAIN, *ERRORS, *BOTH])
def test_models_without_dynamics_have_no_such_option(estimator):
    assert "dynamic" not in getattr(sh, estimator)().get_params()


def table(holes):
    """The table of docs/options.md."""
    heads = ["estimator", "effects", "correction", *COVARIANCES]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    groups = {"SLX": PLAIN, "SpatialLag, SpatialDurbin": LAGS, "SpatialError, SpatialDurbinError": ERRORS}
    groups["SpatialCombined, GeneralNesting"] = BOTH
    for name, members in groups.items():
        for effects, correction in itertools.product(EFFECTS, CORRECTIONS):
            cells = [refusal(members[0], effects, correction, c, holes=holes) for c in COVARIANCES]
            marks = ["yes" if cell is None else NUMBERS[cell] for cell in cells]
            lines.append("| " + " | ".join([name, effects, correction, *marks]) + " |")
    return "\n".join(lines)


NUMBERS = {
    words: f"no ({n})" for n, words in enumerate((TIED, BALTAGI, HOLES, TIME, MIXED, EXPECTED, SUMS), 1)
}


@pytest.mark.parametrize("holes", [False, True], ids=["whole", "holes"])
def test_the_page_says_the_same(holes):
    assert table(holes) in PAGE.read_text()
