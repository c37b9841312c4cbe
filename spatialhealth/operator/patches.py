"""Diagonals of the inverse from neighbourhoods: what leaves a wide surrounding of a unit hardly ever comes back."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import scipy.sparse as sp
import scipy.sparse.csgraph as csgraph

from spatialhealth._blas import one_thread
from spatialhealth._progress import track
from spatialhealth._typing import Array
from spatialhealth._validation import random_generator
from spatialhealth.operator.factor import STEP, factorise
from spatialhealth.operator.selected import inverse_diagonal
from spatialhealth.operator.spectrum import Spectrum

__all__ = ["from_patches", "parts_of"]

_PART = 16_000  # units whose diagonal one patch gives: fewer lie near its border, more fill its factors up
_PATCH = 64_000  # units of a patch, its margin included
_COMPACT = 1 / 3  # neighbours of a part for each of its units, beyond which it is no place on a map
_ENOUGH = 1e-3
_MARGINS = (6, 9, 13, 19, 28, 40, 60)  # orders of neighbours
_PROBES = 16
_SURE = 2.5  # |u|^2 is a mean of 16 squares, which falls short of 1 / 2.5 of it in one of a hundred cases


def from_patches(spectrum: Spectrum, rho: float, random_state: Any = 0) -> tuple[Array, Array, Array] | None:
    """Give the diagonal of A^-1, A = I - rho W, its slope in rho, and how far the diagonal may be off.

    Parameters
    ----------
    spectrum : Spectrum
        Of W; I - rho W needs no pivoting.
    rho : float
        Inside the admissible interval.
    random_state : int or numpy.random.Generator, default 0
        Seed of the signs that measure the error; the diagonal does not depend on it but for how wide margins are.

    Returns
    -------
    value, slope, error : ndarray of shape (n,), or None
        None where the surroundings of some units soon hold all others. `error` is an upper limit, which one unit in
        a hundred may exceed; zero where a patch holds all that is linked to a unit.

    Notes
    -----
    Units are parted into compact sets, and each set gets a margin of some orders of neighbours. The inverse for such
    a patch P alone leaves out the walks that leave P and come back, u' (A^-1)_OO v with u and v what arrives outside
    of it, O: no more than |u| |v| times the norm of (A^-1)_OO. |u|^2 and |v|^2 are estimated with random signs
    outside, and the norm is taken as 1 / (1 - |rho| times a bound on the spectral radius), which it does not exceed
    for a symmetrisable W. Margins grow until the error is a thousandth of the diagonal's distance from one, if a
    patch can hold them.
    """
    matrix = spectrum.similar
    transposed = matrix if spectrum.is_symmetrisable else sp.csr_matrix(matrix.T)
    links = sp.csr_matrix(abs(matrix) + abs(transposed))
    rng = random_generator("effects by unit", random_state)
    signs = rng.integers(0, 2, (spectrum.n, _PROBES), dtype=np.int8).astype(np.float32) * 2 - 1
    scale = _SURE / _slack(spectrum, rho)
    found, error = np.empty(spectrum.n, dtype=complex), np.empty(spectrum.n)
    enough = 0
    for part in track(parts_of(links, _PART), "effects by unit"):
        rings, place = _surroundings(links, part), slice(0, len(part))
        if rings is None:
            return None
        possible = [margin for margin in _MARGINS if margin < len(rings)]
        for margin in [m for m in possible if m >= enough] or possible[-1:]:
            patch = np.concatenate(rings[: margin + 1])
            inner = sp.csr_matrix(matrix[patch][:, patch])
            found[part] = inverse_diagonal(inner, complex(rho, STEP))[place]
            error[part] = _returning(inner, matrix, transposed, patch, rho, signs)[place] * scale
            if np.linalg.norm(error[part]) <= _ENOUGH * np.linalg.norm(found[part].real - 1):
                break
        enough = margin  # what is too narrow here is so elsewhere
    return found.real, found.imag / STEP, error


def _slack(spectrum: Spectrum, rho: float) -> float:
    """Give the smallest eigenvalue of A, or a bound below it."""
    if abs(rho) * spectrum.bound < 1:
        return 1 - abs(rho) * spectrum.bound
    low, high = spectrum.interval
    return 1 - max(rho / low, rho / high)


def _returning(
    inner: sp.csr_matrix,
    matrix: sp.csr_matrix,
    transposed: sp.csr_matrix,
    patch: Array,
    rho: float,
    signs: Array,
) -> Array:
    """Estimate |u| |v| for every unit of a patch, shape (p,)."""
    inside = signs[patch].copy()
    signs[patch] = 0.0
    leaving = rho * (matrix[patch] @ signs)
    entering = leaving if transposed is matrix else rho * (transposed[patch] @ signs)
    signs[patch] = inside
    with one_thread():
        factor = factorise(inner, rho, without_pivoting=True)
        out = np.square(factor.solve(leaving.astype(float))).mean(axis=1)
        if transposed is matrix:
            return np.asarray(out)
        back = np.square(factor.solve(entering.astype(float), "T")).mean(axis=1)
    return np.asarray(np.sqrt(out * back))


def _surroundings(links: sp.csr_matrix, part: Array) -> list[Array] | None:
    """Give the units of a part and those of the orders of neighbours around it, as many as a patch can hold.

    None if the next ones are too many for a part of a map, or hardly any order can be held.
    """
    inside = np.zeros(links.shape[0], dtype=bool)
    inside[part] = True
    rings, size = [part], len(part)
    while len(rings) <= _MARGINS[-1]:
        near = np.unique(links[rings[-1]].indices)
        near = near[~inside[near]]
        size += len(near)
        if size > _PATCH or (len(rings) == 1 and len(near) > _COMPACT * len(part)):
            break
        inside[near] = True
        rings.append(near)
    return rings if len(rings) > _MARGINS[0] else None


def parts_of(links: sp.csr_matrix, size: int) -> list[Array]:
    """Part the units into compact sets: halves by distance from a unit at the edge, time and again.

    Parameters
    ----------
    links : scipy.sparse.csr_matrix of shape (n, n)
        Symmetric.
    size : int
        Units in a set, at most; up to twice as many where the set is made of whole components.

    Returns
    -------
    list of ndarray
        Units of each set; together, all units once.
    """
    _, component = csgraph.connected_components(links, directed=False)
    count = np.bincount(component)
    small = count <= size
    bins = np.cumsum(np.where(small, count, 0)) // size
    together = np.where(small, bins, bins.max() + 1 + np.arange(len(count)))[component]
    order = np.argsort(together, kind="stable")
    parts: list[Array] = []
    for group in np.split(order, np.flatnonzero(np.diff(together[order])) + 1):
        parts.extend([group] if small[component[group[0]]] else _halved(links, group, size))
    return parts


def _halved(links: sp.csr_matrix, units: Array, size: int) -> Iterator[Array]:
    if len(units) <= size:
        yield units
        return
    inner = sp.csr_matrix(links[units][:, units])
    _, component = csgraph.connected_components(inner, directed=False)
    start = int(np.flatnonzero(component == np.bincount(component).argmax())[0])
    for _ in range(2):  # the last unit that is reached lies at an edge
        reached = csgraph.breadth_first_order(inner, start, return_predecessors=False)
        start = int(reached[-1])
    others = np.setdiff1d(np.arange(len(units)), reached)
    order = units[np.concatenate([reached, others])]
    for half in np.array_split(order, 2):
        yield from _halved(links, half, size)
