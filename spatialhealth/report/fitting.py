"""One model of a study, fitted: its weights, its effects, and what the package said on the way."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth import errors, models
from spatialhealth import weights as builders
from spatialhealth.errors import SpatialHealthWarning, StudyError
from spatialhealth.report.schema import OPTIONS
from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import StudyFile, takes

if TYPE_CHECKING:
    from spatialhealth.impacts import Impacts

__all__ = ["Fit", "effects_of", "fit_one", "kept", "named", "options_of", "weights_in_words"]

# what the package refuses, as opposed to what is broken
_REFUSALS = tuple(
    kind
    for kind in (getattr(errors, name) for name in errors.__all__)
    if isinstance(kind, type) and issubclass(kind, Exception) and not issubclass(kind, Warning)
)


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
    said: list[str] = []
    with kept(said):
        with named(study, weights_path):
            graph = _graph(weights, data.layer)
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
    options |= {key: other[key] for key in OPTIONS if key in other}
    return {key: value for key, value in options.items() if takes(estimator, key)}


def effects_of(study: StudyFile, model: Any) -> Any:
    """Give the effects of a model as the table [impacts] asks for them."""
    part = study.part("impacts")
    return model.impacts(
        **{key: part[key] for key in ("level", "method", "draws", "random_state") if key in part}
    )


def weights_in_words(asked: Mapping[str, Any]) -> str:
    """Write a table of weights as one short phrase."""
    kind = asked["kind"]
    if kind == "contiguity":
        said = "contiguity by edges (rook)" if asked.get("rook") else "contiguity by edges or corners (queen)"
    elif kind == "knn":
        said = f"{asked['k']} nearest neighbours"
    elif kind == "distance_band":
        said = f"neighbours within {asked['threshold']:,} m"
    elif kind == "inverse_distance":
        said = f"inverse distance, power {asked.get('power', 1)}"
    else:
        said = f"{asked.get('function', 'gaussian')} kernel, bandwidth {asked['bandwidth']:,} m"
    if asked.get("order", 1) > 1:
        said += f", order {asked['order']}" + (" and lower ones" if asked.get("lower_order") else "")
    if "cutoff" in asked:
        said += f", up to {asked['cutoff']:,} m"
    standard = {"row": "", "none": ", not standardised", "spectral": ", spectrally standardised"}
    return said + standard[asked.get("standardise", "row")]


def _graph(asked: Mapping[str, Any], layer: Any) -> Any:
    options = {key: value for key, value in asked.items() if key != "kind"}
    if options.get("standardise") == "none":
        options["standardise"] = None
    return getattr(builders, asked["kind"])(layer, **options)


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
