"""Inversion of information matrices."""

from __future__ import annotations

import numpy as np
import pytest

from spatialhealth.errors import IdentificationError
from spatialhealth.likelihood.covariance import invert_information


def test_inverse_of_badly_scaled_parameters():
    scale = np.array([1.0, 1e8, 1e-8])
    matrix = np.array([[2.0, 0.3, 0.1], [0.3, 1.0, -0.2], [0.1, -0.2, 1.5]]) * np.outer(scale, scale)
    expected = np.linalg.inv(matrix / np.outer(scale, scale)) / np.outer(scale, scale)
    np.testing.assert_allclose(invert_information(matrix), expected, rtol=1e-12)


def test_an_indefinite_matrix_raises():
    with pytest.raises(IdentificationError, match="not positive definite"):
        invert_information(np.array([[1.0, 2.0], [2.0, 1.0]]))
