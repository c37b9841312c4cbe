"""Heterogeneity: the same model in a subset of the units and in the rest, and the test that they are alike."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth.heterogeneity import regimes
from spatialhealth.report.fitting import Fit
from spatialhealth.report.hospital.attract import tier_names
from spatialhealth.report.hospital.result import Answer, Subset
from spatialhealth.report.study_data import StudyData, mean_of, units_where
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.terms import without

__all__ = ["subset_of"]

_TOTAL = 2  # of direct, indirect, total


def subset_of(study: StudyFile, main: Fit, answers: list[Answer]) -> Subset:
    """Fit one model whose coefficients differ by group.

    Parameters
    ----------
    study : StudyFile
    main : Fit
    answers : list of Answer
        Added to: the high tier's total effect in the subset less that in the rest.

    Returns
    -------
    Subset
    """
    asked = study.part("hospital")
    flag = asked["subset"].get("flag", "")
    formula = study.content["model"]["formula"]
    formula = without(formula, flag) if flag else formula
    table, centred = _centred(study, main.data)
    labels = _flags(study, main, flag) if flag else _chosen(study, main)
    options = main.model.get_params() | {"weights": main.model.result_.operator} | _durbin(main, flag)
    model = type(main.model)(**options)
    found = regimes(model, labels, pooled=True, formula=formula, data=table, level=main.effects.level)
    titles = (asked["subset"].get("rest", "All others"), asked["subset"]["name"])
    answers.append(_answer(study, found, asked["high"], titles, main.effects.level))
    return Subset(flag or asked["subset"]["where_units"], titles, formula, centred, found)


def _durbin(main: Fit, flag: str) -> dict[str, Any]:
    """Leave out of a list of lagged regressors those that the formula has no more."""
    durbin = main.model.get_params().get("durbin")
    if not isinstance(durbin, (list, tuple)):
        return {}
    return {"durbin": [name for name in durbin if flag not in name.split(":")]}


def _flags(study: StudyFile, main: Fit, flag: str) -> Any:
    """Give the flag of every row, which must be zero or one."""
    table, layer = main.data.table, main.data.layer
    column = table[flag] if flag in table.columns else layer[flag]
    if not column.isin([0, 1]).all() or column.nunique() < 2:
        raise study.wrong(
            "hospital.subset.flag", f"the column {flag!r} must hold zeros and ones, and both of them."
        )
    return column.astype(int)


def _chosen(study: StudyFile, main: Fit) -> Any:
    """Flag the units of the layer that meet the condition."""
    layer, condition = main.data.layer, study.part("hospital")["subset"]["where_units"]
    units = units_where(study, "hospital.subset.where_units", main.data, condition)
    flags = layer.index.isin(units)
    if flags.all() or not flags.any():
        raise study.wrong("hospital.subset.where_units", f"{condition!r} holds for all units or for none.")
    return layer.assign(subset=flags.astype(int))["subset"]


def _centred(study: StudyFile, data: StudyData) -> tuple[Any, dict[str, float]]:
    """Measure the moderator from its mean, so that coefficients beside its products are effects at the mean."""
    table, moderator = data.table, study.part("hospital").get("moderator", {}).get("column")
    formula = study.content["model"]["formula"]
    if moderator is None or without(formula, moderator) == formula or table[moderator].nunique() < 2:
        return table, {}
    mean = mean_of(study, "hospital.moderator.column", data, moderator)
    return table.assign(**{moderator: table[moderator] - mean}), {moderator: mean}


def _answer(study: StudyFile, found: Any, high: str, titles: tuple[str, str], level: float) -> Answer:
    effects = found.effects
    if high not in effects.names:
        raise study.wrong(
            "hospital.high", f"no regressor {high!r} by group. There are: {', '.join(effects.names)}."
        )
    values, covariance = effects.one(effects.names.index(high), _TOTAL)
    apart = np.array([-1.0, 1.0])  # the subset, flagged 1, comes after the rest
    estimate = float(apart @ values[:, 0])
    std_error = float(np.sqrt(apart @ covariance @ apart))
    what = f"total effect of {tier_names(study)['high']} in {titles[1]} less that in {titles[0]}"
    return Answer.normal("heterogeneity", what, 1, estimate, std_error, level)
