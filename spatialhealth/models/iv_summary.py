"""What a summary says of instruments instead of a likelihood."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from spatialhealth._format import number, p_value
from spatialhealth.errors import some
from spatialhealth.models.summary import Summary
from spatialhealth.moments import Overidentification, Strength

__all__ = ["IVSummary", "InstrumentTests"]

_NOT_AVAILABLE = "not available: fewer clusters or periods than instruments"
_WEAK = 10.0  # F below which Staiger and Stock's rule of thumb calls instruments weak
_OF_A_LIKELIHOOD = ("Likelihood of", "Log-determinant", "Log-likelihood", "AIC", "BIC")


@dataclass(frozen=True, eq=False)
class InstrumentTests:
    """The instruments, and what tests say of them.

    Parameters
    ----------
    instruments, endogenous : tuple of str
    strength : Strength
    over : Overidentification
    classical : bool
        Whether errors are taken to be alike and independent.
    """

    instruments: tuple[str, ...]
    endogenous: tuple[str, ...]
    strength: Strength
    over: Overidentification
    classical: bool

    @property
    def rank_name(self) -> str:
        """Whose rank statistic it is."""
        return "Cragg-Donald" if self.classical else "Kleibergen-Paap"

    @property
    def weak(self) -> str:
        """Which first stages are weak, an F below ten; nothing if none is."""
        named = zip(self.endogenous, self.strength.partial_f, strict=True)
        found = [f"{name} F = {value:.2f}" for name, value in named if value < _WEAK]
        if self.strength.rank_f < _WEAK:
            found.append(f"{self.rank_name} F = {self.strength.rank_f:.2f}")
        return ", ".join(found)

    @property
    def over_name(self) -> str:
        """Whose test of over-identification it is."""
        return "Sargan" if self.classical else "Hansen J"

    def rows(self) -> list[tuple[str, float, int, float, str]]:
        """Give name, statistic, degrees of freedom, p and null of each test; an F of strength has no p."""
        size, nothing = len(self.instruments), float("nan")
        first = [
            (f"first-stage F: {name}", float(value), size, nothing, f"the instruments do not explain {name}")
            for name, value in zip(self.endogenous, self.strength.partial_f, strict=True)
        ]
        strength, over = self.strength, self.over
        return [
            *first,
            (
                f"{self.rank_name} F", strength.rank_f, size, nothing,
                "the instruments are weak for the endogenous columns together",
            ),
            (
                "under-identification", strength.wald, strength.df, strength.p_value,
                "the instruments do not tell the endogenous columns apart",
            ),
            (self.over_name, over.statistic, over.df, over.p_value, "all instruments are exogenous"),
        ]  # fmt: skip

    def facts(self) -> dict[str, str]:
        """Give the lines of a summary."""
        strength = self.strength
        first = [
            f"{name} F = {value:.2f}" for name, value in zip(self.endogenous, strength.partial_f, strict=True)
        ]
        rank = _test(strength.wald, strength.df, strength.p_value)
        return {
            "Instruments": f"{len(self.instruments)}: {some(self.instruments)}".replace("'", ""),
            "First stage": ", ".join(first) if np.isfinite(strength.partial_f).all() else _NOT_AVAILABLE,
            "Weak instruments": f"{'YES, F below 10: ' if self.weak else ''}{self.rank_name} F = "
            f"{strength.rank_f:.2f}; under-identification {rank}"
            if np.isfinite(strength.wald)
            else _NOT_AVAILABLE,
            "Over-identification": self._over(),
        }

    def _over(self) -> str:
        if self.over.df == 0:
            return "as many instruments as coefficients, nothing to test"
        if np.isnan(self.over.statistic):
            return _NOT_AVAILABLE
        return f"{self.over_name} {_test(self.over.statistic, self.over.df, self.over.p_value)}"


def _test(statistic: float, df: int, p: float) -> str:
    written = p_value(p)
    return f"chi2({df}) = {number(statistic)}, p {'' if written.startswith('<') else '= '}{written}".replace(
        "<", "< "
    )


class IVSummary(Summary):
    """Summary of a model estimated by instrumental variables."""

    @property
    def title(self) -> str:
        """Name of the model and of its outcome."""
        kind = "Spatial Durbin model" if self._result.lagged else "Spatial lag model"
        errors = " with spatial errors" if "lambda" in self._result.position else ""
        return f"{kind}{errors} by instrumental variables (SpatialIV) of {self._result.response}"

    def _covariance(self) -> str:
        return self._result.facts["Covariance"]

    @property
    def facts(self) -> dict[str, str]:
        """What a reader must know beside the coefficients: no likelihood, but instruments."""
        result, within = self._result, self._result.within
        facts = {}
        for label, text in super().facts.items():
            if label == "Effects" and result.effects != "none":
                facts[label] = f"{result.effects}, taken out of all columns"
            elif label == "Likelihood of":
                apart = f", {within.absorbed} fixed effects" if within.absorbed else ""
                facts["Observations"] = f"{within.n * within.t:,}{apart}"
            elif label == "Log-determinant":
                facts["Admissible"] = text.split("(exact), ")[1]
            elif label not in _OF_A_LIKELIHOOD:
                facts[label] = text
        if not result.has_reduced_form:
            facts["Pseudo R2"] = "none: rho lies outside the admissible interval"
        return facts
