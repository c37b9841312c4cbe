"""What is known of the spectrum of W: whether it is real, where it ends, which rho are admissible."""

from __future__ import annotations

from functools import cached_property

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph
import scipy.sparse.linalg as spla

from spatialhealth._typing import Array
from spatialhealth.errors import SizeError, WeightsError
from spatialhealth.operator.cost import affordable_factor
from spatialhealth.operator.factor import factorise
from spatialhealth.operator.powers import affordable_order, exact_traces
from spatialhealth.operator.probes import ProbeStore
from spatialhealth.weights.standardise import spectral_radius

__all__ = ["Spectrum"]

_ALL_EIGENVALUES = 10_000  # beyond, a dense matrix would not be sensible
_COMPLEX_EIGENVALUES = 2_000  # beyond, those of a non-symmetric matrix take minutes
_IMAGINARY = 1e-8  # share of the largest row sum
_NEGLIGIBLE = 1e-12  # the same
# share of the largest modulus; without symmetry a zero that repeats is found as far off as a root of rounding
_ROUNDED_ZERO = 1e-3
_ROUGH = 1e-3
_FEW = 500  # up to which all eigenvalues cost less than the ends of their range
_ENDS = 20_000  # beyond, the ends of the spectrum cost as much as a whole fit
_POWERS = 60
_SMALL = 800  # units below which all eigenvalues cost less than a dozen factorisations
_DENSE = 0.05  # a share of links beyond which a factor fills up
_DENSE_LIMIT = 6_000


class Spectrum:
    """The spectrum of W, as far as it is needed.

    Parameters
    ----------
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        Non-negative weights with a zero diagonal.

    Notes
    -----
    W is similar to a symmetric matrix when positive d exist with d_i w_ij = d_j w_ji (row-standardised
    symmetric weights have d_i = the row sum before). The symmetric matrix is then
    s_ij = sqrt(w_ij w_ji), the spectrum is real, and I - rho S is positive definite on the whole
    admissible interval.
    """

    def __init__(self, matrix: sp.csr_matrix) -> None:
        self.matrix = matrix
        self.n = int(matrix.shape[0])
        sums = np.asarray(matrix.sum(axis=1)).ravel()
        self._rows_sum_to_one = bool(np.abs(sums[sums > 0] - 1).max(initial=0.0) < 1e-12)
        # no eigenvalue exceeds the largest row sum
        self.bound = 1.0 if self._rows_sum_to_one else float(sums.max())

    @property
    def is_symmetrisable(self) -> bool:
        """Whether W is similar to a symmetric matrix."""
        return self.log_balance is not None

    @cached_property
    def log_balance(self) -> Array | None:
        """Logarithms of d, with d_i w_ij = d_j w_ji; None where W is not symmetrisable."""
        matrix, other = self.matrix, self._other_way
        if other is None:
            return None
        links = np.diff(matrix.indptr)
        rows = np.repeat(np.arange(self.n, dtype=matrix.indices.dtype), links)
        # the usual cases first: symmetric weights, and rows of equal weights
        first = np.ones(self.n)
        first[links > 0] = matrix.data[matrix.indptr[:-1][links > 0]]
        for height in (np.ones(self.n), first):
            if np.allclose(matrix.data * height[matrix.indices], other * height[rows], rtol=1e-10, atol=0):
                return np.asarray(-np.log(height))
        log_ratio = np.log(matrix.data) - np.log(other)  # of w_ij to w_ji, to be log d_j - log d_i
        potential = _potential(matrix, log_ratio)
        gap = potential[matrix.indices] - potential[rows] - log_ratio
        return potential if np.abs(gap).max(initial=0.0) < 1e-8 else None

    @cached_property
    def _other_way(self) -> Array | None:
        """The weight w_ji of every link ij, or None where one has no way back."""
        matrix, transposed = self.matrix, sp.csr_matrix(self.matrix.T)
        matrix.sort_indices()
        transposed.sort_indices()
        same = np.array_equal(matrix.indptr, transposed.indptr)
        if not (same and np.array_equal(matrix.indices, transposed.indices)):
            return None
        return np.asarray(transposed.data)

    @cached_property
    def similar(self) -> sp.csr_matrix:
        """A symmetric matrix with the spectrum of W if there is one, else W."""
        if not self.is_symmetrisable:
            return self.matrix
        assert self._other_way is not None
        matrix, data = self.matrix, np.sqrt(self.matrix.data * self._other_way)
        del self.__dict__["_other_way"]
        return sp.csr_matrix((data, matrix.indices, matrix.indptr), shape=matrix.shape, copy=False)

    def probes(self, seed: int) -> ProbeStore:
        """Give the random vectors of a seed, and what is known from them."""
        known: dict[int, ProbeStore] = self.__dict__.setdefault("_probes", {})
        if seed not in known:
            known[seed] = ProbeStore(self.similar, self.is_symmetrisable, seed, self._known_vector())
        return known[seed]

    def _known_vector(self) -> Array | None:
        """Give the vector of eigenvalue one where rows sum to one: a constant, or what similarity makes of it."""
        linked = np.diff(self.matrix.indptr) > 0
        if not self._rows_sum_to_one or not (self.is_symmetrisable or linked.all()):
            return None
        if self.log_balance is None:
            return np.full(self.n, 1 / np.sqrt(self.n))
        vector = np.where(linked, np.exp((self.log_balance - self.log_balance.mean()) / 2), 0.0)
        return np.asarray(vector / np.linalg.norm(vector))

    @cached_property
    def traces(self) -> Array:
        """Exact tr(W^q), q = 0 ... 4; to q = 2 where the square of W takes too long."""
        return exact_traces(self.similar, max(affordable_order(self.similar, 4), 2))

    @cached_property
    def eigenvalues(self) -> Array:
        """All eigenvalues, shape (n,)."""
        if self.n > _ALL_EIGENVALUES:
            raise SizeError(
                f"The eigenvalues of {self.n:,} units would need a dense matrix. Use logdet='lu' or 'auto'."
            )
        dense = self.similar.toarray()
        return np.linalg.eigvalsh(dense) if self.is_symmetrisable else np.linalg.eigvals(dense)

    @cached_property
    def interval(self) -> tuple[float, float]:
        """The open interval of admissible rho around zero, in which I - rho W is not singular.

        The reciprocals of the smallest and the largest real eigenvalue. A side on which no real eigenvalue
        is known (none exists, or W is too large: more than 2,000 units, 20,000 if it is symmetrisable) ends where
        |rho| times the spectral radius is one, within which no singularity can lie.
        """
        low, high = self._real_range
        negligible = _NEGLIGIBLE * self.bound
        lower = 1 / low if low < -negligible else -1 / self.radius
        high = self.bound if self._rows_sum_to_one and high > negligible else min(high, self.bound)
        upper = 1 / high if high > negligible else 1 / self.radius
        return float(lower), float(upper)

    @cached_property
    def radius(self) -> float:
        """The largest modulus of an eigenvalue, or a bound on it."""
        if self._rows_sum_to_one or self.n <= _COMPLEX_EIGENVALUES:
            return self.bound
        if self.n > _ENDS:
            return min(self.bound, _bound_on_radius(self.matrix))
        try:
            # a hair wide, so that nothing singular is let in
            root = spectral_radius(self.matrix) * (1 + 1e-9)
        except WeightsError:
            return self.bound
        return min(root, self.bound) if root > _NEGLIGIBLE * self.bound else self.bound

    @property
    def is_open_below(self) -> bool:
        """Whether it is known that no negative rho makes I - rho W singular."""
        return self.knows_ends and self._real_range[0] >= -_NEGLIGIBLE * self.bound

    @property
    def wants_eigenvalues(self) -> bool:
        """Whether all eigenvalues cost less than a few factors: few units, or dense weights of not too many."""
        return self.n <= _SMALL or self.is_dense

    @property
    def is_dense(self) -> bool:
        """Whether so many links fill a sparse factor up, while a dense matrix still fits."""
        return bool(self.matrix.nnz > _DENSE * self.n**2 and self.n <= _DENSE_LIMIT)

    @cached_property
    def can_be_factored(self) -> bool:
        """Whether solutions come from a sparse factor, rather than from many products with W."""
        return self.n <= _ENDS and affordable_factor(self.matrix)

    @property
    def knows_ends(self) -> bool:
        """Whether the ends of the real spectrum are computed."""
        return self.n <= (_ENDS if self.is_symmetrisable else _COMPLEX_EIGENVALUES)

    @cached_property
    def _real_range(self) -> tuple[float, float]:
        """Give the smallest and the largest real eigenvalue (0 for one that is not known)."""
        if not self.knows_ends:
            return 0.0, 0.0
        if self.is_symmetrisable:
            if self.n <= _FEW or self.wants_eigenvalues or "eigenvalues" in self.__dict__:
                return float(self.eigenvalues[0]), float(self.eigenvalues[-1])
            # rows that sum to one have the largest eigenvalue one
            largest = self.bound if self._rows_sum_to_one else self._extreme("LA")
            return self._extreme("SA"), largest
        size = np.abs(self.eigenvalues)
        told = (np.abs(self.eigenvalues.imag) < _IMAGINARY * self.bound) & (size > _ROUNDED_ZERO * size.max())
        real = self.eigenvalues.real[told]
        return float(min(real.min(initial=0.0), 0.0)), float(max(real.max(initial=0.0), 0.0))

    def _extreme(self, which: str) -> float:
        """Give the smallest ("SA") or largest ("LA") eigenvalue of the similar symmetric matrix.

        A rough value by plain iteration, then the exact one by iterating with the inverse just beyond it: the ends
        of the spectrum of a map are crowded, and plain iteration would take many times as long to tell them apart.
        """
        start = np.random.default_rng(0).uniform(0.5, 1.5, self.n)
        try:
            return self._polished(which, start)
        except spla.ArpackError:
            # weights that differ by many orders of magnitude; the bound is safe
            return -self.bound if which == "SA" else self.bound

    def _polished(self, which: str, start: Array) -> float:
        rough = spla.eigsh(
            self.similar, k=1, which=which, v0=start, tol=_ROUGH, ncv=30, return_eigenvectors=False
        )
        shift = float(rough[0]) * (1 + _ROUGH)
        factor = factorise(self.similar, 1 / shift, without_pivoting=True)
        inverse = spla.LinearOperator(
            (self.n, self.n), matvec=lambda x: factor.solve(x) / -shift, dtype=float
        )
        found = spla.eigsh(
            self.similar, k=1, sigma=shift, OPinv=inverse, v0=start, tol=1e-10, return_eigenvectors=False
        )
        return float(found[0])

    def distance_to_singularity(self, rho: float) -> float:
        """Give a radius around rho within which L is analytic in the complex plane."""
        low, high = self.interval
        to_ends = min(rho - low, high - rho)
        if self.is_symmetrisable:
            return to_ends
        if "eigenvalues" in self.__dict__:
            poles = 1 / self.eigenvalues[np.abs(self.eigenvalues) > _NEGLIGIBLE * self.bound]
            return float(np.abs(rho - poles).min(initial=1 / self.bound))
        return 1 / self.radius - abs(rho)

    def is_stable_without_pivoting(self, z: complex) -> bool:
        """Whether I - z S needs no pivoting: positive definite, or diagonally dominant."""
        return self.is_symmetrisable or abs(z) * self.bound < 1


def _bound_on_radius(matrix: sp.csr_matrix) -> float:
    """Give a bound on the spectral radius of non-negative weights (Collatz and Wielandt).

    The largest ratio of W x to x is one for every positive x; powers of W, shifted so that x stays positive, bring it
    near.
    """
    shift = float(matrix.sum()) / matrix.shape[0]
    x, best = np.ones(matrix.shape[0]), np.inf
    for _ in range(_POWERS):
        after = matrix @ x + shift * x
        best = min(best, float((after / x).max()) - shift)
        x = after / after.max()
        np.maximum(x, 1e-200, out=x)
    return best * (1 + 1e-12)


def _potential(matrix: sp.csr_matrix, log_ratio: Array) -> Array:
    """Sum `log_ratio` along the paths of a spanning forest, shape (n,).

    A virtual root joined to one unit of every component makes the forest a tree; pointer doubling then adds
    the paths up in log2(depth) vectorised steps.
    """
    n = matrix.shape[0]
    _, component = csgraph.connected_components(matrix, directed=False)
    first = np.unique(component, return_index=True)[1]
    root_row = sp.csr_matrix((np.ones(len(first)), first, [0, len(first)]), shape=(1, n))
    links = sp.csr_matrix((np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape)
    tree = sp.bmat([[links, root_row.T], [root_row, None]], format="csr")
    _, parent = csgraph.breadth_first_order(tree, n, directed=False)
    parent = parent.astype(np.int64)[:n]
    start = np.flatnonzero(parent < n)
    position = sp.csr_matrix(
        (np.arange(1, matrix.nnz + 1), matrix.indices, matrix.indptr), shape=matrix.shape
    )
    step = np.zeros(n + 1)
    cell = np.asarray(position[parent[start], start]).ravel()
    step[start] = log_ratio[cell - 1]
    pointer = np.append(parent, n)
    while (pointer != n).any():
        step = step + step[pointer]
        pointer = pointer[pointer]
    return step[:n]
