"""Which engine computes the log-determinant."""

from __future__ import annotations

from spatialhealth._typing import LogDet as LogDetName
from spatialhealth.operator.base import LogDet
from spatialhealth.operator.cost import affordable_factor
from spatialhealth.operator.eigen import EigenLogDet
from spatialhealth.operator.guided import GuidedLogDet
from spatialhealth.operator.lanczos import Lanczos, LanczosLogDet
from spatialhealth.operator.lu import LuLogDet
from spatialhealth.operator.spectrum import Spectrum

__all__ = ["choose", "engine"]

_FACTORS = 2_000  # units beyond which the derivatives of an exact engine are read off a few of its values
_GUIDE = Lanczos(probes=8, steps=24)


def choose(spectrum: Spectrum) -> str:
    """Name the engine that costs least for this W: "eigen" or "lu", or "lanczos" where neither can be afforded."""
    if spectrum.wants_eigenvalues:
        return "eigen"
    return "lu" if spectrum.n <= _FACTORS or affordable_factor(spectrum.matrix) else "lanczos"


def engine(spectrum: Spectrum, name: LogDetName | Lanczos) -> LogDet:
    """Build the named engine, or the one that `choose` names."""
    chosen = choose(spectrum) if name == "auto" else name
    if chosen == "eigen":
        return EigenLogDet(spectrum.eigenvalues)
    if chosen == "lu" and spectrum.n <= _FACTORS:
        return LuLogDet(spectrum)
    if chosen == "lu":
        return GuidedLogDet(spectrum, stochastic(spectrum, _GUIDE))
    return stochastic(spectrum, chosen if isinstance(chosen, Lanczos) else Lanczos())


def stochastic(spectrum: Spectrum, options: Lanczos) -> LanczosLogDet:
    """Build the engine that takes random vectors."""
    return LanczosLogDet(spectrum.probes(options.random_state), spectrum.traces, spectrum.bound, options)
