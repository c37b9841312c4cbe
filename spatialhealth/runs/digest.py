"""A digest of values: the same for equal inputs in every process, whatever has been computed from them since."""

from __future__ import annotations

import dataclasses
import hashlib
import pickle
import sys
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import PurePath
from types import CodeType, FunctionType, MethodType
from typing import Any

import numpy as np

__all__ = ["digest"]

Feed = Callable[[bytes], None]
_PLAIN = (type(None), bool, int, float, complex, str, bytes)


def digest(value: Any) -> str:
    """Give a digest of a value by what it holds, not by where or how it is stored.

    Parameters
    ----------
    value : object
        Numbers, texts, arrays, sparse matrices, tables of pandas, estimators (by their arguments), dataclasses (by
        their fields), functions (by name and code), collections of these, and objects by their state. What an object
        has only remembered, as a cached property, does not count.

    Returns
    -------
    str
        Forty hexadecimal digits.

    Examples
    --------
    >>> import numpy as np
    >>> table = np.arange(6.0).reshape(2, 3)
    >>> digest(table) == digest(np.asfortranarray(table)), digest(table) == digest(table.T)
    (True, False)
    """
    hasher = hashlib.blake2b(digest_size=20)
    _feed(hasher.update, value)
    return hasher.hexdigest()


def _feed(feed: Feed, value: Any) -> None:
    if isinstance(value, _PLAIN):
        text = value if isinstance(value, bytes) else repr(value).encode()
        _head(feed, type(value).__name__, len(text))
        feed(text)
    elif isinstance(value, np.ndarray):
        _array(feed, value)
    elif isinstance(value, np.generic):
        _array(feed, np.asarray(value))
    elif isinstance(value, (list, tuple)):
        _parts(feed, "sequence", *value)
    elif isinstance(value, (set, frozenset)):
        _parts(feed, "set", *sorted(digest(part) for part in value))
    elif isinstance(value, Mapping):
        _parts(feed, "mapping", *sorted((digest(key), digest(part)) for key, part in value.items()))
    elif isinstance(value, np.random.SeedSequence):
        _parts(feed, "seed", value.entropy, value.spawn_key, value.pool_size)
    elif isinstance(value, PurePath):
        _parts(feed, "path", str(value))
    elif isinstance(value, (type, FunctionType, MethodType, CodeType)):
        _code(feed, value)
    elif hasattr(value, "tocsr"):
        _sparse(feed, value)
    elif not _pandas(feed, value):
        _object(feed, value)


def _head(feed: Feed, kind: str, length: int) -> None:
    # kind and length before the content, so that no two values run together to the same bytes
    feed(f"<{kind} {length}>".encode())


def _parts(feed: Feed, kind: str, *parts: Any) -> None:
    _head(feed, kind, len(parts))
    for part in parts:
        _feed(feed, part)


def _array(feed: Feed, array: np.ndarray[Any, Any]) -> None:
    if array.dtype.hasobject:
        _parts(feed, "objects", list(array.shape), array.ravel().tolist())
        return
    _parts(feed, "array", array.dtype.str, list(array.shape))
    feed(array.tobytes())


def _sparse(feed: Feed, matrix: Any) -> None:
    csr = matrix.tocsr(copy=True)
    csr.sum_duplicates()
    places = (
        csr.indices.astype(np.int64),
        csr.indptr.astype(np.int64),
    )  # scipy takes 32 bits or 64, as it likes
    _parts(feed, "sparse", list(csr.shape), csr.data, *places)


def _code(feed: Feed, value: Any) -> None:
    if isinstance(value, CodeType):
        _parts(feed, "code", value.co_code, value.co_consts, value.co_names)
    elif isinstance(value, MethodType):
        _parts(feed, "method", value.__self__, value.__func__)
    else:
        _parts(feed, "named", value.__module__, value.__qualname__)
        if (
            isinstance(value, FunctionType) and "<" in value.__qualname__
        ):  # a lambda, or made within a function
            cells = [cell.cell_contents for cell in value.__closure__ or ()]
            _parts(feed, "body", value.__code__, value.__defaults__, cells)


def _pandas(feed: Feed, value: Any) -> bool:
    """Feed what is of pandas; say whether it was."""
    pd = sys.modules.get("pandas")
    if pd is None:
        return False
    if isinstance(value, pd.DataFrame):
        columns = [value.iloc[:, j].array for j in range(value.shape[1])]
        _parts(feed, "frame", value.index, value.columns, *columns)
    elif isinstance(value, pd.Series):
        _parts(feed, "series", value.name, value.index, value.array)
    elif isinstance(value, pd.MultiIndex):
        levels = [value.get_level_values(j).array for j in range(value.nlevels)]
        _parts(feed, "levels", list(value.names), *levels)
    elif isinstance(value, pd.Index):
        _parts(feed, "index", value.name, value.array)
    elif isinstance(value, pd.api.extensions.ExtensionArray):
        _extension(feed, value)
    else:
        return False
    return True


def _extension(feed: Feed, array: Any) -> None:
    dtype = array.dtype
    if type(array).__name__ in ("NumpyExtensionArray", "PandasArray"):  # which only wraps an array
        _array(feed, np.asarray(array))
    elif hasattr(array, "to_wkb"):  # geometries
        _parts(feed, "geometries", str(array.crs), list(array.to_wkb()))
    else:
        extra = (list(dtype.categories), dtype.ordered) if hasattr(dtype, "categories") else ()
        _parts(feed, "extension", str(dtype), extra, [str(one) for one in array])


def _object(feed: Feed, value: Any) -> None:
    """Feed an object by its arguments, fields or state."""
    kind = type(value)
    if callable(getattr(value, "get_params", None)):
        state: Any = value.get_params(deep=False)
    elif dataclasses.is_dataclass(value):
        state = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    else:
        state = value.__getstate__() if hasattr(value, "__getstate__") else getattr(value, "__dict__", None)
        if isinstance(state, dict):
            state = {
                name: part
                for name, part in state.items()
                if not isinstance(getattr(kind, name, None), cached_property)
            }
        elif state is None:
            state = pickle.dumps(value, protocol=4)
    _parts(feed, "object", kind, state)
