"""Linear combinations of regressors, read from an expression."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import FormulaError

__all__ = ["parse_contrast"]

_NUMBER = r"\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+"


def parse_contrast(expression: str, variables: Sequence[str]) -> Array:
    """Read ``"a - 0.5 * b"`` as weights on the variables.

    Parameters
    ----------
    expression : str
        Terms joined by + and -, each a name or a number times a name. Names may hold any sign, for example
        ``log(price / cpi)``; the longest name that fits is taken, spaces apart.
    variables : sequence of k str

    Returns
    -------
    ndarray of shape (k,)

    Raises
    ------
    FormulaError
        If the expression cannot be read.

    Examples
    --------
    >>> parse_contrast("log(a - b) - 0.5 * c", ["c", "log(a - b)"]).tolist()
    [-0.5, 1.0]
    """
    if not isinstance(expression, str):
        raise FormulaError(
            f"A contrast is a text such as '{variables[0]} - {variables[-1]}'; it is {expression!r}. "
            f"The regressors are: {', '.join(variables)}."
        )
    squeezed = {re.sub(r"\s+", "", name): place for place, name in enumerate(variables)}
    names = "|".join(re.escape(name) for name in sorted(squeezed, key=len, reverse=True))
    term = re.compile(rf"([-+]?)(?:({_NUMBER})\*)?({names})(?=[-+]|$)")
    text = re.sub(r"\s+", "", expression)
    weights, start = np.zeros(len(variables)), 0
    while start < len(text):
        found = term.match(text, start)
        if found is None or (start > 0 and not found.group(1)):
            near = difflib.get_close_matches(text[start:].lstrip("+-"), squeezed, n=1, cutoff=0.3)
            hint = f" Did you mean {variables[squeezed[near[0]]]!r}?" if near else ""
            raise FormulaError(
                f"The contrast {expression!r} cannot be read from {text[start:]!r} on.{hint} Write names with "
                f"+ and - between them, such as '{variables[0]} - {variables[-1]}'. "
                f"The regressors are: {', '.join(variables)}."
            )
        sign, factor, name = found.groups()
        weights[squeezed[name]] += (-1.0 if sign == "-" else 1.0) * float(factor or 1)
        start = found.end()
    if not text:
        raise FormulaError(f"The contrast is empty. The regressors are: {', '.join(variables)}.")
    return weights
