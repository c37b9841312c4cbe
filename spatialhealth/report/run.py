"""From a checked study to its numbers: data, weights, model, effects, contrasts, alternatives."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth import errors, models
from spatialhealth import weights as builders
from spatialhealth._progress import track
from spatialhealth.errors import SpatialHealthWarning, StudyError
from spatialhealth.report.study_data import StudyData, load_data, select
from spatialhealth.report.study_file import StudyFile

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth.impacts import Impacts

__all__ = ["Fit", "Results", "run", "say_nothing"]

_MAIN = "Main model"
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
    warnings : tuple of str
        What the package warned of.
    """

    name: str
    change: str
    data: StudyData
    model: Any
    effects: Impacts
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Results:
    """All numbers of a study.

    Parameters
    ----------
    study : StudyFile
    main : Fit
    alternatives : tuple of Fit
    contrasts : DataFrame or None
        Linear combinations of effects, as `Impacts.contrast` gives them.
    orders : DataFrame or None
        Effects by order of neighbourhood.
    local : dict of str to DataFrame
        Effects by unit of the regressors that are mapped.
    mapped : dict of str to Series
        Values by unit of the outcome and of the columns that are mapped.
    """

    study: StudyFile
    main: Fit
    alternatives: tuple[Fit, ...]
    contrasts: pd.DataFrame | None
    orders: pd.DataFrame | None
    local: dict[str, pd.DataFrame]
    mapped: dict[str, pd.Series]

    @property
    def fits(self) -> tuple[Fit, ...]:
        """The main model and its alternatives."""
        return (self.main, *self.alternatives)

    def to_frame(self) -> pd.DataFrame:
        """Give the effects under the main model and every alternative.

        Returns
        -------
        DataFrame
            The columns of `Impacts.table`, behind `alternative`: the name of the fit.
        """
        import pandas as pd

        frames = [fit.effects.table for fit in self.fits]
        for fit, frame in zip(self.fits, frames, strict=True):
            frame.insert(0, "alternative", fit.name)
        return pd.concat(frames, ignore_index=True)


def say_nothing(text: str) -> None:
    """Say nothing."""


def run(study: StudyFile, say: Callable[[str], None] = say_nothing) -> Results:
    """Compute a study.

    Parameters
    ----------
    study : StudyFile
    say : callable, optional
        Called with a sentence at every step.

    Returns
    -------
    Results

    Raises
    ------
    StudyError
        If the data, the weights or the model refuse what a key asks for; the message names the key.
    """
    with _one_thread():
        return _run(study, say)


def _run(study: StudyFile, say: Callable[[str], None]) -> Results:
    say("Reading the data.")
    data = load_data(study)
    model = study.part("model")
    say(f"Fitting {model['estimator']} to {len(data.table):,} rows of {len(data.units):,} units.")
    main = _fit(study, _MAIN, "", data, {}, "weights", "model")
    _check_names(study, main)
    contrasts, orders = _contrasts(study, main), _orders(study, main)
    local = {}
    for name in track(study.part("maps").get("effects", []), "effects by unit"):
        say(f"Effects of {name} by unit.")
        local[name] = main.effects.local(name)
    alternatives = []
    for j, asked in enumerate(track(study.content.get("robustness", []), "alternatives"), 1):
        say(f"Alternative: {asked['name']}.")
        alternatives.append(_alternative(study, f"robustness[{j}]", asked, data))
    return Results(study, main, tuple(alternatives), contrasts, orders, local, _mapped(study, main))


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let linear algebra run on one core, where that can be asked for.

    Sums are then taken in the same order on every machine, so that the same study gives the same bytes; and many
    small solves are faster, for threads that share a busy machine wait for each other.
    """
    try:
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]
    except ImportError:
        yield
        return
    with threadpool_limits(limits=1, user_api="blas"):
        yield


def _fit(
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
    asked = study.content["model"] | {
        key: other[key] for key in ("estimator", "effects", "formula") if key in other
    }
    options = {key: value for key, value in asked.items() if key not in ("estimator", "formula")}
    estimator = getattr(models, asked["estimator"])
    if asked["estimator"] == "SpatialLag":
        options.pop("durbin", None)
    said: list[str] = []
    with _kept(said):
        with _named(study, weights_path):
            graph = _graph(weights, data.layer)
        with _named(study, model_path):
            model = estimator(weights=graph, **options).fit_formula(asked["formula"], data.table)
        with _named(study, "impacts"):
            wanted = ("level", "method", "draws", "random_state")
            part = study.part("impacts")
            effects = model.impacts(**{key: part[key] for key in wanted if key in part})
    return Fit(name, change, data, model, effects, tuple(dict.fromkeys(said)))


def _alternative(study: StudyFile, path: str, asked: Mapping[str, Any], data: StudyData) -> Fit:
    with _named(study, path):
        part = select(study, path, data, cut=True)
    weights = f"{path}.weights" if "weights" in asked else path
    return _fit(study, asked["name"], _change(asked), part, asked, weights, path)


def _change(asked: Mapping[str, Any]) -> str:
    """Say what an alternative changes."""
    said = [f"weights: {weights_in_words(asked['weights'])}"] if "weights" in asked else []
    said += [
        f"{word} {asked[key]}"
        for key, word in (("where", "rows with"), ("where_units", "units with"))
        if key in asked
    ]
    said += [f"{key}: {asked[key]}" for key in ("estimator", "effects", "formula") if key in asked]
    return "; ".join(said)


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
def _kept(said: list[str]) -> Iterator[None]:
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
def _named(study: StudyFile, path: str) -> Iterator[None]:
    """Put the key of the study in front of what the package refuses."""
    try:
        yield
    except StudyError:
        raise
    except _REFUSALS as error:
        where = f"{path}.formula" if isinstance(error, errors.FormulaError) and path == "model" else path
        raise study.wrong(where, str(error)) from error


def _check_names(study: StudyFile, main: Fit) -> None:
    """Check what is mapped before the time is spent."""
    table, layer = main.data.table, main.data.layer
    for name in study.part("maps").get("effects", []):
        if name not in main.effects.variables:
            raise study.wrong(
                "maps.effects", f"no regressor {name!r}. There are: {', '.join(main.effects.variables)}."
            )
    for name in study.part("maps").get("columns", []):
        if name not in table.columns and name not in layer.columns:
            listed = ", ".join(dict.fromkeys([*table.columns, *layer.columns.drop(layer.geometry.name)]))
            raise study.wrong("maps.columns", f"no column {name!r} in table or layer. There are: {listed}.")
        if (table[name] if name in table.columns else layer[name]).dtype.kind not in "iufb":
            raise study.wrong("maps.columns", f"the column {name!r} does not hold numbers.")

    mapped = [main.model.result_.response, *study.part("maps").get("columns", [])]
    for name in study.part("maps").get("labels", {}):
        if name not in mapped:
            raise study.wrong(f"maps.labels.{name}", f"is not mapped. What is: {', '.join(mapped)}.")


def _contrasts(study: StudyFile, main: Fit) -> pd.DataFrame | None:
    import pandas as pd

    asked = study.part("impacts").get("contrasts", [])
    if not asked:
        return None
    with _named(study, "impacts.contrasts"):
        return pd.concat([main.effects.contrast(text) for text in asked], ignore_index=True)


def _orders(study: StudyFile, main: Fit) -> pd.DataFrame | None:
    highest = study.part("impacts").get("orders")
    return None if highest is None else main.effects.by_order(highest)


def _mapped(study: StudyFile, main: Fit) -> dict[str, pd.Series]:
    """Give the mean by unit of the outcome, as it is in the model, and of the columns asked for."""
    import pandas as pd

    result, data, maps = main.model.result_, main.data, study.part("maps")
    values: dict[str, Any] = {}
    if maps.get("outcome", True):
        values[result.response] = pd.Series(result.y.mean(axis=0), index=pd.Index(result.units))
    for name in maps.get("columns", []):
        values[name] = (
            data.table[name].groupby(level=0).mean() if name in data.table.columns else data.layer[name]
        )
    return values
