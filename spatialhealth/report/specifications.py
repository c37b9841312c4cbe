"""One effect under the main model and every alternative, and what each is made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spatialhealth import maps
from spatialhealth.report.drawing import Drawing
from spatialhealth.report.study_weights import weights_in_words
from spatialhealth.report.terms import full_name, named_table

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth.report.run import Results

__all__ = ["specification_drawing", "specifications"]

_OF_DATA = ("where", "where_units", "winsorise", "lag", "formula")


def specifications(results: Results, variable: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Give the total effect of a regressor under every specification, and the choices behind each.

    Parameters
    ----------
    results : Results
    variable : str
        A regressor; where a model holds it at values of moderators, its effect there.

    Returns
    -------
    estimates : DataFrame
        Indexed by specification: estimate, std_error, ci_low, ci_high.
    choices : DataFrame
        Indexed by specification: Weights, Model, Data.
    """
    import pandas as pd

    asked = [{}, *results.study.content.get("robustness", [])]
    estimates, choices = {}, {}
    for fit, other in zip(results.fits, asked, strict=True):
        full = full_name(fit.effects, variable)
        if full is None:
            continue
        table = named_table(fit.effects)
        row = table[(table["variable"] == full) & (table["effect"] == "total")].iloc[0]
        estimates[fit.name] = row[["estimate", "std_error", "ci_low", "ci_high"]].astype(float)
        choices[fit.name] = _choices(results, other)
    return pd.DataFrame(estimates).T, pd.DataFrame(choices).T


def specification_drawing(results: Results, variable: str) -> Drawing:
    """Draw the specification curve of one regressor."""
    estimates, choices = specifications(results, variable)
    level, main = results.main.effects.level, results.main
    figure = maps.specification_curve(
        estimates, choices, main=main.name, label=f"Total effect, {level:.0%} interval",
        title=f"Total effect of {variable} under {len(estimates)} specifications", note=main.data.note,
    )  # fmt: skip
    return Drawing(
        "specifications",
        figure,
        f"Total effect of {variable} under every specification, from the least to the greatest, with {level:.0%} "
        "intervals; squares below say what each is made of. The main model is marked.",
        "Dots with intervals. "
        + " ".join(f"{name}: {row['estimate']:.3g}." for name, row in estimates.iterrows()),
    )


def _choices(results: Results, other: Mapping[str, Any]) -> dict[str, str]:
    """Say what a specification is made of; what an alternative changes goes by the alternative's name."""
    content = results.study.content
    model = content["model"] | {
        key: other[key] for key in ("estimator", "effects", "dynamic") if key in other
    }
    said = [model["estimator"]]
    if model.get("effects", "none") != content["model"].get("effects", "none"):
        said.append(f"{model['effects']} effects")
    said += [f"dynamic ({model['dynamic']})"] if "dynamic" in model else []
    data = any(key in other for key in _OF_DATA)
    return {
        "Weights": other["name"] if "weights" in other else weights_in_words(content["weights"]),
        "Model": ", ".join(said),
        "Data": other["name"] if data else "as in the main model",
    }
