"""Study files: one TOML file that says which data, weights, model, effects, alternatives and maps.

::

    title = "Hospitals and migration"           # needed
    question = "What was asked, in words."
    author = "Who asked."

    [data]                                      # needed: a dataset, or a layer and a table
    dataset = "hospital_panel"                  # see spatialhealth.report.DATASETS
    layer = "cities.gpkg"                       # gpkg, geojson or shp; beside the study file
    layer_name = "cities"                       # which layer of the file, when it has several
    table = "panel.csv"                         # csv or parquet; without it, the layer's own columns
    id = "city"                                 # column of layer and table that names the unit
    time = "year"                               # column that names the period; none for a cross-section
    units = "all"                               # "table": leave out units of the layer that the table lacks
    where = "year >= 2015"                      # rows of the table, as pandas' query reads it
    where_units = "province == 'Guangdong'"     # units of the layer, by its columns
    simulated = false                           # true is written on every figure and page
    source = "Who made the data."

    [weights]                                   # needed
    kind = "contiguity"                         # order, rook, lower_order
                                                # "knn": k
                                                # "distance_band": threshold (metres)
                                                # "inverse_distance": power, cutoff (metres)
                                                # "kernel": bandwidth (metres), function, cutoff
    standardise = "row"                         # "spectral" or "none"

    [model]                                     # needed
    estimator = "SpatialDurbin"                 # "SLX", "SpatialLag", "SpatialError", "SpatialDurbinError",
                                                # "SpatialCombined", "GeneralNesting"
    formula = "log(y) ~ log(x) + z"
    effects = "two-way"                         # "none", "entity", "time", "random"
    correction = "lee-yu"                       # "none"
    durbin = true                               # false (SLX), or names of the regressors to lag
    dynamic = "time"                            # "space-time", "both": outcome of the period before (lag, Durbin)
    error_components = "baltagi"                # "kkp": random effects beside spatial errors
    cov_type = "observed"                       # "expected", "robust", "cluster", "driscoll-kraay"
    logdet = "auto"                             # "eigen", "lu", "lanczos"

    [impacts]
    level = 0.95
    method = "delta"                            # "simulate", with draws and random_state
    draws = 1000
    random_state = 1
    contrasts = ["log(x) - z"]
    orders = 3                                  # effects by order of neighbourhood up to this one

    [tests]
    ladder = false                              # true: the tests from least squares to the spatial Durbin model
    level = 0.05                                # significance level of each

    [std_errors]                                # the main model's effects with other standard errors beside its own
    cov_types = ["robust", "cluster"]           # needed; as cov_type above

    [[regimes]]                                 # any number: the main model by groups of units, and Chow tests
    name = "Provinces"                          # needed
    by = "province"                             # needed: column of table or layer, the same in all periods
    labels = { 1 = "North", 2 = "South" }       # what groups are called
    pooled = false                              # true: one model whose coefficients differ by group
    restandardise = true                        # rows of W sum to one again without the links across groups

    [[robustness]]                              # any number; each says only what is other than above
    name = "6 nearest neighbours"               # needed
    weights = { kind = "knn", k = 6 }
    where = "year >= 2015"                      # weights are built anew on the units that are left
    where_units = "port_developed"
    effects = "entity"
    estimator = "SpatialLag"                    # takes over what it can of [model]
    formula = "log(y) ~ log(x)"
    cov_type = "cluster"                        # also correction, durbin, dynamic, error_components

    [maps]
    outcome = true                              # the mean of the outcome by unit
    columns = ["population"]                    # means of other columns of table or layer by unit
    effects = ["log(x)"]                        # own, received and emitted effects of these regressors
    labels = { x = "Beds per 1,000 residents" } # what the map of a value is headed with
    scheme = "quantiles"                        # see spatialhealth.maps.classify
    classes = 5
"""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spatialhealth import models
from spatialhealth.errors import StudyError
from spatialhealth.report.lines import lines_of
from spatialhealth.report.schema import ESTIMATORS, KINDS, OPTIONS, ROOT, Key
from spatialhealth.report.study_data import DATASETS
from spatialhealth.report.values import allowed, found_words, is_kind, kind_words, meant, one_of

__all__ = ["StudyFile", "read_study", "study_of", "takes"]


@dataclass(frozen=True, eq=False)
class StudyFile:
    """A study that has been read and checked.

    Parameters
    ----------
    content : dict
        What the file says.
    text : str
        The file as it is written; empty for a study given as a dict.
    name : str
        Name of the file, without its folder.
    folder : Path
        Where its relative paths start.
    lines : dict of str to int
        Line of each key.
    """

    content: dict[str, Any]
    text: str = ""
    name: str = ""
    folder: Path = field(default_factory=Path)
    lines: dict[str, int] = field(default_factory=dict)

    def wrong(self, path: str, message: str) -> StudyError:
        """Make the error about one key: its dotted path, its line, and what is the matter."""
        place = _place(path, self.lines)
        where = f"{self.name or 'study'}, line {place}" if place else (self.name or "study")
        return StudyError(f"{where}: {path}: {message}" if path else f"{where}: {message}")

    def part(self, name: str) -> dict[str, Any]:
        """Give one table; empty if the file has none of that name."""
        found: dict[str, Any] = self.content.get(name, {})
        return found


def read_study(source: Any) -> StudyFile:
    """Read a study file and check every key of it.

    Parameters
    ----------
    source : path-like
        A TOML file, whose keys are in the docstring of `spatialhealth.report.study_file`.

    Returns
    -------
    StudyFile

    Raises
    ------
    StudyError
        If the file cannot be read or says what it may not; the message names the key and the line.

    Examples
    --------
    >>> from importlib.resources import files
    >>> study = read_study(files("spatialhealth.report") / "templates" / "demo.toml")
    >>> study.content["model"]["estimator"]
    'SpatialDurbin'
    """
    path = Path(source)
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise StudyError(f"The study file {path} cannot be read: {error.strerror or error}.") from None
    except UnicodeDecodeError as error:
        raise StudyError(f"{path.name}: the file is not UTF-8 text ({error.reason}).") from None
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        where = f"line {found[1]}, column {found[2]}" if found else f"line {text.count(chr(10)) + 1}"
        what = re.sub(r" \(at .*\)", "", str(error))
        twice = "overwrite" in what or "twice" in what
        hint = "A key or table stands twice." if twice else "Texts need quotes, keys an equals sign."
        raise StudyError(f"{path.name}, {where}: this is not TOML: {what}. {hint}") from None
    study = StudyFile(content, text, path.name, path.resolve().parent, lines_of(text))
    _check(study)
    return study


def study_of(source: Any) -> StudyFile:
    """Give a checked study: of a file, of a dict with the same keys, or the study itself."""
    if isinstance(source, StudyFile):
        return source
    if isinstance(source, Mapping):
        study = StudyFile(copy.deepcopy(dict(source)))
        _check(study)
        return study
    return read_study(source)


def _check(study: StudyFile) -> None:
    _check_table(study, "", study.content, ROOT)
    _check_data(study)
    _check_weights(study, "weights", study.content["weights"])
    _check_options(study, "model", study.content["model"], study.content["model"]["estimator"])
    _check_ladder(study)
    _check_std_errors(study)
    _check_hospital(study)
    _check_names(study, "robustness", "an alternative")
    _check_names(study, "regimes", "groups")
    for j, alternative in enumerate(study.content.get("robustness", []), 1):
        path = f"robustness[{j}]"
        if "weights" in alternative:
            _check_weights(study, f"{path}.weights", alternative["weights"])
        if len(alternative) == 1:
            raise study.wrong(path, "it says nothing that is other than in the main model.")
        estimator = alternative.get("estimator", study.content["model"]["estimator"])
        _check_options(study, path, alternative, estimator)


def _check_names(study: StudyFile, table: str, what: str) -> None:
    names: set[str] = set()
    for j, entry in enumerate(study.content.get(table, []), 1):
        if entry["name"] in names:
            raise study.wrong(f"{table}[{j}].name", f"{entry['name']!r} is the name of {what} above.")
        names.add(entry["name"])


def _check_options(study: StudyFile, path: str, asked: Mapping[str, Any], estimator: str) -> None:
    """Refuse what the estimator does not have, which the estimator itself would call an unknown argument."""
    for name in OPTIONS:
        if name in asked and not takes(estimator, name):
            able = [one for one in ESTIMATORS if takes(one, name)]
            raise study.wrong(
                f"{path}.{name}",
                f"{estimator} has no option {name!r}; those that have: {', '.join(able)}.",
            )


def takes(estimator: str, option: str) -> bool:
    """Tell whether an estimator has an option.

    Examples
    --------
    >>> takes("SpatialDurbin", "durbin"), takes("SpatialLag", "durbin")
    (True, False)
    """
    return option in getattr(models, estimator)().get_params()


def _check_ladder(study: StudyFile) -> None:
    if not study.part("tests").get("ladder"):
        return
    model = study.content["model"]
    if model.get("effects") == "random":
        raise study.wrong(
            "tests.ladder",
            'its tests are for fixed effects, and the model has effects = "random". Run it with effects = "entity", '
            "which adds the test of fixed against random effects.",
        )
    if "dynamic" in model:
        raise study.wrong(
            "tests.ladder", "its tests are for models without the outcome of the period before."
        )


def _check_hospital(study: StudyFile) -> None:
    asked = study.part("hospital")
    if "weights" in asked.get("imbalance", {}):
        _check_weights(study, "hospital.imbalance.weights", asked["imbalance"]["weights"])
    if "subset" in asked and ("flag" in asked["subset"]) == ("where_units" in asked["subset"]):
        raise study.wrong(
            "hospital.subset", "name the units by one of flag, a column, and where_units, a condition."
        )
    names: set[str] = set()
    for j, scenario in enumerate(asked.get("scenarios", []), 1):
        if scenario["name"] in names:
            raise study.wrong(
                f"hospital.scenarios[{j}].name", f"{scenario['name']!r} is the name of one above."
            )
        names.add(scenario["name"])


def _check_std_errors(study: StudyFile) -> None:
    own = study.content["model"].get("cov_type", "observed")
    if "std_errors" in study.content and not set(study.content["std_errors"]["cov_types"]) - {own}:
        raise study.wrong(
            "std_errors.cov_types", f"it names none other than the model's own cov_type, {own!r}."
        )


def _check_table(study: StudyFile, path: str, table: Mapping[str, Any], keys: Mapping[str, Key]) -> None:
    for name, value in table.items():
        here = f"{path}.{name}".lstrip(".")
        if name not in keys:
            raise study.wrong(here, f"there is no such key.{meant(name, keys)} {allowed(path, keys)}")
        _check_value(study, here, value, keys[name])
    for name, key in keys.items():
        if key.needed and name not in table:
            what = f"[{name}]" if key.kind == "table" else f"the key {name!r}"
            raise study.wrong(path, f"{what} is missing. It must be {kind_words(key)}.")


def _check_value(study: StudyFile, path: str, value: Any, key: Key) -> None:
    if not any(is_kind(value, kind) for kind in key.kind.split(" or ")):
        raise study.wrong(path, f"found {found_words(value)}. It must be {kind_words(key)}.")
    for one in (value if isinstance(value, list) else [value]) if key.options else []:
        if one not in key.options:
            raise study.wrong(
                path, f"{one!r} is not an option.{meant(one, key.options)} {one_of(key.options)}"
            )
    if key.keys is None:
        return
    if key.kind == "table":
        _check_table(study, path, value, key.keys)
    else:
        for j, table in enumerate(value, 1):
            _check_table(study, f"{path}[{j}]", table, key.keys)


def _check_data(study: StudyFile) -> None:
    data = study.content["data"]
    if "dataset" in data:
        if data["dataset"] not in DATASETS:
            raise study.wrong(
                "data.dataset",
                f"there is no dataset {data['dataset']!r}.{meant(data['dataset'], DATASETS)} "
                f"{one_of(DATASETS)} Or name your own files with layer and table.",
            )
        for name in ("layer", "layer_name", "table", "id", "time", "simulated"):
            if name in data:
                raise study.wrong(f"data.{name}", "it goes with files of your own, not with a dataset.")
    elif "layer" not in data:
        raise study.wrong("data", "name a dataset, or a layer (a file of polygons or points).")
    elif "id" not in data:
        raise study.wrong("data", "the key 'id' is missing: the column of the layer that names the unit.")
    elif "time" in data and "table" not in data:
        raise study.wrong("data.time", "periods need a table, with one row a unit and period.")


def _check_weights(study: StudyFile, path: str, weights: Mapping[str, Any]) -> None:
    kind = weights["kind"]
    options = KINDS[kind]
    for name in weights:
        if name not in ("kind", "standardise", "within", "shuffle", *options):
            taken = ", ".join(options)
            raise study.wrong(
                f"{path}.{name}",
                f"it does not go with {kind!r}, which takes {taken}, standardise, within, shuffle.",
            )
    for name, key in options.items():
        if key.needed and name not in weights:
            raise study.wrong(path, f"{kind!r} needs the key {name!r}, {kind_words(key)}.")


def _place(path: str, lines: Mapping[str, int]) -> int | None:
    """Give the line of a key, or of the nearest table around it; of the file's start for the file itself."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return 1 if lines else None
