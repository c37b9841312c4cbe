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
    flows = "od.csv"                            # journeys between the units, for weights of flows; csv or parquet

    [weights]                                   # needed
    kind = "contiguity"                         # order, rook, lower_order
                                                # "knn": k
                                                # "distance_band": threshold (metres)
                                                # "inverse_distance": power, cutoff (metres)
                                                # "kernel": bandwidth (metres), function, cutoff
                                                # "economic": column, cutoff, least (in its unit)
                                                # "gravity": mass (a column), power, cutoff (metres)
                                                # "flows": origin, destination, value (columns of the flows),
                                                # direction ("from", "to", "both"), symmetric
    standardise = "row"                         # "spectral" or "none"
    within = "province"                         # links within the groups of this column only
    shuffle = 7                                 # a placebo: the links of other units, by this seed

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
    at = { z = "mean" }                         # values of moderators: numbers, or the mean of a column

    [tests]
    ladder = false                              # true: the tests from least squares to the spatial Durbin model
    level = 0.05                                # significance level of each

    [std_errors]                                # the main model's effects with other standard errors too
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
    winsorise = 0.01                            # values beyond this share of each tail are drawn in to it
    lag = 1                                     # regressors of so many periods before
    endogenous = ["log(x)"]                     # with estimator = "SpatialIV"
    instruments = ["log(x_lag1)"]               # x_lag1 is x of the period before, in any formula

    [hospital]                                  # the four questions of docs/hospital.md
    high = "log(x)"                             # needed: regressor of the high tier
    primary = "z"                               # needed: regressor of primary care
    names = { high = "large hospitals", primary = "clinics" }             # what the two are called
    random_state = 1
    limits = ["What these data cannot support."]
    subset = { flag = "coastal", name = "the coast", rest = "inland" }    # or where_units in place of flag
    moderator = { column = "digital", at = [0.0, 1.0] }
    imbalance = { high = "use_high", primary = "use_primary", formula = "gap ~ log(y) + digital" }
                                                # also unit, overburdened, idle, mediator, durbin, weights,
                                                # resource, people, groups, income, samples

    [hospital.triage]                           # also std_errors
    coverage = 0.2
    sensitivity = 0.9
    specificity = 0.9
    share_mild = 0.3
    capacity_high = "beds_high"
    capacity_primary = "beds_primary"

    [[hospital.scenarios]]                      # any number
    name = "Digital diagnosis everywhere"       # needed
    rollout = { coverage = 1.0, sensitivity = 0.9, specificity = 0.9 }    # or column with by, to or times
    where_units = "province == 'Guangdong'"     # also where, a condition on the last row of each unit

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

from spatialhealth.errors import StudyError
from spatialhealth.report.lines import lines_of
from spatialhealth.report.study_checks import check_study

__all__ = ["StudyFile", "read_study", "study_of"]


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
    check_study(study)
    return study


def study_of(source: Any) -> StudyFile:
    """Give a checked study: of a file, of a dict with the same keys, or the study itself."""
    if isinstance(source, StudyFile):
        return source
    if isinstance(source, Mapping):
        study = StudyFile(copy.deepcopy(dict(source)))
        check_study(study)
        return study
    return read_study(source)


def _place(path: str, lines: Mapping[str, int]) -> int | None:
    """Give the line of a key, or of the nearest table around it; of the file's start for the file itself."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return 1 if lines else None
