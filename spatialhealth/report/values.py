"""What the keys of a study file may hold, checked and in words."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from typing import Any

from spatialhealth.report.schema import Key

__all__ = ["allowed", "found_words", "is_kind", "kind_words", "meant", "one_of"]

_WORDS = {
    "text": "a text in quotes",
    "texts": "a list of texts",
    "number": "a positive number",
    "share": "a number between 0 and 1",
    "count": "a positive whole number",
    "whole": "a whole number, not negative",
    "switch": "true or false",
    "labels": "a table of texts",
    "points": 'a table of numbers, or of the text "mean"',
    "numbers": "a list of numbers",
    "amount": "a number",
    "unit share": "a number from 0 to 1",
    "table": "a table",
    "tables": "tables, each headed by double brackets",
}


def is_kind(value: Any, kind: str) -> bool:
    """Tell whether a value is of a kind."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    whole = isinstance(value, int) and not isinstance(value, bool)
    return {
        "text": isinstance(value, str) and bool(value.strip()),
        "texts": isinstance(value, list) and all(isinstance(item, str) and item.strip() for item in value),
        "number": number and 0 < value < float("inf"),
        "share": number and 0 < value < 1,
        "count": whole and value > 0,
        "whole": whole and value >= 0,
        "switch": isinstance(value, bool),
        "labels": isinstance(value, Mapping) and all(isinstance(item, str) for item in value.values()),
        "points": isinstance(value, Mapping) and all(_is_point(item) for item in value.values()),
        "numbers": isinstance(value, list) and bool(value) and all(_is_number(item) for item in value),
        "amount": _is_number(value),
        "unit share": _is_number(value) and 0 <= value <= 1,
        "table": isinstance(value, Mapping),
        "tables": isinstance(value, list) and all(isinstance(item, Mapping) for item in value),
    }[kind]


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def _is_point(value: Any) -> bool:
    return value == "mean" or _is_number(value)


def kind_words(key: Key) -> str:
    """Say what a key must hold."""
    words = " or ".join(_WORDS[kind] for kind in key.kind.split(" or "))
    return f"{words} among {', '.join(map(repr, key.options))}" if key.options else words


def found_words(value: Any) -> str:
    """Say what was found in its place."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return "a table"
    return repr(value)


def meant(name: Any, known: Any) -> str:
    """Guess which of the known names was meant."""
    named = {str(one).lower(): one for one in known}
    close = difflib.get_close_matches(str(name).lower(), list(named), n=1, cutoff=0.6)
    return f" Did you mean {named[close[0]]!r}?" if close else ""


def one_of(options: Any) -> str:
    """Say which options there are."""
    return f"Choose one of {', '.join(map(repr, options))}."


def allowed(path: str, keys: Mapping[str, Key]) -> str:
    """Say which keys a table may have."""
    return f"{f'[{path}]' if path else 'The file'} may have: {', '.join(keys)}."
