"""Making a panel whole: by leaving out units or periods, or by interpolating within a unit's own series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._typing import Balance
from spatialhealth._validation import check_option
from spatialhealth.errors import DuplicateError, LabelError, MissingDataError, NonNumericError, some
from spatialhealth.panel.columns import check_frame

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["balance"]

_ABSENT = "(row)"
_NAMED = 5  # cells, units or periods that are named in a summary; attrs["balance"]["cells"] has all


def balance(frame: pd.DataFrame, how: Balance) -> pd.DataFrame:
    """Give a panel in which every unit has every period and no cell is NaN, and say what was done to it.

    Parameters
    ----------
    frame : DataFrame
        Indexed by (unit, period), in any order; rows may be absent and cells NaN.
    how : {"drop-units", "drop-periods", "interpolate"}
        - "drop-units": units that lack anything in any period are left out. Leave them out of W too;
        - "drop-periods": periods in which any unit lacks anything are left out;
        - "interpolate": numbers are interpolated linearly over the periods, within a unit's own series. Nothing is
          extrapolated: what is missing before a unit's first value or after its last raises.

    Returns
    -------
    DataFrame
        A new one. ``attrs["balance"]`` holds `how`, `cells` (every cell that was missing: unit, period and column,
        ``"(row)"`` for a row that was absent), `dropped` (labels left out) and `text`, which the summary of every
        model fitted to it shows.

    Raises
    ------
    LabelError, DuplicateError
        If the index is not (unit, period), or a row stands twice.
    MissingDataError
        If nothing would be left, or a value would have to be extrapolated.
    NonNumericError
        If a column that is no number would have to be interpolated.
    OptionError
        If `how` is unknown.

    Notes
    -----
    None of the three is harmless. Dropping units cuts neighbours out of W; interpolation makes series smoother than
    they were, and models fitted to it too sure. See ``missing="unbalanced"`` and ``missing="likelihood"`` of the
    estimators, which do neither.

    Examples
    --------
    >>> import pandas as pd
    >>> index = pd.MultiIndex.from_product([["a", "b"], [2001, 2002, 2003]], names=["unit", "year"])
    >>> panel = pd.DataFrame({"beds": [1.0, None, 3.0, 4.0, 5.0, 6.0]}, index=index)
    >>> whole = balance(panel, how="interpolate")
    >>> whole["beds"].tolist()
    [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    >>> whole.attrs["balance"]["text"]
    "by interpolation: 1 cell of 1 unit: 'a': 2002 beds"
    """
    check_option("balance", "how", how, Balance)
    _check(frame)
    whole = _every_cell(frame)
    gone = whole.isna()
    absent = ~whole.index.isin(frame.index)
    cells = _cells(gone, absent)
    if not cells:
        return _told(frame.copy(), how, cells, [], "nothing was missing")
    if how == "interpolate":
        return _told(
            _interpolated(whole, gone), how, cells, [], f"by interpolation: {_count(cells)}: {_named(cells)}"
        )
    level = 0 if how == "drop-units" else 1
    labels = whole.index.get_level_values(level)
    bad = set(labels[gone.any(axis=1).to_numpy() | absent])
    lacking = whole.index.unique(level)[[label in bad for label in whole.index.unique(level)]]
    left = frame[~frame.index.get_level_values(level).isin(lacking)]
    what = ("unit", "units") if level == 0 else ("period", "periods")
    if len(left) == 0:
        raise MissingDataError(
            f"balance(how={how!r}) would leave nothing: each of the {len(lacking)} {what[1]} lacks something, "
            f"{_count(cells)} in all. Use missing='unbalanced', or another way."
        )
    lost = len(whole) // len(labels.unique()) * len(lacking)
    text = (
        f"by dropping {len(lacking)} {what[len(lacking) != 1]} ({some(lacking, limit=_NAMED)}), {lost:,} rows, for "
        f"{_count(cells)}: {_named(cells)}"
    )
    return _told(left.copy(), how, cells, lacking.tolist(), text)


def _check(frame: Any) -> None:
    check_frame(frame)
    if frame.index.nlevels != 2:
        raise LabelError(
            f"balance needs a table indexed by (unit, period); the index has {frame.index.nlevels} level(s). Use "
            "frame.set_index([unit, period])."
        )
    if not frame.index.is_unique:
        raise DuplicateError(
            f"Rows stand more than once: {some(frame.index[frame.index.duplicated()].unique())}. "
            "Keep one row for each unit and period."
        )
    if frame.index.to_frame().isna().any(axis=None):
        raise LabelError("Labels are missing in the index. Fill them in or leave these rows out.")


def _every_cell(frame: pd.DataFrame) -> pd.DataFrame:
    """Give the table with a row for every unit and period, units in their order, periods ascending."""
    import pandas as pd

    units, periods = frame.index.unique(0), frame.index.unique(1)
    try:
        periods = periods.sort_values()
    except TypeError:
        raise LabelError(
            f"The periods {some(periods)} are of several types, so that they have no order. Make them all numbers, "
            "all dates or all text."
        ) from None
    return frame.reindex(pd.MultiIndex.from_product([units, periods], names=frame.index.names))


def _cells(gone: pd.DataFrame, absent: Any) -> list[tuple[Any, Any, str]]:
    """Name every missing cell: unit, period, column."""
    found = []
    for place in np.flatnonzero(gone.to_numpy().any(axis=1) | absent):
        unit, period = gone.index[place]
        columns = [_ABSENT] if absent[place] else gone.columns[gone.iloc[place].to_numpy()]
        found += [(unit, period, str(column)) for column in columns]
    return found


def _interpolated(whole: pd.DataFrame, gone: pd.DataFrame) -> pd.DataFrame:
    """Fill the holes between a unit's own values."""
    import pandas as pd

    text = [column for column in whole.columns if gone[column].any() and not _is_number(whole[column])]
    if text:
        raise NonNumericError(
            f"Columns {some(text)} have missing cells and do not hold numbers, so that they cannot be interpolated. "
            "Fill them in, leave them out, or use how='drop-units'."
        )
    at = _positions(whole.index.unique(1))
    units, filled = whole.index.get_level_values(0), whole.copy()
    ends: list[tuple[Any, Any, str]] = []
    for column in whole.columns[gone.any().to_numpy()]:
        values = whole[column].to_numpy(dtype=float, na_value=np.nan, copy=True).reshape(-1, len(at))
        for row in np.flatnonzero(np.isnan(values).any(axis=1)):
            known = np.flatnonzero(~np.isnan(values[row]))
            outside = np.isnan(values[row])
            if len(known):
                outside[known[0] : known[-1] + 1] = False
                values[row] = np.interp(at, at[known], values[row][known])
            unit = units[row * len(at)]
            ends += [(unit, whole.index.unique(1)[place], str(column)) for place in np.flatnonzero(outside)]
        filled[column] = pd.Series(values.reshape(-1), index=whole.index)
    if ends:
        raise MissingDataError(
            f"{_count(ends)} lie before a unit's first value or after its last, and nothing is extrapolated: "
            f"{some(ends)}. Leave out these periods or units first (how='drop-periods', 'drop-units'), fill the "
            "cells from a source, or use missing='unbalanced'."
        )
    return filled


def _is_number(column: pd.Series) -> bool:
    import pandas as pd

    return bool(pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column))


def _positions(periods: pd.Index) -> np.ndarray[Any, np.dtype[Any]]:
    """Give where the periods lie in time: their numbers or dates, or their ranks if they are neither."""
    import pandas as pd

    if pd.api.types.is_numeric_dtype(periods):
        return np.asarray(periods, dtype=float)
    if isinstance(periods, pd.PeriodIndex):
        periods = periods.to_timestamp()
    if isinstance(periods, pd.DatetimeIndex):
        return np.asarray((periods - periods[0]) / pd.Timedelta(days=1), dtype=float)
    return np.arange(len(periods), dtype=float)


def _told(
    frame: pd.DataFrame, how: str, cells: list[tuple[Any, Any, str]], dropped: list[Any], text: str
) -> pd.DataFrame:
    """Keep in the attrs what was done."""
    before = frame.attrs.get("balance")
    told = {"how": how, "cells": cells, "dropped": dropped, "text": text}
    if before:  # balanced in steps
        told = {
            "how": how,
            "cells": [*before["cells"], *cells],
            "dropped": [*before["dropped"], *dropped],
            "text": f"{before['text']}; then {text}" if cells else before["text"],
        }
    frame.attrs = {**frame.attrs, "balance": told}
    return frame


def _count(cells: list[tuple[Any, Any, str]]) -> str:
    units = len({unit for unit, _, _ in cells})
    return f"{len(cells):,} cell{'s' * (len(cells) != 1)} of {units:,} unit{'s' * (units != 1)}"


def _named(cells: list[tuple[Any, Any, str]]) -> str:
    """Write the cells unit by unit."""
    lines: dict[Any, list[str]] = {}
    for unit, period, column in cells[:_NAMED]:
        lines.setdefault(unit, []).append(f"{period} {column}")
    text = "; ".join(f"{some([unit])}: {', '.join(found)}" for unit, found in lines.items())
    return text + (f"; and {len(cells) - _NAMED:,} more in attrs['balance']" if len(cells) > _NAMED else "")
