"""The classes of errors and warnings, and how labels are written."""

from __future__ import annotations

import inspect

import numpy as np
import pandas as pd
import pytest

from spatialhealth import errors
from spatialhealth._validation import check_finite, check_option, check_positive, check_share, numeric_array
from spatialhealth.errors import some

CLASSES = {name: getattr(errors, name) for name in errors.__all__ if name not in ("some", "did_you_mean")}


@pytest.mark.parametrize("name", CLASSES)
def test_every_class_is_a_value_or_type_error_or_a_warning(name):
    kind = CLASSES[name]
    if name.endswith("Warning"):
        assert issubclass(kind, errors.SpatialHealthWarning) and issubclass(kind, UserWarning)
    else:
        assert name.endswith("Error") and issubclass(kind, (ValueError, TypeError))
    assert kind.__doc__ and kind.__doc__.endswith(".")


def test_every_class_is_listed():
    classes = [kind for kind in vars(errors).values() if inspect.isclass(kind)]
    defined = {kind.__name__ for kind in classes if kind.__module__ == errors.__name__}
    assert defined == set(CLASSES)


def test_every_public_builtin_base_that_callers_may_catch():
    assert issubclass(errors.NonNumericError, TypeError)
    assert issubclass(errors.LabelError, TypeError)
    assert issubclass(errors.NotFittedError, AttributeError)  # so that hasattr and getattr work
    assert issubclass(errors.CoincidentPointsError, errors.GeometryError)
    for kind in (errors.ConstantRegressorError, errors.AbsorbedRegressorError, errors.CollinearityError):
        assert issubclass(kind, errors.IdentificationError)


def test_some_names_at_most_ten():
    assert some(range(10)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9"
    assert some(range(11)) == "0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 1 more"
    assert some(range(1_000), limit=2) == "0, 1 and 998 more"
    assert some(iter("ab")) == "'a', 'b'"
    assert some([]) == ""


def test_some_writes_labels_as_python_does():
    assert some(np.array([1, 2])) == "1, 2"
    assert some(np.array(["a"])) == "'a'"
    assert some([(np.str_("a"), np.int64(3))]) == "('a', 3)"
    assert some(pd.MultiIndex.from_tuples([("a", 1)])) == "('a', 1)"
    assert some([1.5, None]) == "1.5, None"


def test_check_option():
    assert check_option("f", "how", "a", ("a", "b")) == "a"
    assert check_option("f", "how", None, ("a",), none=True) is None
    with pytest.raises(errors.OptionError, match=r"^f: how=None is not an option. Choose one of 'a', 'b'.$"):
        check_option("f", "how", None, ("a", "b"))


def test_check_numbers():
    assert check_positive("f", "k", np.int32(3), integer=True) == 3
    assert check_positive("f", "d", 0.5) == 0.5
    assert check_share("f", "level", np.float32(0.5)) == 0.5
    for bad in (True, 0, -1, 1.0, "1"):
        with pytest.raises(errors.OptionError, match="positive whole number"):
            check_positive("f", "k", bad, integer=True)
    for bad in (0, 1, 1.5, "a", None, True):
        with pytest.raises(errors.OptionError, match="strictly between 0 and 1"):
            check_share("f", "level", bad)


def test_arrays_of_numbers():
    assert numeric_array("Y", [1, 2], 1).dtype == float
    with pytest.raises(errors.ShapeError, match=r"Y must have 1 or 2 dimensions; it has shape \(1, 1, 1\)"):
        numeric_array("Y", [[[1]]], (1, 2))
    values = np.zeros(25)
    values[::2] = np.nan
    with pytest.raises(errors.NonFiniteError, match=r"13 NaN or infinite values.* \(18,\) and 3 more"):
        check_finite("Y", values)
