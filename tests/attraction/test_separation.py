"""Whether effects of cities exist, against a linear programme that looks for a direction without a bound."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from spatialhealth import errors
from spatialhealth.attraction import flow_table
from spatialhealth.attraction.gravity_design import check_separation


def separated_by_programme(i, j, trips, n):
    """Effects can move so that expected zeros fall and no positive flow changes (Correia and others 2019)."""
    rows = np.zeros((len(i), 2 * n))
    rows[np.arange(len(i)), i], rows[np.arange(len(i)), n + j] = 1.0, 1.0
    zero = trips == 0
    if not zero.any():
        return False
    found = linprog(
        rows[zero].sum(axis=0), A_ub=rows[zero], b_ub=np.zeros(zero.sum()), A_eq=rows[~zero],
        b_eq=np.zeros((~zero).sum()), bounds=[(-1, 1)] * (2 * n),
    )  # fmt: skip
    return found.fun < -1e-7


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(3, 6), st.floats(0.4, 1), st.floats(0.15, 0.9))
def test_separation_is_found_exactly(seed, n, present, positive):
    rng = np.random.default_rng(seed)
    held = (rng.random((n, n)) < present) & ~np.eye(n, dtype=bool)
    i, j = np.nonzero(held)
    assume(len(i) > 1)
    trips = (rng.random(len(i)) < positive).astype(int)
    assume(trips.any())
    used = np.unique(np.concatenate([i, j + n]))
    graph = csr_matrix((np.ones(len(i)), (i, j + n)), shape=(2 * n, 2 * n))[used][:, used]
    assume(connected_components(graph, directed=False)[0] == 1)
    table = flow_table(pd.DataFrame({"origin": i, "destination": j, "trips": trips}))
    try:
        check_separation(table, True, True)
    except errors.SeparationError:
        refused = True
    else:
        refused = False
    assert refused == separated_by_programme(i, j, trips, n)
