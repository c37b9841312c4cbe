"""From a checked study to its numbers: data, weights, model, effects, contrasts, alternatives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from spatialhealth._blas import one_thread
from spatialhealth._progress import track
from spatialhealth.report.checks import Compared, Grouped, Tested, check_groups, compared, grouped, tested
from spatialhealth.report.fitting import Fit, fit_one, named, options_of
from spatialhealth.report.hospital import Hospital, hospital_of
from spatialhealth.report.schema import OPTIONS
from spatialhealth.report.study_changes import words_of_change
from spatialhealth.report.study_data import StudyData, load_data, mean_of, select
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.study_weights import weights_in_words
from spatialhealth.report.terms import full_name, named_table, with_full_names
from spatialhealth.runs import Shared, Task
from spatialhealth.runs import run as run_tasks

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Results", "run", "say_nothing"]

_MAIN = "Main model"


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
    tested : Tested, optional
        The tests from least squares to the spatial Durbin model.
    comparison : Compared, optional
        The main model's effects with other standard errors.
    regimes : tuple of Grouped
        The main model by groups of units.
    hospital : Hospital, optional
        The four questions of a study of hospitals.
    """

    study: StudyFile
    main: Fit
    alternatives: tuple[Fit, ...]
    contrasts: pd.DataFrame | None
    orders: pd.DataFrame | None
    local: dict[str, pd.DataFrame]
    mapped: dict[str, pd.Series]
    tested: Tested | None = None
    comparison: Compared | None = None
    regimes: tuple[Grouped, ...] = ()
    hospital: Hospital | None = None

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

        frames = [named_table(fit.effects) for fit in self.fits]
        for fit, frame in zip(self.fits, frames, strict=True):
            frame.insert(0, "alternative", fit.name)
        return pd.concat(frames, ignore_index=True)


def say_nothing(text: str) -> None:
    """Say nothing."""


def run(
    study: StudyFile,
    say: Callable[[str], None] = say_nothing,
    n_jobs: int | None = None,
    checkpoint: Any = None,
) -> Results:
    """Compute a study.

    Parameters
    ----------
    study : StudyFile
    say : callable, optional
        Called with a sentence at every step.
    n_jobs : int, optional
        Processes for the alternatives; -1 for all cores. By default what ``joblib.parallel_config`` says, and else
        none but this one. The numbers do not depend on it.
    checkpoint : path-like, optional
        Folder that keeps every alternative as it is done.

    Returns
    -------
    Results

    Raises
    ------
    StudyError
        If the data, the weights or the model refuse what a key asks for; the message names the key.
    CheckpointError
        If the folder is of another run.
    """
    with one_thread():  # so that the same study gives the same bytes
        return _run(study, say, n_jobs, checkpoint)


def _run(study: StudyFile, say: Callable[[str], None], n_jobs: int | None, checkpoint: Any) -> Results:
    say("Reading the data.")
    data = load_data(study)
    study = _with_means(study, data)
    model = study.part("model")
    say(f"Fitting {model['estimator']} to {len(data.table):,} rows of {len(data.units):,} units.")
    main = fit_one(study, _MAIN, "", data, {}, "weights", "model")
    _check_names(study, main)
    check_groups(study, main)
    contrasts, orders = _contrasts(study, main), _orders(study, main)
    local = {}
    for name in track(study.part("maps").get("effects", []), "effects by unit"):
        say(f"Effects of {name} by unit.")
        local[name] = main.effects.local(full_name(main.effects, name) or name)
    checks = tested(study, main, say), compared(study, main, say), grouped(study, main, say)
    hospital = hospital_of(study, main, say, n_jobs)
    alternatives = _alternatives(study, data, say, n_jobs, checkpoint)
    mapped = _mapped(study, main)
    return Results(study, main, alternatives, contrasts, orders, local, mapped, *checks, hospital)


def _with_means(study: StudyFile, data: StudyData) -> StudyFile:
    """Put numbers where [impacts] at asks for the mean of a column: alternatives are read at the same place."""
    at = study.part("impacts").get("at", {})
    if "mean" not in at.values():
        return study
    values = {
        name: mean_of(study, f"impacts.at.{name}", data, name)
        for name, value in at.items()
        if value == "mean"
    }
    content = {**study.content, "impacts": {**study.part("impacts"), "at": {**at, **values}}}
    return replace(study, content=content)


def _alternatives(
    study: StudyFile, data: StudyData, say: Callable[[str], None], n_jobs: int | None, checkpoint: Any
) -> tuple[Fit, ...]:
    """Fit every alternative; what each is of does not depend on the others, or on what the report shows."""
    base = {name: study.part(name) for name in ("model", "weights", "impacts")}
    whole = Shared(study, base)
    table = Shared(data, (data.checksums, study.part("data")))
    tasks = [
        Task(
            f"the alternative {asked['name']!r}",
            (whole, f"robustness[{j}]", asked, table),
            identity=(whole, asked, table),
        )
        for j, asked in enumerate(study.content.get("robustness", []), 1)
    ]
    inputs = {"data": table, **base}
    outcomes = run_tasks(
        "study",
        _alternative,
        tasks,
        "alternatives",
        n_jobs,
        checkpoint,
        inputs,
        finished=lambda task: say(f"Alternative: {task.arguments[2]['name']}."),
    )
    for outcome in outcomes:
        outcome.warn_of_others()
    return tuple(outcome.value for outcome in outcomes)


def _alternative(study: StudyFile, path: str, asked: Mapping[str, Any], data: StudyData) -> Fit:
    with named(study, path):
        part = select(study, path, data, cut=True)
    weights = f"{path}.weights" if "weights" in asked else path
    return fit_one(study, asked["name"], _change(study, asked), part, asked, weights, path)


def _change(study: StudyFile, asked: Mapping[str, Any]) -> str:
    """Say what an alternative changes, and what its estimator has not."""
    said = [f"weights: {weights_in_words(asked['weights'])}"] if "weights" in asked else []
    said += [
        f"{word} {asked[key]}"
        for key, word in (("where", "rows with"), ("where_units", "units with"))
        if key in asked
    ]
    said += words_of_change(asked)
    named_keys = ("estimator", "formula", "endogenous", "instruments", *OPTIONS)
    said += [f"{key}: {_written(asked[key])}" for key in named_keys if key in asked]
    dropped = [
        key for key in OPTIONS if key in study.content["model"] and key not in options_of(study, asked)
    ]
    return "; ".join([*said, *(f"without {key}" for key in dropped)])


def _written(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(value)
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _check_names(study: StudyFile, main: Fit) -> None:
    """Check what is mapped before the time is spent."""
    table, layer = main.data.table, main.data.layer
    for name in study.part("maps").get("effects", []):
        if full_name(main.effects, name) is None:
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
    with named(study, "impacts.contrasts"):
        return pd.concat(
            [main.effects.contrast(with_full_names(main.effects, text)) for text in asked], ignore_index=True
        )


def _orders(study: StudyFile, main: Fit) -> pd.DataFrame | None:
    highest = study.part("impacts").get("orders")
    if highest is None:
        return None
    with named(study, "impacts.orders"):
        return main.effects.by_order(highest)


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
