"""One check for each kind of argument; each gives back the value it checked."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.errors import NonFiniteError, NonNumericError, OptionError, ShapeError

__all__ = [
    "MISSING",
    "check_finite",
    "check_number",
    "check_option",
    "check_positive",
    "check_resumable",
    "check_share",
    "is_missing",
    "numeric_array",
    "random_generator",
    "seed_sequence",
]

MISSING = frozenset(("None", "nan", "NaT", "<NA>"))  # how a missing label that is no text writes itself


def check_option(owner: str, name: str, value: Any, allowed: Any, *, none: bool = False) -> Any:
    """Give back `value` if it is one of the `allowed` literals, else say which there are."""
    options = get_args(allowed) or tuple(allowed)
    if (none and value is None) or (isinstance(value, str) and value in options):
        return value
    listed = ", ".join(repr(option) for option in (*options, *((None,) if none else ())))
    raise OptionError(f"{owner}: {name}={value!r} is not an option. Choose one of {listed}.")


def check_positive(owner: str, name: str, value: Any, *, integer: bool = False) -> Any:
    """Give back `value` if it is a positive, finite number (an integer if asked)."""
    kind = (int, np.integer) if integer else (int, float, np.integer, np.floating)
    if isinstance(value, kind) and not isinstance(value, bool) and np.isfinite(value) and value > 0:
        return value
    what = "a positive whole number" if integer else "a positive number"
    raise OptionError(f"{owner}: {name}={value!r} must be {what}.")


def check_number(owner: str, name: str, value: Any) -> float:
    """Give back `value` if it is a finite number."""
    number = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    if number and np.isfinite(value):
        return float(value)
    raise OptionError(f"{owner}: {name}={value!r} must be a number.")


def check_share(owner: str, name: str, value: Any) -> float:
    """Give back `value` if it lies strictly between 0 and 1."""
    if isinstance(value, (int, float, np.floating)) and 0 < float(value) < 1:
        return float(value)
    raise OptionError(f"{owner}: {name}={value!r} must lie strictly between 0 and 1.")


def check_draws(owner: str, level: Any, draws: Any) -> tuple[float, int]:
    """Give back level and draws if so many draws have quantiles at both ends of an interval of that level."""
    level = check_share(owner, "level", level)
    draws = int(check_positive(owner, "draws", draws, integer=True))
    if (draws + 1) * (1 - level) / 2 < 1 - 1e-9:
        needed = int(np.ceil(2 / (1 - level) - 1e-9)) - 1
        raise OptionError(
            f"{owner}: {draws} draws have no quantiles for an interval of level {level:g}. Give draws={needed} at "
            "least; 999 are usual."
        )
    return level, draws


def numeric_array(what: str, values: Any, ndim: int | tuple[int, ...]) -> Array:
    """Give back `values` as a float array of the number of dimensions asked for."""
    if isinstance(values, np.ma.MaskedArray):
        values = np.ma.filled(
            values.astype(float), np.nan
        )  # what is masked is missing, not what lies beneath
    try:
        array = np.asarray(values)
    except ValueError:
        raise ShapeError(f"{what} is ragged: its rows differ in length. Give rows of one length.") from None
    if array.dtype.kind not in "fiub":
        raise NonNumericError(
            f"{what} must hold numbers; it holds {array.dtype}. Convert it with numpy.asarray(..., dtype=float)."
        )
    array = array.astype(float)
    dims = (ndim,) if isinstance(ndim, int) else ndim
    if array.ndim not in dims:
        wanted = " or ".join(str(d) for d in dims)
        raise ShapeError(f"{what} must have {wanted} dimensions; it has shape {array.shape}.")
    return array


def check_finite(what: str, array: Array) -> Array:
    """Give back `array` if no value is NaN or infinite, else say at which positions."""
    bad = np.argwhere(~np.isfinite(array))
    if len(bad):
        where = ", ".join(str(tuple(int(i) for i in b)) for b in bad[:10])
        more = f" and {len(bad) - 10} more" if len(bad) > 10 else ""
        raise NonFiniteError(
            f"{what} holds {len(bad)} NaN or infinite values, at positions {where}{more}. "
            "Mend or leave out these observations before fitting."
        )
    return array


def is_missing(label: Any) -> bool:
    """Whether a label is None, NaN, NaT or pandas' NA."""
    return not isinstance(label, str) and str(label) in MISSING


def random_generator(owner: str, random_state: Any) -> np.random.Generator:
    """Give the generator of a `random_state`: None, a whole number, or a generator, which is used as it is."""
    if isinstance(random_state, np.random.Generator):
        return random_state
    return np.random.default_rng(seed_sequence(owner, random_state))


def seed_sequence(owner: str, random_state: Any) -> np.random.SeedSequence:
    """Give the seeds of a `random_state`, to be spawned: one for each of many draws."""
    if isinstance(random_state, np.random.Generator):
        return np.random.SeedSequence(random_state.integers(0, 2**63, size=2).tolist())
    try:
        return np.random.SeedSequence(random_state)
    except (TypeError, ValueError):
        raise OptionError(
            f"{owner}: random_state={random_state!r} must be None, a whole number from 0, or a numpy Generator."
        ) from None


def check_resumable(owner: str, checkpoint: Any, random_state: Any) -> None:
    """Raise if draws are to be kept that no second call could go on with."""
    if checkpoint is not None and random_state is None:
        raise OptionError(
            f"{owner}: with checkpoint=, give a random_state, such as 1: without one every call draws anew, and none "
            "goes on from what another has kept."
        )
