"""pandas, where labels are asked for: the numbers do without it."""

from __future__ import annotations

from typing import Any

from spatialhealth.errors import MissingLibraryError

__all__ = ["pandas_for"]


def pandas_for(what: str, instead: str) -> Any:
    """Give pandas, or say what does without it.

    Parameters
    ----------
    what : str
        What was asked for.
    instead : str
        Where the same numbers are without labels.

    Returns
    -------
    module
    """
    try:
        import pandas
    except ModuleNotFoundError:
        raise MissingLibraryError(
            f"{what} needs pandas, which is not installed here. Install it (pip install pandas), or use {instead}."
        ) from None
    return pandas
