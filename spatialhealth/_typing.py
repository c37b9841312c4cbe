"""Every set of options, written once: checked from here, shown from here."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

__all__ = [
    "Array",
    "Balance",
    "Correction",
    "CovType",
    "Effects",
    "ErrorComponents",
    "ImpactMethod",
    "KernelFunction",
    "LogDet",
    "Missing",
    "Standardise",
]

Array = np.ndarray[Any, np.dtype[Any]]

Effects = Literal["none", "entity", "time", "two-way", "random"]
ErrorComponents = Literal["kkp", "baltagi"]
Correction = Literal["lee-yu", "none"]
CovType = Literal["observed", "expected", "robust", "cluster", "driscoll-kraay"]
Balance = Literal["drop-units", "drop-periods", "interpolate"]
Missing = Literal["raise", "unbalanced", "likelihood"]
LogDet = Literal["auto", "eigen", "lu"]
ImpactMethod = Literal["delta", "simulate"]
Standardise = Literal["row", "spectral"]
KernelFunction = Literal["gaussian", "triangular", "epanechnikov", "quartic", "uniform"]
