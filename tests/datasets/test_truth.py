"""The estimator finds what the simulated panel was made of."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh


@pytest.fixture(scope="module")
def truth():
    return sh.datasets.load_truth()


@pytest.fixture(scope="module")
def fitted(truth):
    weights = sh.weights.contiguity(sh.datasets.load_cities())
    model = sh.SpatialDurbin(weights=weights, effects=truth["effects"], durbin=truth["durbin"])
    return model.fit_formula(truth["formula"], sh.datasets.load_panel())


def test_every_parameter_is_within_three_and_a_half_standard_errors(fitted, truth):
    expected = pd.Series(truth["params"])
    assert list(fitted.params_.index) == list(expected.index)
    z = (fitted.params_ - expected) / fitted.std_errors_
    assert z.abs().max() < 3.5
    assert np.sqrt(fitted.sigma2_) == pytest.approx(truth["sigma"], rel=0.05)


def test_the_story_can_be_told(fitted):
    """Tertiary pulls, more in port provinces and less with digital diagnosis; primary care does not."""
    z = fitted.params_ / fitted.std_errors_
    assert z["log(tertiary)"] > 10
    assert z["log(tertiary):port_developed"] > 5
    assert z["log(tertiary):digital"] < -5
    assert abs(z["log(primary)"]) < 1.96
    assert z["rho"] > 10


def test_without_effects_of_the_cities_the_pull_is_overstated(truth):
    weights = sh.weights.contiguity(sh.datasets.load_cities())
    model = sh.SpatialDurbin(weights=weights, effects="time", durbin=truth["durbin"])
    model.fit_formula(truth["formula"], sh.datasets.load_panel())
    bias = model.params_["log(tertiary)"] - truth["params"]["log(tertiary)"]
    assert bias / model.std_errors_["log(tertiary)"] > 3.5


@pytest.mark.parametrize("effects", ["none", "entity", "time", "two-way", "random"])
def test_a_simulation_is_recovered(effects):
    simulation = sh.datasets.simulate(225, 10, rho=0.5, effects=effects, random_state=2011)
    model = sh.SpatialDurbin(weights=simulation.weights, effects=effects)
    model.fit_formula("y ~ x1 + x2", simulation.data)
    expected = simulation.truth["params"]
    assert list(model.params_.index) == list(expected.index)
    assert ((model.params_ - expected) / model.std_errors_).abs().max() < 3.5
