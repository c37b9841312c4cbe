"""What the four questions come to, as frozen results."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import ndtr

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth.heterogeneity import Regimes
    from spatialhealth.imbalance import Clusters, Concentration, Measures, UtilisationGap
    from spatialhealth.impacts import Impacts
    from spatialhealth.mediation import Mediation
    from spatialhealth.report.fitting import Fit
    from spatialhealth.scenario import Replay, Triage

__all__ = ["Answer", "Attraction", "Empowerment", "Hospital", "Imbalance", "Subset"]


@dataclass(frozen=True)
class Answer:
    """One number that answers a question, and how sure it is.

    Parameters
    ----------
    finding : str
        "attraction", "gap", "imbalance", "heterogeneity" or "empowerment".
    what : str
        What the number is, in words.
    expected : int
        The sign that the hypothesis has: 1 or -1.
    estimate, std_error, ci_low, ci_high, p_value : float
        The p value is that of the null hypothesis that the number is zero, against both sides; NaN where the
        interval is of a bootstrap.
    """

    finding: str
    what: str
    expected: int
    estimate: float
    std_error: float
    ci_low: float
    ci_high: float
    p_value: float = float("nan")

    @property
    def holds(self) -> bool:
        """Whether the interval lies wholly on the side that the hypothesis has."""
        return self.ci_low > 0 if self.expected > 0 else self.ci_high < 0

    @classmethod
    def of_row(cls, finding: str, what: str, expected: int, row: Any) -> Answer:
        """Read a row of a table of effects."""
        return cls(
            finding, what, expected, float(row["estimate"]), float(row["std_error"]), float(row["ci_low"]),
            float(row["ci_high"]), float(row.get("p_value", float("nan"))),
        )  # fmt: skip

    @classmethod
    def normal(
        cls, finding: str, what: str, expected: int, estimate: float, std_error: float, level: float
    ) -> Answer:
        """Make the interval by the normal distribution."""
        from scipy.special import ndtri

        half = float(ndtri((1 + level) / 2)) * std_error
        p = 2 * float(ndtr(-np.abs(estimate / std_error)))
        return cls(finding, what, expected, estimate, std_error, estimate - half, estimate + half, p)


@dataclass(frozen=True, eq=False)
class Attraction:
    """Effects by tier, and their differences.

    Parameters
    ----------
    effects : Impacts
        At the means of moderator and subset, if the model has products with these.
    names : dict of str to str
        Names of the two tiers, "high" and "primary", among the effects.
    at : dict of str to float
        These means.
    contrast : DataFrame
        High less primary: direct, indirect, total.
    """

    effects: Impacts
    names: dict[str, str]
    at: dict[str, float]
    contrast: pd.DataFrame


@dataclass(frozen=True, eq=False)
class Imbalance:
    """The gap between the tiers, how unequal the resource is, and what mobility has to do with the gap.

    Parameters
    ----------
    gap : UtilisationGap
    measures : dict of str to Measures
        Gini, Theil and concentration indices, by what they are.
    concentration : Concentration or None
    clusters : Clusters
        LISA of the gap in the last period.
    fit : Fit
        The model of the gap.
    mobility : Fit
        The model of mobility on the same units.
    mediation : Mediation
    units : int
        How many units have both utilisations.
    """

    gap: UtilisationGap
    measures: dict[str, Measures]
    concentration: Concentration | None
    clusters: Clusters
    fit: Fit
    mobility: Fit
    mediation: Mediation
    units: int


@dataclass(frozen=True, eq=False)
class Subset:
    """The same model by group, with coefficients of its own in each.

    Parameters
    ----------
    flag : str
    titles : tuple of two str
        The rest, and the subset.
    formula : str
        That of the study without the products with the flag.
    centred : dict of str to float
        Moderators that are measured from their mean, and these means.
    regimes : Regimes
    """

    flag: str
    titles: tuple[str, str]
    formula: str
    centred: dict[str, float]
    regimes: Regimes


@dataclass(frozen=True, eq=False)
class Empowerment:
    """What digital diagnosis changes.

    Parameters
    ----------
    moderator : str
    attraction : Impacts or None
        Effects of the main model at values of the moderator.
    attraction_contrast : DataFrame or None
        The high tier's effect at the highest value less that at the lowest.
    gap : Impacts or None
        The same of the model of the gap.
    gap_contrast : DataFrame or None
    replays : tuple of Replay
        Of the outcome, one a scenario.
    gap_replays : tuple of Replay
        Of the gap, where a scenario changes what its model reads.
    comparison : DataFrame or None
        The scenarios side by side.
    triage : Triage or None
    """

    moderator: str
    attraction: Impacts | None
    attraction_contrast: pd.DataFrame | None
    gap: Impacts | None
    gap_contrast: pd.DataFrame | None
    replays: tuple[Replay, ...]
    gap_replays: tuple[Replay, ...]
    comparison: pd.DataFrame | None
    triage: Triage | None


@dataclass(frozen=True, eq=False)
class Hospital:
    """All four questions.

    Parameters
    ----------
    attraction : Attraction
    imbalance : Imbalance or None
    subset : Subset or None
    empowerment : Empowerment or None
    answers : tuple of Answer
    limits : tuple of str
        What the data cannot support, as the study says.
    warnings : tuple of str
        What the package warned of on the way.
    called : dict of str to str
        What the tiers "high" and "primary" are called.
    """

    attraction: Attraction
    imbalance: Imbalance | None
    subset: Subset | None
    empowerment: Empowerment | None
    answers: tuple[Answer, ...]
    limits: tuple[str, ...]
    called: Mapping[str, str]
    warnings: tuple[str, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give the answers, one row each.

        Returns
        -------
        DataFrame
            Columns: finding, what, estimate, std_error, ci_low, ci_high, p_value, expected (+ or -), holds.
        """
        import pandas as pd

        return pd.DataFrame(
            {
                "finding": [each.finding for each in self.answers],
                "what": [each.what for each in self.answers],
                "estimate": [each.estimate for each in self.answers],
                "std_error": [each.std_error for each in self.answers],
                "ci_low": [each.ci_low for each in self.answers],
                "ci_high": [each.ci_high for each in self.answers],
                "p_value": [each.p_value for each in self.answers],
                "expected": ["+" if each.expected > 0 else "-" for each in self.answers],
                "holds": [each.holds for each in self.answers],
            }
        )
