"""What a study file may hold: every table, every key, its kind, its options and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from spatialhealth._typing import (
    Correction,
    CovType,
    Dynamic,
    Effects,
    ErrorComponents,
    ImpactMethod,
    KernelFunction,
    LogDet,
    Standardise,
)
from spatialhealth.maps.classes import Scheme

__all__ = ["ESTIMATORS", "INSTRUMENTED", "KINDS", "OPTIONS", "ROOT", "WEIGHTS", "Key"]

ESTIMATORS = (
    "SLX",
    "SpatialLag",
    "SpatialDurbin",
    "SpatialError",
    "SpatialDurbinError",
    "SpatialCombined",
    "GeneralNesting",
)
INSTRUMENTED = "SpatialIV"  # which a study may ask for beside its main model


@dataclass(frozen=True)
class Key:
    """A key of a study file.

    Parameters
    ----------
    kind : str
        "text", "texts", "number", "share", "count", "switch", "labels", "table", "tables", or two of them with "or".
    needed : bool
        Whether the file must have it.
    options : tuple of str
        What the text, or each of the texts, may be.
    keys : mapping of str to Key
        Keys of the table.
    """

    kind: str
    needed: bool = False
    options: tuple[str, ...] = ()
    keys: Mapping[str, Key] | None = None


_STANDARDISE = Key("text", options=(*get_args(Standardise), "none"))
KINDS: dict[str, dict[str, Key]] = {
    "contiguity": {"order": Key("count"), "rook": Key("switch"), "lower_order": Key("switch")},
    "knn": {"k": Key("count", needed=True)},
    "distance_band": {"threshold": Key("number", needed=True)},
    "inverse_distance": {"power": Key("number"), "cutoff": Key("number")},
    "kernel": {
        "bandwidth": Key("number", needed=True),
        "function": Key("text", options=get_args(KernelFunction)),
        "cutoff": Key("number"),
    },
    "economic": {"column": Key("text", needed=True), "cutoff": Key("number"), "least": Key("number")},
    "gravity": {"mass": Key("text", needed=True), "power": Key("number"), "cutoff": Key("number")},
    "flows": {
        "origin": Key("text"),
        "destination": Key("text"),
        "value": Key("text"),
        "direction": Key("text", options=("from", "to", "both")),
        "symmetric": Key("switch"),
    },
}
# which keys go with which kind is checked once the kind is known
WEIGHTS: dict[str, Key] = {
    "kind": Key("text", needed=True, options=tuple(KINDS)),
    "standardise": _STANDARDISE,
    "within": Key("text"),
    "shuffle": Key("whole"),
    **{
        name: Key(key.kind, options=key.options)
        for options in KINDS.values()
        for name, key in options.items()
    },
}
_DATA: dict[str, Key] = {
    "dataset": Key("text"),
    "layer": Key("text"),
    "layer_name": Key("text"),
    "table": Key("text"),
    "id": Key("text"),
    "time": Key("text"),
    "units": Key("text", options=("all", "table")),
    "where": Key("text"),
    "where_units": Key("text"),
    "simulated": Key("switch"),
    "source": Key("text"),
    "flows": Key("text"),
}
# what an alternative may say in place of the model; an estimator takes some of them only
_OPTIONS: dict[str, Key] = {
    "effects": Key("text", options=get_args(Effects)),
    "correction": Key("text", options=get_args(Correction)),
    "durbin": Key("switch or texts"),
    "dynamic": Key("text", options=get_args(Dynamic)),
    "error_components": Key("text", options=get_args(ErrorComponents)),
    "cov_type": Key("text", options=get_args(CovType)),
}
OPTIONS = tuple(_OPTIONS)
_MODEL: dict[str, Key] = {
    "estimator": Key("text", needed=True, options=ESTIMATORS),
    "formula": Key("text", needed=True),
    **_OPTIONS,
    "logdet": Key("text", options=get_args(LogDet)),
}
_TESTS: dict[str, Key] = {"ladder": Key("switch"), "level": Key("share")}
_STD_ERRORS: dict[str, Key] = {"cov_types": Key("texts", needed=True, options=get_args(CovType))}
_IMPACTS: dict[str, Key] = {
    "level": Key("share"),
    "method": Key("text", options=get_args(ImpactMethod)),
    "draws": Key("count"),
    "random_state": Key("whole"),
    "contrasts": Key("texts"),
    "orders": Key("count"),
    "at": Key("points"),
}
_ROBUSTNESS: dict[str, Key] = {
    "name": Key("text", needed=True),
    "weights": Key("table", keys=WEIGHTS),
    "where": Key("text"),
    "where_units": Key("text"),
    "estimator": Key("text", options=(*ESTIMATORS, INSTRUMENTED)),
    "formula": Key("text"),
    "winsorise": Key("share"),
    "lag": Key("count"),
    "instruments": Key("texts"),
    "endogenous": Key("texts"),
    **_OPTIONS,
}
_REGIMES: dict[str, Key] = {
    "name": Key("text", needed=True),
    "by": Key("text", needed=True),
    "labels": Key("labels"),
    "pooled": Key("switch"),
    "restandardise": Key("switch"),
}
_MAPS: dict[str, Key] = {
    "outcome": Key("switch"),
    "columns": Key("texts"),
    "effects": Key("texts"),
    "labels": Key("labels"),
    "scheme": Key("text", options=get_args(Scheme)),
    "classes": Key("count"),
}
_SUBSET: dict[str, Key] = {
    "flag": Key("text"),
    "where_units": Key("text"),
    "name": Key("text", needed=True),
    "rest": Key("text"),
}
_MODERATOR: dict[str, Key] = {"column": Key("text", needed=True), "at": Key("numbers", needed=True)}
_IMBALANCE: dict[str, Key] = {
    "high": Key("text", needed=True),
    "primary": Key("text", needed=True),
    "formula": Key("text", needed=True),
    "unit": Key("text", options=("percent", "share")),
    "overburdened": Key("number"),
    "idle": Key("number"),
    "mediator": Key("text"),
    "durbin": Key("switch or texts"),
    "weights": Key("table", keys=WEIGHTS),
    "groups": Key("text"),
    "resource": Key("text"),
    "people": Key("text"),
    "income": Key("text"),
    "samples": Key("count"),
}
_ROLLOUT: dict[str, Key] = {
    name: Key("unit share", needed=name == "coverage") for name in ("coverage", "sensitivity", "specificity")
}
_SCENARIOS: dict[str, Key] = {
    "name": Key("text", needed=True),
    "where_units": Key("text"),
    "where": Key("text"),
    "column": Key("text"),
    "by": Key("amount"),
    "to": Key("amount"),
    "times": Key("number"),
    "rollout": Key("table", keys=_ROLLOUT),
}
_SHARES = ("coverage", "sensitivity", "specificity", "share_mild")
_TRIAGE: dict[str, Key] = {
    **{name: Key("unit share", needed=True) for name in _SHARES},
    "capacity_high": Key("text", needed=True),
    "capacity_primary": Key("text", needed=True),
    "std_errors": Key("table", keys={name: Key("amount") for name in _SHARES}),
}
_HOSPITAL: dict[str, Key] = {
    "high": Key("text", needed=True),
    "primary": Key("text", needed=True),
    "names": Key("table", keys={tier: Key("text") for tier in ("high", "primary")}),
    "subset": Key("table", keys=_SUBSET),
    "moderator": Key("table", keys=_MODERATOR),
    "imbalance": Key("table", keys=_IMBALANCE),
    "scenarios": Key("tables", keys=_SCENARIOS),
    "triage": Key("table", keys=_TRIAGE),
    "random_state": Key("whole"),
    "limits": Key("texts"),
}
ROOT: dict[str, Key] = {
    "title": Key("text", needed=True),
    "question": Key("text"),
    "author": Key("text"),
    "data": Key("table", needed=True, keys=_DATA),
    "weights": Key("table", needed=True, keys=WEIGHTS),
    "model": Key("table", needed=True, keys=_MODEL),
    "impacts": Key("table", keys=_IMPACTS),
    "tests": Key("table", keys=_TESTS),
    "std_errors": Key("table", keys=_STD_ERRORS),
    "regimes": Key("tables", keys=_REGIMES),
    "robustness": Key("tables", keys=_ROBUSTNESS),
    "hospital": Key("table", keys=_HOSPITAL),
    "maps": Key("table", keys=_MAPS),
}
