"""What an alternative does to the table: extreme values drawn in, regressors of an earlier period, lagged columns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import StudyFile

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["changed", "with_lags", "words_of_change"]

_LAGGED = re.compile(r"\b([A-Za-z_]\w*?)_lag(\d+)\b")


def changed(
    study: StudyFile, path: str, data: StudyData, asked: Mapping[str, Any], formula: str
) -> StudyData:
    """Change the table as an alternative asks.

    Parameters
    ----------
    study : StudyFile
    path : str
        Where in the study it is asked for.
    data : StudyData
    asked : mapping
        The alternative: `winsorise`, the share of each tail whose values are drawn in to its edge; `lag`, the number
        of periods by which the regressors come before the outcome.
    formula : str

    Returns
    -------
    StudyData
        The same where nothing is asked.

    Raises
    ------
    StudyError
        If periods are needed and there are none, or too few.
    """
    table = data.table
    if "winsorise" in asked:
        table = _winsorised(table, [*_variables(formula, 0), *_variables(formula, 1)], asked["winsorise"])
    if "lag" in asked:
        table = _lagged_regressors(study, f"{path}.lag", table, formula, asked["lag"])
    return replace(data, table=table)


def words_of_change(asked: Mapping[str, Any]) -> list[str]:
    """Say what an alternative does to the table.

    Parameters
    ----------
    asked : mapping
        As for `changed`.

    Returns
    -------
    list of str
        Nothing where nothing is asked.

    Examples
    --------
    >>> words_of_change({"winsorise": 0.01})
    ['values below the 1 % and above the 99 % quantile of each variable drawn in to it']
    >>> words_of_change({"lag": 1})
    ['regressors of the period before']
    """
    said = []
    if "winsorise" in asked:
        tail = 100 * asked["winsorise"]
        said.append(
            f"values below the {tail:g} % and above the {100 - tail:g} % quantile of each variable drawn in to it"
        )
    if "lag" in asked:
        before = "the period" if asked["lag"] == 1 else f"{asked['lag']} periods"
        said.append(f"regressors of {before} before")
    return said


def with_lags(study: StudyFile, path: str, data: StudyData, texts: list[str]) -> StudyData:
    """Add the columns ``x_lag1``, ``x_lag2`` ... that formulas name, and leave out the periods before them.

    Parameters
    ----------
    study : StudyFile
    path : str
    data : StudyData
    texts : list of str
        Formulas and instruments.

    Returns
    -------
    StudyData
        The same where no such column is named.

    Raises
    ------
    StudyError
        If there are no periods, or too few.
    """
    table = data.table
    wanted = {
        (name, int(by)) for text in texts for name, by in _LAGGED.findall(text)
        if f"{name}_lag{by}" not in table.columns and name in table.columns
    }  # fmt: skip
    if not wanted:
        return data
    made = {f"{name}_lag{by}": _before(study, path, table, [name], by)[name] for name, by in sorted(wanted)}
    return replace(data, table=_without_first(table.assign(**made), max(by for _, by in wanted)))


def _variables(formula: str, side: int) -> list[str]:
    """Give the variables of the outcome (0) or of the regressors (1)."""
    from formulaic import Formula

    parsed = Formula(formula)
    return sorted(map(str, (parsed.lhs, parsed.rhs)[side].required_variables))


def _winsorised(table: pd.DataFrame, names: list[str], share: float) -> pd.DataFrame:
    """Draw the values beyond the quantiles of each column in to them; flags and categories stay."""
    found = {}
    for name in names:
        if name in table.columns and table[name].dtype.kind in "iuf" and table[name].nunique() > 2:
            low, high = table[name].quantile([share, 1 - share])
            found[name] = table[name].clip(low, high)
    return table.assign(**found)


def _lagged_regressors(
    study: StudyFile, path: str, table: pd.DataFrame, formula: str, by: int
) -> pd.DataFrame:
    outcome = _variables(formula, 0)
    names = [name for name in _variables(formula, 1) if name in table.columns and name not in outcome]
    return _without_first(table.assign(**_before(study, path, table, names, by)), by)


def _before(study: StudyFile, path: str, table: pd.DataFrame, names: list[str], by: int) -> dict[str, Any]:
    """Give columns as they were so many periods before."""
    if table.index.nlevels == 1:
        raise study.wrong(path, "the data have no periods, so nothing comes before.")
    if table.index.get_level_values(1).nunique() <= by + 1:
        raise study.wrong(path, f"with {by} periods left out fewer than two are left.")
    wide = {name: table[name].unstack() for name in names}
    # by place among the periods, so that a year that is missing for all counts as none
    return {name: frame.shift(by, axis=1).stack().reindex(table.index) for name, frame in wide.items()}


def _without_first(table: pd.DataFrame, by: int) -> pd.DataFrame:
    periods = table.index.get_level_values(1)
    return table[periods.isin(periods.unique().sort_values()[by:])]
