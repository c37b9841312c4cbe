"""Every set of options, written once: checked from here, shown from here."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

__all__ = [
    "Array",
    "Balance",
    "CoefficientPrior",
    "Correction",
    "CovType",
    "Deterrence",
    "Dynamic",
    "Effects",
    "ErrorComponents",
    "FlowCovariance",
    "FlowDependence",
    "FlowDirection",
    "FlowEffects",
    "Horizon",
    "ImpactMethod",
    "Intraregional",
    "KernelFunction",
    "LogDet",
    "Missing",
    "ParameterPrior",
    "SpatialErrorMoments",
    "Standardise",
]

Array = np.ndarray[Any, np.dtype[Any]]

Effects = Literal["none", "entity", "time", "two-way", "random"]
ErrorComponents = Literal["kkp", "baltagi"]
Correction = Literal["lee-yu", "none"]
CovType = Literal["observed", "expected", "robust", "cluster", "driscoll-kraay"]
Dynamic = Literal["time", "space-time", "both"]
Horizon = Literal["short-run", "long-run"]
Balance = Literal["drop-units", "drop-periods", "interpolate"]
Missing = Literal["raise", "unbalanced", "likelihood"]
LogDet = Literal["auto", "eigen", "lu", "lanczos"]
CoefficientPrior = Literal["g-prior", "diffuse"]
ParameterPrior = Literal["uniform", "beta"]
SpatialErrorMoments = Literal["none", "gmm", "kelejian-prucha"]
ImpactMethod = Literal["delta", "simulate"]
Standardise = Literal["row", "spectral"]
KernelFunction = Literal["gaussian", "triangular", "epanechnikov", "quartic", "uniform"]
FlowDirection = Literal["from", "to"]
FlowEffects = Literal["both", "origin", "destination", "none"]
FlowCovariance = Literal["poisson", "robust", "cluster"]
Deterrence = Literal["power", "exponential"]
FlowDependence = Literal["full", "separable", "additive", "destination", "origin", "network", "none"]
Intraregional = Literal["constant", "regressors", "none"]
