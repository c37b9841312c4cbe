"""Every key of a study checked: that it is known, of the right kind, and goes with the others."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from spatialhealth import models
from spatialhealth.report.schema import ESTIMATORS, KINDS, OPTIONS, ROOT, Key
from spatialhealth.report.study_data import DATASETS
from spatialhealth.report.values import allowed, found_words, is_kind, kind_words, meant, one_of

if TYPE_CHECKING:
    from spatialhealth.report.study_file import StudyFile

__all__ = ["check_study", "takes"]


def check_study(study: StudyFile) -> None:
    """Check every key.

    Parameters
    ----------
    study : StudyFile

    Raises
    ------
    StudyError
        The message names the key and the line.
    """
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
