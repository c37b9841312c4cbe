"""Classes: limits, ties, mirrored arms, colours and labels."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import MissingDataError, NonFiniteError, NonNumericError, OptionError
from spatialhealth.maps.classes import classify, written


def test_quantiles_hold_as_many_units_each():
    values = np.arange(100.0)
    classes = classify(values, "quantiles", 4)
    np.testing.assert_allclose(classes.limits, [0, 24.75, 49.5, 74.25, 99])
    assert np.bincount(classes.place(values)).tolist() == [25, 25, 25, 25]
    assert len(set(classes.colours)) == 4


def test_equal_intervals_are_as_wide():
    assert classify([0.0, 1.0, 10.0], "equal-interval", 2).limits.tolist() == [0, 5, 10]


def test_natural_breaks_part_two_clusters():
    assert classify([1.0, 1.1, 1.2, 9.0, 9.1], "natural-breaks", 2).limits.tolist() == [1.0, 1.2, 9.1]


def test_limits_of_ones_own_are_kept():
    classes = classify([0.5, 3.0, 20.0], [1, 10])
    assert classes.limits.tolist() == [0.5, 1, 10, 20]
    assert classes.place([1.0, 1.01, 10.0, 10.1]).tolist() == [0, 1, 1, 2]


def test_a_value_shared_by_many_is_a_class_by_itself():
    values = np.concatenate([np.zeros(80), np.arange(200.0, 220.0)])
    classes = classify(values, "quantiles", 3)
    assert classes.labels[0] == "0"
    assert classes.labels[1].startswith("over 0")
    assert np.bincount(classes.place(values)).tolist() == [80, 10, 10]


def test_one_value_only_is_one_class():
    classes = classify([2.5, 2.5, np.nan], k=5)
    assert classes.labels == ("2.5",)
    assert classes.place([2.5, np.nan]).tolist() == [0, -1]


def test_both_signs_give_arms_that_mirror_each_other():
    values = np.array([-3.0, -1.0, 1.0, 2.0, 6.0, 9.0])
    classes = classify(values, "equal-interval", 4)
    inner = classes.limits[1:-1]
    assert 0.0 in inner
    np.testing.assert_allclose(classes.limits, [-5, 0, 5, 9])
    placed = classes.place(values)
    assert placed.tolist() == [0, 0, 1, 1, 2, 2]


def test_zero_has_its_own_class_between_the_arms():
    values = np.array([-4.0, -2.0, 0.0, 2.0, 4.0])
    classes = classify(values, k=2)
    assert classes.zero == 1
    assert classes.labels == ("−4 to 0", "0", "0 to 4")
    assert classes.place(values).tolist() == [0, 0, 1, 2, 2]


def test_diverging_can_be_asked_for_with_one_sign():
    classes = classify([1.0, 2.0, 0.0], k=2, diverging=True)
    assert classes.place([0.0, 1.0, 2.0]).tolist() == [0, 1, 1]


def test_dark_is_far_from_zero_when_all_values_are_negative():
    above, below = classify([1.0, 2.0, 3.0], k=3), classify([-1.0, -2.0, -3.0], k=3)
    assert above.colours == below.colours[::-1]


def test_every_value_finds_its_class():
    rng = np.random.default_rng(3)
    for scheme in ("quantiles", "equal-interval", "natural-breaks", "pretty"):
        for values in (rng.normal(size=61), rng.poisson(1.0, 70).astype(float), -rng.gamma(2.0, size=50)):
            classes = classify(values, scheme, 5)
            placed = classes.place(values)
            assert placed.min() >= 0
            assert placed.max() < len(classes.colours) == len(classes.labels)
            assert classes.limits[0] <= values.min()
            assert values.max() <= classes.limits[-1]


@pytest.mark.parametrize(
    ("values", "options", "error", "said"),
    [
        ([1.0], {"scheme": "jenks"}, OptionError, "'natural-breaks'"),
        ([1.0], {"k": 0}, OptionError, "k=0"),
        ([1.0], {"scheme": [2, 1]}, OptionError, "rise"),
        ([np.nan], {}, MissingDataError, "every value is missing"),
        ([np.inf, 1.0], {}, NonFiniteError, "infinite"),
        (["a"], {}, NonNumericError, "numbers"),
    ],
)
def test_what_cannot_be_classified_is_said(values, options, error, said):
    with pytest.raises(error, match=said):
        classify(values, **options)


def test_numbers_are_written_so_that_they_differ():
    assert written([0, 10, 200]) == ("0", "10", "200")
    assert written([1e-7, 2e-7]) == ("1e−07", "2e−07")
    for limits in ([0.123456, 0.123457], [1.0, 1000.5, 1e6], [-0.001, 0.0, 0.5]):
        assert len(set(written(limits))) == len(limits)


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([True, False, True], ("0", "1")),
        ([0, 1, 2, 2, 1], ("0", "1", "2")),
        ([-2, -1, -2], ("−2", "−1")),
        ([7, 7], ("7",)),
    ],
)
def test_few_whole_numbers_are_classes_of_their_own(values, labels):
    found = classify(values)
    assert found.labels == labels and len(found.colours) == len(labels)
    places = {float(value): place for value, place in zip(values, found.place(values).tolist(), strict=True)}
    assert [found.labels[places[value]] for value in sorted(places)] == list(labels)


def test_large_numbers_are_written_without_powers_of_ten():
    assert written([2.1e11, 1.5e12]) == ("210,000,000,000", "1,500,000,000,000")
    assert written([1e12, 1e12 + 0.2, 1e12 + 0.5]) == (
        "1,000,000,000,000",
        "1,000,000,000,000.2",
        "1,000,000,000,000.5",
    )
    assert classify(np.geomspace(0.1, 3e5, 50), "decades").labels[-2:] == (
        "10,000 to 100,000",
        "100,000 to 300,000",
    )
    # where two figures do not tell limits of decades apart, more are written
    assert classify([995.0, 1000.0, 1003.0, 1010.0, 1004.0], "decades").labels == (
        "995 to 1,000",
        "1,000 to 1,010",
    )
