"""What random vectors tell of the spectrum of W: the nodes and weights of a quadrature for each of them."""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.sparse as sp
from scipy.linalg import eigh_tridiagonal

from spatialhealth._typing import Array
from spatialhealth.operator.threads import steps_in_threads

__all__ = ["ProbeStore", "Probes"]

_BLOCK = 4  # vectors that a sparse product takes at once
_ROWS = 16_384  # of a block that are worked on while they are in the processor's cache
_EXHAUSTED = 1e-10  # share of the first step's length below which nothing new is found
_FEWER = 4  # steps that are left out to see whether the others were enough
_TOGETHER = 20_000  # units from which a step takes longer than threads wait for each other
_MOST_STEPS = 240
_FEWEST_STEPS = 30
_PRODUCTS = 16_000  # of Arnoldi's iteration
_KEPT = 60_000_000  # numbers in the vectors that one thread keeps
_LARGEST_WEIGHT = 1e4  # of a node without symmetry, beyond which the eigenvectors are not to be relied on


@dataclass(frozen=True, eq=False)
class Probes:
    """Quadratures of z'f(W)z, one for each random vector z with entries of 1 and -1.

    Parameters
    ----------
    nodes, weights : ndarray of shape (p, s)
        z'f(W)z = sum of weights times f(nodes), exactly for polynomials up to degree 2 s - 1 if W is symmetric, s - 1
        if it is not. The weights of a probe sum to z'z.
    shorter_nodes, shorter_weights : ndarray of shape (p, s)
        The same from four steps fewer; from as many where the iteration came to its end, and is exact.
    """

    nodes: Array
    weights: Array
    shorter_nodes: Array
    shorter_weights: Array

    @property
    def count(self) -> int:
        """Random vectors."""
        return len(self.nodes)

    @property
    def steps(self) -> int:
        """Products with W for each of them."""
        return int(self.nodes.shape[1])

    @classmethod
    def joined(cls, parts: list[Probes]) -> Probes:
        """Give the probes of several blocks together."""
        names = ("nodes", "weights", "shorter_nodes", "shorter_weights")
        return cls(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


class ProbeStore:
    """Random vectors and what is known from them; what was once computed is kept.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        W, or a symmetric matrix similar to it.
    symmetric : bool
        Whether `matrix` is symmetric: Lanczos' iteration then, else Arnoldi's.
    seed : int
        Of the random vectors; block j of them does not depend on how many there are.
    known : ndarray of shape (n,), optional
        A vector of length one that W leaves as it is. It is taken out of the random vectors, and its eigenvalue, one,
        out of the quadratures: near rho = 1 it would be the largest part of their errors.

    References
    ----------
    Golub, G. H. and Meurant, G. (2010). Matrices, Moments and Quadrature with Applications. Princeton University
    Press.

    Ubaru, S., Chen, J. and Saad, Y. (2017). Fast estimation of tr(f(A)) via stochastic Lanczos quadrature. SIAM
    Journal on Matrix Analysis and Applications 38, 1075-1099.
    """

    def __init__(self, matrix: sp.csr_matrix, symmetric: bool, seed: int, known: Array | None = None) -> None:
        self._matrix, self._symmetric, self._seed = matrix, symmetric, seed
        self.known = known
        self._known: dict[tuple[int, int], Probes] = {}
        # Arnoldi's iteration keeps all its vectors
        most = _MOST_STEPS if symmetric else min(_MOST_STEPS, max(_KEPT // matrix.shape[0], _FEWEST_STEPS))
        self.most_steps = min(most, matrix.shape[0])

    def take(self, count: int, steps: int) -> Probes:
        """Give so many probes, or a few more that fill the last block.

        Parameters
        ----------
        count : int
        steps : int
            Products with W for each.
        """
        steps = max(2, min(steps, self._matrix.shape[0]))
        blocks = range(-(-count // _BLOCK))
        new = [block for block in blocks if (block, steps) not in self._known]
        if new:
            jobs = [self._job(block, steps) for block in new]
            each = steps if self._symmetric else steps * _BLOCK
            together = self._matrix.shape[0] >= _TOGETHER
            found = steps_in_threads(jobs, len(new) * each, "log-determinant", together)
            self._known |= {(block, steps): probes for block, probes in zip(new, found, strict=True)}
        return Probes.joined([self._known[block, steps] for block in blocks])

    def affords(self, probes: int, steps: int) -> bool:
        """Whether so many products are worth their time: vectors of Arnoldi's iteration are taken one by one."""
        return self._symmetric or probes * steps <= _PRODUCTS

    def _job(self, block: int, steps: int) -> Generator[None, None, Probes]:
        rng = np.random.default_rng([self._seed, block])
        if self._symmetric:
            return _lanczos(self._matrix, rng, steps, self.known)
        return _arnoldi(self._matrix, rng, steps, self.known)


def _signs(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Give entries of 1 and -1."""
    signs = rng.integers(0, 2, shape, dtype=np.int8)
    signs *= 2
    signs -= 1
    return signs


def _lanczos(
    matrix: sp.csr_matrix, rng: np.random.Generator, steps: int, known: Array | None
) -> Generator[None, None, Probes]:
    """Take steps of Lanczos' iteration from a block of vectors, each on its own.

    Vectors are not orthogonalised against those before the last two: the copies of eigenvalues that rounding
    then lets in share the weight of one, so that the quadrature stays as exact (Golub and Meurant 2010,
    section 4.1). Rows are worked on in stretches that the processor's cache holds, since memory traffic is
    what an iteration waits for.
    """
    n = matrix.shape[0]
    rows = [slice(at, min(at + _ROWS, n)) for at in range(0, n, _ROWS)]
    parts = [matrix] if len(rows) == 1 else [_stretch(matrix, here) for here in rows]
    # vectors are kept at the length they come in, with what makes it one
    now, before = _signs(rng, (n, _BLOCK)).astype(float), np.zeros((n, _BLOCK))
    if known is not None:
        for column in now.T:
            column -= float((known * column).sum()) * known
    squares = np.einsum("ij,ij->j", now, now)
    scale, link = _inverse(np.where(squares > _EXHAUSTED * n, np.sqrt(squares), 0.0)), np.zeros(_BLOCK)
    diagonal, beside = np.zeros((steps, _BLOCK)), np.zeros((steps, _BLOCK))
    scratch, by, first = np.empty((3, min(_ROWS, n), _BLOCK))
    for step in range(steps):
        total, length = np.zeros(_BLOCK), np.zeros(_BLOCK)
        first[:], by[:] = (
            scale,
            link,
        )  # rows of factors: a loop over four numbers costs more than reading them
        for part, here in zip(parts, rows, strict=True):
            product, space, old = part @ now, scratch[: here.stop - here.start], before[here]
            product *= first[: len(product)]
            old *= by[: len(old)]
            np.subtract(product, old, out=old)  # the next vector takes the place of the one before
            total += _column_sums(np.multiply(old, now[here], out=space))
        diagonal[step] = total * scale
        by[:] = diagonal[step] * scale
        for here in rows:
            space, new = scratch[: here.stop - here.start], before[here]
            new -= np.multiply(now[here], by[: len(new)], out=space)
            length += _column_sums(np.multiply(new, new, out=space))
        length = np.sqrt(length)
        length[length < _EXHAUSTED * max(1e-300, float(beside[0].max(initial=0.0)))] = 0.0
        beside[step] = length
        now, before = before, now
        link = scale * length
        scale = _inverse(length)
        yield
    return _gauss(diagonal, beside, squares, steps >= n - (known is not None))


def _inverse(lengths: Array) -> Array:
    """Give the inverse of lengths, zero where nothing is left."""
    return np.divide(1.0, lengths, out=np.zeros(len(lengths)), where=lengths > 0)


def _column_sums(values: Array) -> Array:
    """Give the sums of the columns, in loops that are longer than a row."""
    whole = len(values) // 64 * 64
    together = values[:whole].reshape(-1, 64 * values.shape[1]).sum(axis=0)
    return np.asarray(together.reshape(64, -1).sum(axis=0) + values[whole:].sum(axis=0))


def _stretch(matrix: sp.csr_matrix, rows: slice) -> sp.csr_matrix:
    """Give some rows of a matrix without copying their entries."""
    ends = matrix.indptr[rows.start : rows.stop + 1]
    data, indices = matrix.data[ends[0] : ends[-1]], matrix.indices[ends[0] : ends[-1]]
    return sp.csr_matrix((data, indices, ends - ends[0]), shape=(len(ends) - 1, matrix.shape[1]), copy=False)


def _gauss(diagonal: Array, beside: Array, squares: Array, whole: bool) -> Probes:
    """Give the Gauss quadratures of the tridiagonal matrices of a block (Golub and Welsch 1969).

    Those from fewer steps are the same where the iteration went through the whole space, or ended before.
    """
    steps = len(diagonal)

    def quadrature(j: int, size: int) -> tuple[Array, Array]:
        nodes, vectors = eigh_tridiagonal(diagonal[:size, j], beside[: size - 1, j])
        spare = steps - size
        return np.pad(nodes, (0, spare)), np.pad(squares[j] * vectors[0] ** 2, (0, spare))

    fewer = max(steps - _FEWER, 1)
    ended = whole | (beside[: steps - 1] == 0).any(axis=0)
    found = [quadrature(j, steps) for j in range(len(squares))]
    shorter = [
        each if over else quadrature(j, fewer)
        for j, (each, over) in enumerate(zip(found, ended, strict=True))
    ]
    return Probes(*map(np.array, zip(*found, strict=True)), *map(np.array, zip(*shorter, strict=True)))


def _arnoldi(
    matrix: sp.csr_matrix, rng: np.random.Generator, steps: int, known: Array | None
) -> Generator[None, None, Probes]:
    """Take steps of Arnoldi's iteration from the vectors of a block, one after the other.

    A vector is orthogonalised a second time where the first time left little of it, since rounding may be
    much of that then.
    """
    n = matrix.shape[0]
    signs = _signs(rng, (_BLOCK, n))
    basis = np.empty((steps + 1, n))
    found = []
    for start in signs:
        projected = np.zeros((steps + 1, steps))
        first = start - start.mean() if known is not None else start.astype(float)
        squares = float(first @ first)
        if squares <= _EXHAUSTED * n:  # of few units signs may all be the same
            found.append(((np.zeros(1), np.zeros(1)),) * 2)
            continue
        basis[0] = first / np.sqrt(squares)
        for step in range(steps):
            found_before, new = basis[: step + 1], matrix @ basis[step]
            if known is not None:  # the same for all units; what is left of W has the other eigenvalues
                new -= new.mean()
            before = float(np.linalg.norm(new))
            for _ in range(2):
                loading = found_before @ new
                new -= loading @ found_before
                projected[: step + 1, step] += loading
                length = float(np.linalg.norm(new))
                if length > 0.3 * before:
                    break
                before = length
            yield
            if length <= _EXHAUSTED * max(abs(projected[1, 0]), 1e-300):
                break
            projected[step + 1, step] = length
            np.divide(new, length, out=basis[step + 1])
        inner = projected[: step + 1, : step + 1]
        whole = _oblique(inner, squares)
        ended = step + 1 < steps or steps >= n - (known is not None)
        found.append((whole, whole if ended else _oblique(inner, squares, _FEWER)))
    return _padded(found, steps)


def _oblique(projected: Array, squares: float, fewer: int = 0) -> tuple[Array, Array]:
    """Give nodes and weights of e1'f(H)e1 times z'z, H the leading part of a projected matrix.

    Where the eigenvectors of H are nearly dependent, weights are large and cancel: H is then cut until they are not.
    """
    for size in range(max(len(projected) - fewer, 1), 0, -1):
        nodes, vectors = np.linalg.eig(projected[:size, :size].astype(complex))
        first = np.zeros(size)
        first[0] = 1.0
        weights = vectors[0] * np.linalg.lstsq(vectors, first, rcond=None)[0]
        if np.abs(weights).sum() < _LARGEST_WEIGHT and abs(weights.sum() - 1) < 1e-8:
            break
    return nodes, squares * weights


def _padded(found: list[tuple[Any, Any]], steps: int) -> Probes:
    """Give quadratures of different sizes as rows of arrays, filled up with nodes that weigh nothing."""

    def rows(which: int, part: int) -> Array:
        return np.array([np.pad(each[which][part], (0, steps - len(each[which][part]))) for each in found])

    return Probes(rows(0, 0), rows(0, 1), rows(1, 0), rows(1, 1))
