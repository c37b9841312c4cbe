"""A folder that keeps what is done: one file a task, written whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
import warnings
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from spatialhealth.errors import CheckpointError, CheckpointWarning, some
from spatialhealth.runs.digest import digest
from spatialhealth.runs.shared import Shared

__all__ = ["Checkpoint"]

_ABOUT = "run.json"
_ENDING = ".task"
_VERSION = import_module(__name__.partition(".")[0]).__version__


class Checkpoint:
    """A folder of finished tasks.

    Parameters
    ----------
    folder : path-like
        Made if it is not there.
    owner : str
        What runs: "bootstrap".
    inputs : mapping of str to object
        What the run is of, by name: what has the same name must be the same in every run that uses the folder. Names
        may be added, so that a larger grid or more draws go on from what is there.

    Raises
    ------
    CheckpointError
        If the folder is of another run, of other inputs or of another version, or holds other things.
    """

    def __init__(self, folder: Any, owner: str, inputs: Mapping[str, Any]) -> None:
        self.folder = Path(folder)
        digests = {
            name: value.digest if isinstance(value, Shared) else digest(value)
            for name, value in inputs.items()
        }
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            about = self._about(owner)
        except OSError as error:
            raise CheckpointError(
                f"{owner}: the folder {str(self.folder)!r} cannot be used: {error.strerror or error}. Give another, "
                f"checkpoint='runs/{owner}'."
            ) from None
        self._check(owner, about, digests)
        known = about.get("inputs", {})
        if not about or not digests.keys() <= known.keys():
            about = {"run": owner, "version": _VERSION, "inputs": known | digests}
            self._write(_ABOUT, json.dumps(about, indent=1).encode())

    def _about(self, owner: str) -> dict[str, Any]:
        """Read what the folder says it is of; nothing if it is empty."""
        path = self.folder / _ABOUT
        if not path.exists():
            others = sorted(part.name for part in self.folder.iterdir() if not part.name.startswith("."))
            if others:
                raise CheckpointError(
                    f"{owner}: the folder {str(self.folder)!r} holds other things ({some(others, limit=3)}) and no "
                    f"run. Give a folder of its own, {str(self.folder / owner)!r} say."
                )
            return {}
        try:
            about: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            about["run"], about["version"], about["inputs"].keys()
        except (ValueError, KeyError, TypeError, AttributeError):
            raise CheckpointError(
                f"{owner}: {str(path)!r} is not what a run wrote. Give another folder, or remove this one."
            ) from None
        return about

    def _check(self, owner: str, about: dict[str, Any], digests: dict[str, str]) -> None:
        if not about:
            return
        if about["run"] != owner:
            why = f"is of {about['run']}"
        elif about["version"] != _VERSION:
            why = f"was made by version {about['version']} of the package, this is {_VERSION}"
        else:
            known = about["inputs"]
            other = [name for name, value in digests.items() if known.get(name, value) != value]
            if not other:
                return
            why = f"was made by other inputs; they differ in {', '.join(other)}"
        raise CheckpointError(
            f"{owner}: the folder {str(self.folder)!r} {why}. Nothing was read or changed there. Give another folder "
            "for this run; or remove that one, if what it keeps is no longer wanted."
        )

    def read(self, key: str) -> bytes | None:
        """Give what was kept under a key, or None."""
        try:
            return (self.folder / f"{key}{_ENDING}").read_bytes()
        except FileNotFoundError:
            return None

    def write(self, key: str, content: bytes) -> None:
        """Keep the content under a key, whole or not at all."""
        self._write(f"{key}{_ENDING}", content)

    def spoilt(self, key: str, error: Exception) -> None:
        """Warn of a file that cannot be read, which will be replaced."""
        warnings.warn(
            f"{str(self.folder / (key + _ENDING))!r} cannot be read ({type(error).__name__}: {error}). Its task is "
            "computed again.",
            CheckpointWarning,
            stacklevel=5,
        )

    def _write(self, name: str, content: bytes) -> None:
        handle, part = tempfile.mkstemp(dir=self.folder, prefix=".part-")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(content)
            os.replace(part, self.folder / name)
        except BaseException:  # Ctrl-C included
            with contextlib.suppress(OSError):
                os.unlink(part)
            raise
