"""One model of a study, fitted: its weights, its effects, and what the package said on the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth import errors, models
from spatialhealth.errors import SpatialHealthWarning, StudyError
from spatialhealth.impacts.moderation import moderators_of
from spatialhealth.report.schema import INSTRUMENTED, OPTIONS
from spatialhealth.report.study_changes import changed, with_lags
from spatialhealth.report.study_checks import takes
from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.study_weights import graph_of

if TYPE_CHECKING:
    from spatialhealth.impacts import Impacts

__all__ = ["Fit", "effects_of", "fit_one", "kept", "named", "options_of"]

# what the package refuses, as opposed to what is broken
_REFUSALS = tuple(
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning)
)


_OF_LIKELIHOOD = ("observed", "expected")  # covariances that moments do not have


@dataclass(frozen=True, eq=False)
class Fit:
    """One fitted model of a study.

    Parameters
    ----------
    name : str
        "Main model", or the name of the alternative.
    change : str
        What is other than in the main model.
    data : StudyData
        Layer and table it was fitted to.
    model : fitted estimator
    effects : Impacts
        In a model with the outcome of the period before: those of the short run.
    warnings : tuple of str
        What the package warned of.
    lasting : Impacts, optional
        Effects in the long run, where the model has such.
    """

    name: str
    change: str
    data: StudyData
    model: Any
    effects: Impacts
    warnings: tuple[str, ...]
    lasting: Impacts | None = None


def fit_one(
    study: StudyFile,
    name: str,
    change: str,
    data: StudyData,
    other: Mapping[str, Any],
    weights_path: str,
    model_path: str,
) -> Fit:
    """Build weights and fit; `other` is what an alternative says in place of the main tables."""
    weights = other.get("weights", study.content["weights"])
    asked = {"estimator": study.content["model"]["estimator"], "formula": study.content["model"]["formula"]}
    asked |= {key: other[key] for key in asked if key in other}
    data = changed(study, model_path, data, other, asked["formula"])
    data = with_lags(study, model_path, data, [asked["formula"], *other.get("instruments", ())])
    said: list[str] = []
    with kept(said):
        with named(study, weights_path):
            graph = graph_of(study, weights_path, weights, data)
        with named(study, model_path):
            estimator = getattr(models, asked["estimator"])(weights=graph, **options_of(study, other))
            model = estimator.fit_formula(asked["formula"], data.table)
        with named(study, "impacts"):
            effects = effects_of(study, model)
    short, lasting = getattr(effects, "short_run", effects), getattr(effects, "lasting", None)
    return Fit(name, change, data, model, short, tuple(dict.fromkeys(said)), lasting)


def options_of(study: StudyFile, other: Mapping[str, Any]) -> dict[str, Any]:
    """Give the options of an alternative: its own, and those of the main model that its estimator has."""
    main = study.content["model"]
    estimator = other.get("estimator", main["estimator"])
    options = {key: value for key, value in main.items() if key not in ("estimator", "formula")}
    options |= {key: other[key] for key in (*OPTIONS, "endogenous", "instruments") if key in other}
    if estimator == INSTRUMENTED and options.get("cov_type") in _OF_LIKELIHOOD:
        del options["cov_type"]
    return {key: value for key, value in options.items() if takes(estimator, key)}


def effects_of(study: StudyFile, model: Any) -> Any:
    """Give the effects of a model as the table [impacts] asks for them."""
    part = study.part("impacts")
    asked = {key: part[key] for key in ("level", "method", "draws", "random_state") if key in part}
    formula = model.__dict__.get("_formula")
    known = moderators_of(model.result_.regressors, {} if formula is None else formula.levels)
    at = {name: value for name, value in part.get("at", {}).items() if name in known}
    return model.impacts(**asked, at=at or None)


@contextmanager
def kept(said: list[str]) -> Iterator[None]:
    """Keep the package's own warnings for the report, and pass on all others."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", SpatialHealthWarning)
        yield
    for warning in caught:
        if issubclass(warning.category, SpatialHealthWarning):
            said.append(str(warning.message))
        else:
            warnings.warn(warning.message, warning.category, stacklevel=3)


@contextmanager
def named(study: StudyFile, path: str) -> Iterator[None]:
    """Put the key of the study in front of what the package refuses."""
    try:
        yield
    except StudyError:
        raise
    except _REFUSALS as error:
        where = f"{path}.formula" if isinstance(error, errors.FormulaError) and path == "model" else path
        raise study.wrong(where, str(error)) from error
