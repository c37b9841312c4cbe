"""The spectral radius of a dynamic model's transition, against all eigenvalues of the dense matrix."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spatialhealth.operator import SpatialOperator, transition
from spatialhealth.operator.transition import largest_root, root_bound
from tests import small
from tests.cases import columbus_weights

PARAMETERS = [(0.3, 0.5, -0.1), (-0.4, 0.2, 0.6), (0.0, -0.7, 0.2), (0.6, 0.5, 0.2), (0.2, 0.0, -0.9)]


def dense(W, rho, tau, eta):
    n = len(W)
    A = np.linalg.solve(np.eye(n) - rho * W, tau * np.eye(n) + eta * W)
    return np.abs(np.linalg.eigvals(A)).max()


def circle(n):
    """Each unit's only neighbours are the next one, and less so the one after: a spectrum far off the real line."""
    W = np.roll(np.eye(n), 1, axis=1) + 0.3 * np.roll(np.eye(n), 2, axis=1)
    return W / 1.3


@pytest.mark.parametrize("parameters", PARAMETERS)
@pytest.mark.parametrize("weights", ["queen", "knn4", "invdist_maxeig", "island"])
def test_it_is_that_of_the_dense_matrix(weights, parameters):
    ids, W = columbus_weights(weights)
    root = largest_root(SpatialOperator((ids, W)), *parameters)
    assert root == pytest.approx(dense(W, *parameters), rel=1e-9)


@pytest.mark.parametrize("parameters", PARAMETERS)
def test_where_the_spectrum_is_not_known_it_is_bounded_and_iterated_when_that_matters(
    parameters, monkeypatch
):
    monkeypatch.setattr(transition, "_ALL", 10)
    W = circle(30)
    operator = SpatialOperator((small.ids(30), sp.csr_matrix(W)))
    assert not operator.spectrum.is_symmetrisable
    exact = dense(W, *parameters)
    bound = root_bound(operator, *(np.array([p]) for p in parameters))
    assert bound[0] >= exact * (1 - 1e-12)
    root = largest_root(operator, *parameters)
    assert root == pytest.approx(exact, rel=1e-6) if bound[0] >= 1 else root == bound[0]


def test_a_stable_process_is_not_refused_for_its_bound(monkeypatch):
    monkeypatch.setattr(transition, "_ALL", 10)
    W = circle(30)
    operator = SpatialOperator((small.ids(30), sp.csr_matrix(W)))
    parameters = (-0.3, 0.55, -0.25)
    # with w = -1, which is no eigenvalue, the map gives 0.8 / 0.7
    assert root_bound(operator, *map(np.array, parameters)) > 1
    assert largest_root(operator, *parameters) < 1
