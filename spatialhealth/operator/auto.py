"""Which engine computes the log-determinant."""

from __future__ import annotations

from spatialhealth._typing import LogDet as LogDetName
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.eigen import EigenLogDet
from spatialhealth.operator.lu import LuLogDet
from spatialhealth.operator.spectrum import Spectrum

__all__ = ["choose", "engine"]

_SMALL = 800  # all eigenvalues cost less than a dozen factorisations below this
_DENSE = 0.05  # a share of links beyond which a factor fills up
_DENSE_LIMIT = 6_000


def choose(spectrum: Spectrum) -> str:
    """Name the engine that costs least for this W: "eigen" or "lu"."""
    density = spectrum.matrix.nnz / spectrum.n**2
    if spectrum.n <= _SMALL or (density > _DENSE and spectrum.n <= _DENSE_LIMIT):
        return "eigen"
    return "lu"


def engine(spectrum: Spectrum, name: LogDetName) -> LogDet:
    """Build the named engine, or the one that `choose` names."""
    chosen = choose(spectrum) if name == "auto" else name
    return EigenLogDet(spectrum.eigenvalues) if chosen == "eigen" else LuLogDet(spectrum)
