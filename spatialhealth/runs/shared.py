"""Large inputs of many tasks: sent to a worker once, made anew there once, and never sent back."""

from __future__ import annotations

import hashlib
import io
import pickle
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.runs.digest import digest

__all__ = ["Shared", "pack", "received", "unpack"]

_MOST = 8  # inputs that a thread of a worker holds, the last ones used, unless a task needs more
_held = threading.local()


class Shared:
    """An input of many tasks, such as data or weights.

    Parameters
    ----------
    value : object
        What the function of the task is given in its place.
    identity : object, optional
        What tells it from other inputs, if not the value itself: see `spatialhealth.runs.digest.digest`.
    """

    def __init__(self, value: Any, identity: Any = None) -> None:
        self.value = value
        self._identity = value if identity is None else identity

    @cached_property
    def digest(self) -> str:
        """Digest of its identity."""
        return digest(self._identity)

    @cached_property
    def packed(self) -> tuple[str, Array]:
        """Name and bytes, as an array: joblib maps large ones into memory, Dask sends them once a worker."""
        content = _pickled(self.value, {})
        return hashlib.blake2b(content, digest_size=16).hexdigest(), np.frombuffer(content, dtype=np.uint8)


def received(contents: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values behind packed bytes, made once by each thread of a worker.

    A thread has its own, for an operator remembers its last factors and is no place for two at a time.

    Parameters
    ----------
    contents : mapping of str to ndarray of uint8
        By name, all that a unit of work needs.

    Returns
    -------
    dict
    """
    kept: OrderedDict[str, Any] = _held.__dict__.setdefault("kept", OrderedDict())
    for name, content in contents.items():
        if name not in kept:
            kept[name] = pickle.loads(np.ascontiguousarray(content).data)
        kept.move_to_end(name)
    while len(kept) > max(_MOST, len(contents)):
        kept.popitem(last=False)
    return {name: kept[name] for name in contents}


def pack(value: Any, known: Sequence[Any] = ()) -> bytes:
    """Write a value as bytes, with marks in place of the inputs that both sides know.

    Parameters
    ----------
    value : object
    known : sequence
        Inputs that `unpack` will be given in the same order.

    Returns
    -------
    bytes
    """
    return _pickled(value, {id(one): place for place, one in enumerate(known)})


def unpack(content: bytes, known: Sequence[Any] = ()) -> Any:
    """Read what `pack` wrote.

    Parameters
    ----------
    content : bytes
    known : sequence

    Returns
    -------
    object
    """
    return _Reader(io.BytesIO(content), known).load()


class _Reader(pickle.Unpickler):
    def __init__(self, file: io.BytesIO, known: Sequence[Any]) -> None:
        super().__init__(file)
        self._known = known

    def persistent_load(self, place: Any) -> Any:
        return self._known[place]


def _pickled(value: Any, places: dict[int, int]) -> bytes:
    try:
        from joblib.externals.cloudpickle import Pickler  # writes what a script or a notebook defines, too
    except ImportError:
        from pickle import Pickler

    class Writer(Pickler):  # type: ignore[misc, valid-type]
        def persistent_id(self, one: Any) -> int | None:
            return places.get(id(one))

    file = io.BytesIO()
    Writer(file, protocol=5).dump(value)
    return file.getvalue()
