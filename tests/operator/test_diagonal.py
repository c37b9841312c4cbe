"""Diagonals of the spatial multipliers, by each way there is, against the explicit inverse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.spatial import cKDTree

from spatialhealth.operator import (
    BlockOperator,
    SpatialOperator,
    diagonal,
    patches,
    selected,
    signs,
    spectrum,
)
from spatialhealth.operator.blocks import Block
from spatialhealth.operator.diagonal import diagonals
from tests.cases import COLUMBUS_WEIGHTS, columbus_weights
from tests.small import lattice

WAYS = {
    "inverse": diagonal._from_inverse,
    "factors": diagonal._from_factors,
    "solving": diagonal._by_solving,
}
each_way = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def operator_of(W):
    return SpatialOperator((np.arange(W.shape[0]), sp.csr_matrix(W)))


def neighbours(n, k, seed=0):
    """Row-standardised k nearest neighbours of random points."""
    points = np.random.default_rng(seed).uniform(size=(n, 2))
    near = cKDTree(points).query(points, k + 1)[1][:, 1:]
    return sp.csr_matrix((np.full(n * k, 1 / k), (np.repeat(np.arange(n), k), near.ravel())), shape=(n, n))


def queen(side):
    """Row-standardised queen neighbours of a square lattice."""
    line = sp.diags([np.ones(side - 1), np.ones(side), np.ones(side - 1)], [-1, 0, 1])
    links = sp.csr_matrix(sp.kron(line, line) - sp.identity(side**2))
    links.eliminate_zeros()
    return sp.csr_matrix(sp.diags(1 / np.asarray(links.sum(axis=1)).ravel()) @ links)


def brute(W, rho):
    """Diagonals of A^-1 and A^-1 W and their slopes, from the dense inverse."""
    inverse = np.linalg.inv(np.eye(len(W)) - rho * W)
    gain = inverse @ W
    value = np.column_stack([np.diag(inverse), np.diag(gain)])
    return value, np.column_stack([np.diag(gain @ inverse), np.diag(gain @ gain)])


def places(operator):
    """Rhos near both ends of the interval, near zero and between."""
    low, high = operator.interval
    return [
        low + 1e-3 * (high - low),
        0.7 * low,
        -0.01 * high,
        0.01 * high,
        0.6 * high,
        high - 1e-3 * (high - low),
    ]


def agree(found, operator, rho, tolerance=1e-9):
    value, slope = brute(operator.matrix.toarray(), rho)
    assert found.error is None
    np.testing.assert_allclose(found.value, value, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(found.slope, slope, rtol=tolerance, atol=tolerance * np.abs(slope).max())


@each_way
@pytest.mark.parametrize("weights", COLUMBUS_WEIGHTS)
def test_every_way_equals_the_inverse(way, weights):
    operator = SpatialOperator(columbus_weights(weights))
    for rho in places(operator):
        if way is diagonal._from_factors and not operator.spectrum.is_stable_without_pivoting(rho):
            continue
        # what is divided by rho twice has lost as many digits
        agree(diagonal._of_lagged(rho, *way(operator, rho)), operator, rho, 1e-9)


@pytest.mark.parametrize("rho", [0.0, 1e-9, -1e-5, 4e-4, -4e-4])
def test_powers_near_zero_equal_the_inverse(rho):
    operator = operator_of(queen(12))
    agree(diagonal._of_lagged(rho, *diagonal._from_powers(operator, rho)), operator, rho)


@pytest.mark.parametrize("rho", [-0.999, -0.6, 0.0, 1e-4, 6e-4, 0.5, 0.95, 0.999])
@pytest.mark.parametrize("kind", ["queen", "nearest", "isolates"])
def test_more_units_than_a_dense_inverse_is_for(kind, rho, monkeypatch):
    monkeypatch.setattr(diagonal, "_DENSE", 0)
    W = queen(17) if kind == "queen" else neighbours(290, 5)
    if kind == "isolates":
        keep = sp.diags((np.arange(290) % 7 > 0).astype(float))
        W = sp.csr_matrix(keep @ W @ keep)
        W.eliminate_zeros()
    monkeypatch.setattr(diagonal, "_by_solving", None)  # not taken
    agree(diagonals(operator_of(W), rho), operator_of(W), rho, 1e-8)


def test_weights_that_need_pivoting_are_solved_for(monkeypatch):
    monkeypatch.setattr(diagonal, "_DENSE", 0)
    monkeypatch.setattr(spectrum, "_DENSE", 1)
    W = neighbours(120, 4) @ sp.diags(np.random.default_rng(1).uniform(0.5, 3, 120))
    operator = operator_of(W)
    rho = 0.9 * operator.interval[1]
    assert not operator.spectrum.is_stable_without_pivoting(rho)
    agree(diagonals(operator, rho), operator, rho)


def test_a_spoilt_pivot_is_solved_for(monkeypatch):
    def spoilt(*_):
        raise RuntimeError("Factor is exactly singular")

    monkeypatch.setattr(diagonal, "_DENSE", 0)
    monkeypatch.setattr(diagonal, "inverse_diagonal", spoilt)
    operator = operator_of(queen(10))
    agree(diagonals(operator, 0.4), operator, 0.4)


def test_dense_weights_beyond_a_few_units_take_the_inverse(monkeypatch):
    monkeypatch.setattr(diagonal, "_DENSE", 0)
    for name in ("_from_factors", "_by_solving"):
        monkeypatch.setattr(diagonal, name, None)
    W = np.random.default_rng(0).uniform(size=(60, 60)) * (1 - np.eye(60)) / 60
    agree(diagonals(operator_of(W), 0.8), operator_of(W), 0.8)


def test_blocks_of_units_do_not_show(monkeypatch):
    operator = SpatialOperator(columbus_weights("knn4"))
    whole = diagonal._by_solving(operator, 0.4)
    monkeypatch.setattr(diagonal, "_BLOCK", 7)
    np.testing.assert_allclose(diagonal._by_solving(operator, 0.4), whole, rtol=1e-12)


@pytest.mark.parametrize("kind", ["queen", "nearest"])
def test_labels_and_order_do_not_matter(kind, monkeypatch):
    monkeypatch.setattr(diagonal, "_DENSE", 0)
    W = queen(17) if kind == "queen" else neighbours(290, 5)
    order = np.random.default_rng(3).permutation(W.shape[0])
    straight, mixed = diagonals(operator_of(W), 0.8), diagonals(operator_of(W[order][:, order]), 0.8)
    np.testing.assert_allclose(mixed.value, straight.value[order], rtol=1e-12)
    np.testing.assert_allclose(mixed.slope, straight.slope[order], rtol=1e-10)


def test_blocks_of_periods(monkeypatch):
    monkeypatch.setattr(diagonal, "_DENSE", 0)
    first, second = sp.csr_matrix(lattice(4, 5)), sp.csr_matrix(lattice(3, 6))
    operator = BlockOperator(np.arange(58), [Block(first, (0, 38)), Block(second, (20,))])
    agree(diagonals(operator, 0.6), operator, 0.6)


def test_selected_entries_where_factors_dropped_zeros():
    # links one way only, in chains and in cycles, whose factors lack half of what the inverse has
    rng = np.random.default_rng(0)
    for _ in range(20):
        W = sp.csr_matrix(rng.uniform(size=(40, 40)) * (rng.uniform(size=(40, 40)) < 0.06) / 8)
        W.setdiag(0)
        W.eliminate_zeros()
        found = selected.inverse_diagonal(W, 0.9)
        np.testing.assert_allclose(found, np.diag(np.linalg.inv(np.eye(40) - 0.9 * W.toarray())), rtol=1e-11)


def test_the_pattern_is_completed(monkeypatch):
    monkeypatch.setattr(selected, "_TRACE", 0.0)
    W = neighbours(200, 4)
    found = selected.inverse_diagonal(W, 0.8)
    np.testing.assert_allclose(found, np.diag(np.linalg.inv(np.eye(200) - 0.8 * W.toarray())), rtol=1e-11)


def test_selected_inversion_refuses_what_needs_pivoting():
    W = sp.csr_matrix(np.array([[0.0, 1, 1], [1, 0, 0], [1, 0, 0]]) * 10)
    W = W + sp.identity(3) * 0.1  # 1 - rho w_ii is zero at rho = 10
    with pytest.raises(RuntimeError):
        selected.inverse_diagonal(sp.csr_matrix(W), 10.0)


def test_parts_hold_every_unit_once_and_are_compact():
    links = queen(40)
    found = patches.parts_of(links, 150)
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(1600))
    assert max(map(len, found)) <= 150
    outside = [len(np.setdiff1d(links[part].indices, part)) for part in found]
    assert np.mean(outside) < 60  # a square of 100 units has 44 around it, a random set nearly all


def test_small_components_go_together():
    links = sp.block_diag([queen(5)] * 8 + [sp.csr_matrix((30, 30)), queen(12)], format="csr")
    found = patches.parts_of(sp.csr_matrix(links), 60)
    np.testing.assert_array_equal(np.sort(np.concatenate(found)), np.arange(374))
    assert len(found) < 12
    for start in range(0, 200, 25):  # none of those that fit is torn
        assert sum(bool(np.isin(np.arange(start, start + 25), part).any()) for part in found) == 1


def true_and_found(W, rho):
    """What patches leave out, and the limit they give for it."""
    operator = operator_of(W)
    found = patches.from_patches(operator.spectrum, rho)
    value, slope = brute(W.toarray(), rho)
    return value[:, 0] - found[0], found[2], np.abs(slope[:, 0] - found[1]) / np.abs(slope[:, 0]).max()


@pytest.mark.parametrize("rho", [-0.9, 0.3, 0.7, 0.95])
@pytest.mark.parametrize("kind", ["queen", "nearest"])
def test_what_patches_leave_out_is_within_their_limit(kind, rho, monkeypatch):
    monkeypatch.setattr(patches, "_PART", 100)
    monkeypatch.setattr(patches, "_COMPACT", 2.0)
    monkeypatch.setattr(patches, "_MARGINS", (2, 3, 4))
    W = queen(24) if kind == "queen" else neighbours(580, 5)
    left_out, limit, slope = true_and_found(W, rho)
    assert (limit > 0).mean() > 0.9
    assert (np.abs(left_out) > limit + 1e-14).mean() < 0.01
    assert slope.max() < 0.2 * abs(rho)
    if rho > 0:
        assert left_out.min() > -1e-14  # walks are left out, none is added


def test_margins_grow_until_enough(monkeypatch):
    monkeypatch.setattr(patches, "_PART", 200)
    monkeypatch.setattr(patches, "_COMPACT", 2.0)
    reached = []
    for enough in (1e-1, 1e-4):
        monkeypatch.setattr(patches, "_ENOUGH", enough)
        monkeypatch.setattr(patches, "_MARGINS", (1, 2, 3, 4, 6, 9))
        left_out, limit, _ = true_and_found(queen(20), 0.8)
        assert np.linalg.norm(limit) <= enough * np.linalg.norm(brute(queen(20).toarray(), 0.8)[0][:, 0] - 1)
        reached.append(np.abs(left_out).max())
    assert reached == sorted(reached, reverse=True)


def test_margins_end_with_what_a_patch_can_hold(monkeypatch):
    monkeypatch.setattr(patches, "_PART", 100)
    monkeypatch.setattr(patches, "_COMPACT", 2.0)
    monkeypatch.setattr(patches, "_MARGINS", (1, 2, 3, 4, 6, 9, 30))
    monkeypatch.setattr(patches, "_PATCH", 220)
    left_out, limit, _ = true_and_found(queen(20), 0.95)
    distance = brute(queen(20).toarray(), 0.95)[0][:, 0] - 1
    assert np.linalg.norm(limit) > 1e-3 * np.linalg.norm(distance)  # not what was wished for, and it says so
    assert (np.abs(left_out) <= limit).mean() > 0.99
    monkeypatch.setattr(patches, "_PATCH", 70)
    assert patches.from_patches(operator_of(queen(20)).spectrum, 0.95) is None


def test_whole_components_are_exact(monkeypatch):
    monkeypatch.setattr(patches, "_PART", 50)
    monkeypatch.setattr(diagonal, "INVERSE_LIMIT", 10)
    operator = operator_of(sp.block_diag([queen(5), queen(6), queen(7), sp.csr_matrix((3, 3))], format="csr"))
    agree(diagonals(operator, 0.7), operator, 0.7, 1e-11)


def test_patches_beyond_the_limit_of_the_exact_way(monkeypatch):
    monkeypatch.setattr(diagonal, "INVERSE_LIMIT", 100)
    monkeypatch.setattr(diagonal, "probed", None)
    monkeypatch.setattr(patches, "_PART", 150)
    monkeypatch.setattr(patches, "_COMPACT", 2.0)
    W = queen(24)
    found, again = diagonals(operator_of(W), 0.6), diagonals(operator_of(W), 0.6)
    value, slope = brute(W.toarray(), 0.6)
    off = np.abs(found.value - value)
    assert (off[:, 1] <= found.error + 1e-12).mean() > 0.99
    assert (off[:, 0] <= 0.6 * found.error + 1e-12).mean() > 0.99
    assert np.linalg.norm(off[:, 1]) < 1e-3 * np.linalg.norm(value[:, 1])
    np.testing.assert_allclose(found.slope, slope, atol=1e-2 * np.abs(slope).max())
    np.testing.assert_array_equal(found.value, again.value)


def test_where_all_is_close_there_are_no_patches(monkeypatch):
    to = np.random.default_rng(0).integers(1, 400, 1200) + np.repeat(np.arange(400), 3)
    links = sp.csr_matrix((np.full(1200, 1 / 6), (np.repeat(np.arange(400), 3), to % 400)), (400, 400))
    assert patches.from_patches(operator_of(links).spectrum, 0.5) is not None  # one patch holds all
    monkeypatch.setattr(patches, "_PART", 100)
    assert patches.from_patches(operator_of(links).spectrum, 0.5) is None


def probes_of(W, rho, seeds, **options):
    """Estimates (seeds, n) from random signs, their slopes and errors."""
    operator = operator_of(W)
    found = [signs.probed(operator, rho, seed, **options) for seed in seeds]
    return tuple(np.array(each) for each in zip(*found, strict=True))


@pytest.mark.parametrize("rho", [-0.8, 0.4, 0.9])
@pytest.mark.parametrize("kind", ["queen", "nearest"])
@pytest.mark.parametrize("cost", [0, 10**5, 10**9])
def test_random_signs_have_the_error_they_give(kind, rho, cost, monkeypatch):
    monkeypatch.setattr(signs, "_COSTS", ((cost // 10, 3), (cost, 2)))
    W = queen(15) if kind == "queen" else neighbours(225, 5)
    value, slope, error = probes_of(W, rho, range(30))
    exact, exact_slope = (each[:, 1] for each in brute(W.toarray(), rho))
    z = (value - exact) / error
    assert 0.85 < np.sqrt(np.mean(z**2)) < 1.15
    assert np.abs(z.mean()) < 0.3
    assert np.abs(z).max() < 10
    spread = slope.std(axis=0) / np.sqrt(30)
    assert 0.7 < np.sqrt(np.mean(((slope.mean(axis=0) - exact_slope) / spread) ** 2)) < 1.4


def test_more_signs_for_more_accuracy():
    W = queen(15)
    exact = brute(W.toarray(), 0.5)[0][:, 1]
    for accuracy in (0.05, 0.005, 0.002):
        value, _, error = probes_of(W, 0.5, [1], accuracy=accuracy)
        assert np.linalg.norm(error) <= accuracy * np.linalg.norm(value)
        assert np.linalg.norm(value - exact) <= 2 * accuracy * np.linalg.norm(exact)


def test_random_signs_take_over_where_there_are_no_patches(monkeypatch):
    monkeypatch.setattr(diagonal, "INVERSE_LIMIT", 100)
    monkeypatch.setattr(diagonal, "from_patches", lambda *_: None)
    operator = operator_of(queen(15))
    exact = brute(operator.matrix.toarray(), 0.6)[0]
    first, again, other = (diagonals(operator, 0.6, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.value, again.value)
    assert (first.value != other.value).any()
    for found in (first, other):
        z = (found.value - exact) / np.column_stack([0.6 * found.error, found.error])
        assert 0.5 < np.sqrt(np.mean(z**2)) < 1.6


def test_near_zero_low_orders_are_all_there_is(monkeypatch):
    monkeypatch.setattr(diagonal, "INVERSE_LIMIT", 100)
    operator = operator_of(queen(15))
    for rho in (0.0, 1e-4):
        found = diagonals(operator, rho)
        value, slope = brute(operator.matrix.toarray(), rho)
        np.testing.assert_allclose(found.value, value, atol=1e-12)
        np.testing.assert_allclose(found.slope, slope, atol=1e-12)
        assert found.error.max() < 1e-20
