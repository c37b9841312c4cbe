"""Regressors that a scenario leaves without a value, such as the logarithm of a stock that it closes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np

from spatialhealth.errors import ScenarioError, some

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["check_defined"]


def check_defined(
    name: str, regressors: tuple[pd.DataFrame, pd.DataFrame], data: tuple[pd.DataFrame, pd.DataFrame]
) -> None:
    """Raise if regressors that are finite before a scenario are not so after it.

    Parameters
    ----------
    name : str
        Of the scenario.
    regressors : two DataFrame of shape (n, k)
        Made of the data before and after it.
    data : two DataFrame
        Before and after it, with the same index.

    Raises
    ------
    ScenarioError
    """
    (first, second), (before, after) = regressors, data
    if not second.columns.is_unique or any(
        each.kind not in "iufb" for each in (*first.dtypes, *second.dtypes)
    ):
        return  # which the alignment says in its own words
    for regressor in second.columns:
        old, new = (x[regressor].to_numpy(dtype=float) for x in (first, second))
        lost = np.isfinite(old) & ~np.isfinite(new)
        if not lost.any():
            continue
        units = second.index[lost]
        columns = [column for column in after.columns if not after[column].equals(before[column])]
        within = [
            column for column in columns if re.search(rf"(?<!\w){re.escape(str(column))}(?!\w)", regressor)
        ]
        values = "; ".join(
            f"{column} = {some(dict.fromkeys(after.loc[units, column].tolist()), 3)}"
            for column in within or columns
        )
        example = f"log(1 + {within[0]})" if within and regressor == f"log({within[0]})" else "log(1 + x)"
        raise ScenarioError(
            f"The scenario {name!r} leaves {regressor!r} without a finite value in {some(units)}, where it makes "
            f"{values}. A logarithm needs more than zero, and a quotient a divisor that is not zero: leave something "
            f"there, or fit the model with a regressor that is defined at it, such as {example}."
        )
