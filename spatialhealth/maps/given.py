"""What a plot was given: the result that it draws, and nothing else."""

from __future__ import annotations

from typing import Any

from spatialhealth.errors import LabelError

__all__ = ["check_given"]


def check_given(owner: str, value: Any, is_right: bool, maker: str) -> None:
    """Refuse what a plot cannot draw, and say where what it needs comes from.

    Parameters
    ----------
    owner : str
        The function, as users call it.
    value : object
    is_right : bool
        Whether it is what is needed.
    maker : str
        What makes that, such as ``"impacts() gives"``.

    Raises
    ------
    LabelError
        If it is not.
    """
    if not is_right:
        raise LabelError(f"{owner} needs what {maker}; it is {type(value).__name__}.")
