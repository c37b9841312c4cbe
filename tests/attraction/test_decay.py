"""Decays: values by hand, reach, agreement with PySAL's access, what they refuse."""

from __future__ import annotations

import pickle

import access.weights
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spatialhealth import errors
from spatialhealth.attraction import (
    BinaryDecay,
    ExponentialDecay,
    GaussianDecay,
    PowerDecay,
    StepDecay,
    TableDecay,
)
from spatialhealth.attraction.decay import check_decay
from tests.refusal import refusal

ZONES = ((10, 1.0), (20, 0.68), (30, 0.22))
DECAYS = [
    PowerDecay(1.5),
    ExponentialDecay(20),
    GaussianDecay(20),
    GaussianDecay(20, cutoff=50),
    BinaryDecay(30),
    StepDecay(ZONES),
    TableDecay(((5, 1.0), (20, 0.5), (40, 0.0))),
]
each = pytest.mark.parametrize("decay", DECAYS, ids=repr)


def test_values_by_hand():
    assert PowerDecay(2)([0.5, 4]).tolist() == [4.0, 1 / 16]
    assert PowerDecay(1)(0.0) == np.inf
    np.testing.assert_allclose(ExponentialDecay(2)([0, 2, 4]), [1, np.exp(-1), np.exp(-2)])
    np.testing.assert_allclose(GaussianDecay(3, 9)([0, 3, 9, 9.01]), [1, np.exp(-0.5), np.exp(-4.5), 0])
    assert BinaryDecay(3)([0, 3, 3.01]).tolist() == [1, 1, 0]
    assert StepDecay(ZONES)([0, 10, 10.01, 20, 30, 31]).tolist() == [1, 1, 0.68, 0.68, 0.22, 0]
    assert TableDecay(((5, 1.0), (20, 0.4)))([0, 5, 12.5, 20, 21]).tolist() == [1, 1, 0.7, 0.4, 0]


def test_the_same_weights_as_pysal_access():
    cost = np.linspace(0.5, 40, 80)
    for ours, theirs in (
        (GaussianDecay(12), access.weights.gaussian(12)),
        (StepDecay(ZONES), access.weights.step_fn(dict(ZONES))),
        (PowerDecay(2), access.weights.gravity(1, -2)),
    ):
        np.testing.assert_allclose(ours(cost), [theirs(c) for c in cost], rtol=1e-14)


@each
def test_nothing_beyond_the_reach(decay):
    if np.isinf(decay.reach):
        assert decay(1e9) >= 0
    else:
        assert decay(np.nextafter(decay.reach, np.inf)) == 0
        assert decay(decay.reach * (1 - 1e-9)) > 0


@each
def test_any_shape(decay):
    cost = np.arange(1.0, 25).reshape(2, 3, 4)
    assert decay(cost).shape == cost.shape
    assert decay(cost)[1, 2, 3] == decay(24.0)
    assert decay([]).shape == (0,)
    assert decay(np.inf) == 0


@each
@settings(deadline=None, derandomize=True)
@given(st.lists(st.floats(0.01, 1e4), min_size=2, max_size=20))
def test_a_weight_does_not_grow_with_the_cost(decay, costs):
    weights = decay(np.sort(costs))
    assert (weights >= 0).all() and (np.diff(weights) <= 0).all()


@each
def test_they_are_frozen_compare_and_pickle(decay):
    assert pickle.loads(pickle.dumps(decay)) == decay
    with pytest.raises(AttributeError):
        decay.reach = 3


@pytest.mark.parametrize("value", [0, -1, np.nan, np.inf, "5", None, True])
def test_parameters_must_be_positive(value):
    for kind in (PowerDecay, ExponentialDecay, GaussianDecay, BinaryDecay):
        with refusal(errors.OptionError, kind.__name__, "must be a positive number"):
            kind(value)
    if value is not None:
        with refusal(errors.OptionError, "cutoff="):
            GaussianDecay(1.0, cutoff=value)


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ((), "at least"),
        (((1, 2, 3), (4, 5, 6)), "at least"),
        (((10, 1.0), (10, 0.5)), "must rise"),
        (((20, 1.0), (10, 0.5)), "must rise"),
        (((10, 0.5), (20, 0.6)), "not rise"),
        (((10, 0.0), (20, 0.0)), "start above zero"),
        (((10, 1.0), (20, -0.5)), "negative"),
        (((10, 1.0), (np.inf, 0.5)), "infinite"),
        (((10, np.nan), (20, 0.5)), "NaN"),
    ],
)
def test_tables_that_are_none(points, said):
    kind = errors.ShapeError if points == () else errors.OptionError
    for owner in (StepDecay, TableDecay):
        with refusal(kind, owner.__name__, said if points else "dimensions"):
            owner(points)


def test_a_step_needs_room_and_a_line_two_points():
    with refusal(errors.OptionError, "first limit", "positive"):
        StepDecay(((0, 1.0),))
    with refusal(errors.OptionError, "at least 2 pairs"):
        TableDecay(((0, 1.0),))


@each
def test_costs_that_are_none(decay):
    for bad in ([1, -1], [np.nan]):
        with refusal(errors.NonFiniteError, "negative or NaN", "at least zero"):
            decay(bad)
    with refusal(errors.NonNumericError, "must hold numbers"):
        decay(["near"])
    with refusal(errors.NonFiniteError, "at position (1,)"):
        decay(np.ma.masked_array([1.0, 2.0], [False, True]))


def test_a_word_is_no_decay():
    for bad in ("power", None, 2, PowerDecay):
        with refusal(errors.OptionError, "is no decay", "GaussianDecay"):
            check_decay("f", bad)
