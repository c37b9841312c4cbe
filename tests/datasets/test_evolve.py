"""Simulated dynamic panels obey their equation, and unstable ones are refused."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.datasets.evolve import evolve
from spatialhealth.errors import OptionError
from spatialhealth.operator import SpatialOperator


def test_the_panel_obeys_its_equation_and_started_long_ago():
    made = sh.datasets.simulate(
        36, 9, tau=0.5, eta=-0.2, rho=0.3, sigma=1e-9, effects="two-way", random_state=4
    )
    Y, X, _, W = made.arrays()
    p = made.truth["params"]
    assert list(p.index) == ["x1", "x2", "W:x1", "W:x2", "tau", "eta", "rho"]
    left = Y[1:] - p["rho"] * (W @ Y[1:].T).T - p["tau"] * Y[:-1] - p["eta"] * (W @ Y[:-1].T).T
    left -= X[1:] @ p[["x1", "x2"]].to_numpy()
    left -= np.einsum("tik,k->ti", SpatialOperator(made._links).lag(X[1:]), p[["W:x1", "W:x2"]].to_numpy())
    effects = made.truth["entity_effects"].to_numpy() + made.truth["time_effects"].to_numpy()[1:, None]
    np.testing.assert_allclose(left, effects, atol=1e-7)
    # of a process that starts from zero the first period would be out of line with the effects of the units
    mean = X[1:].mean(0) @ p[["x1", "x2"]].to_numpy() + made.truth["entity_effects"].to_numpy()
    assert np.corrcoef(Y[0], mean)[0, 1] > 0.5


def test_without_lags_nothing_is_drawn_otherwise():
    plain = sh.datasets.simulate(16, 5, random_state=0).data
    zero = sh.datasets.simulate(16, 5, random_state=0, tau=0.0).data
    assert not plain.equals(zero)  # the burn-in is drawn
    assert sh.datasets.simulate(16, 5, random_state=0, tau=0.0).truth["params"]["tau"] == 0


def test_it_starts_from_zero():
    operator = SpatialOperator((["a", "b"], np.array([[0.0, 1.0], [1.0, 0.0]])))
    y = evolve(operator, 0.5, 0.2, 0.1, np.ones((2, 2)))
    # (1 - 0.5) y_0 = 1, (1 - 0.5) y_1 = 1 + 0.3 y_0
    np.testing.assert_allclose(y, [[2.0, 2.0], [3.2, 3.2]])


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"tau": 0.8, "rho": 0.3}, r"not stable.*1\.1429"),
        ({"tau": "much"}, "tau='much' must be a number"),
        ({"eta": float("nan")}, "eta=nan must be a number"),
        ({"tau": 0.5, "model": "SEM"}, "models with W y.*'SAR'"),
        ({"tau": 0.5, "rho": 1.5}, "strictly between"),
    ],
)
def test_what_cannot_be_is_refused(options, message):
    with pytest.raises(OptionError, match=message):
        sh.datasets.simulate(16, 5, **options)
