"""Every set of options, written once: checked from here, shown from here."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

__all__ = [
    "Array",
    "CoefficientPrior",
    "Correction",
    "CovType",
    "Effects",
    "ErrorComponents",
    "ImpactMethod",
    "KernelFunction",
    "LogDet",
    "ParameterPrior",
    "Standardise",
]

Array = np.ndarray[Any, np.dtype[Any]]

Effects = Literal["none", "entity", "time", "two-way", "random"]
ErrorComponents = Literal["kkp", "baltagi"]
Correction = Literal["lee-yu", "none"]
CovType = Literal["observed", "expected", "robust", "cluster", "driscoll-kraay"]
LogDet = Literal["auto", "eigen", "lu"]
CoefficientPrior = Literal["g-prior", "diffuse"]
ParameterPrior = Literal["uniform", "beta"]
ImpactMethod = Literal["delta", "simulate"]
Standardise = Literal["row", "spectral"]
KernelFunction = Literal["gaussian", "triangular", "epanechnikov", "quartic", "uniform"]
