"""Fonts that hold the signs of a text: Chinese names where a font has them, plain letters elsewhere."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import FontWarning, some

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["CJK", "font_for", "give_font", "has_font", "measuring", "plain_names", "readable"]

CJK = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN", "Microsoft YaHei", "PingFang SC",
    "Hiragino Sans GB", "Heiti SC", "STHeiti", "SimHei", "WenQuanYi Zen Hei", "WenQuanYi Micro Hei",
    "Droid Sans Fallback", "Arial Unicode MS", "Noto Sans CJK TC", "Noto Sans CJK JP", "Noto Sans CJK KR",
    "Noto Serif CJK SC", "Songti SC", "SimSun",
)  # fmt: skip
_PLAIN = 0x2E80  # scripts of East Asia begin here
_INSTALL = (
    "Install one, such as Noto Sans CJK SC (Debian and Ubuntu: apt install fonts-noto-cjk; elsewhere from "
    "https://fonts.google.com/noto), and delete matplotlib's font cache (matplotlib.get_cachedir())"
)


def font_for(text: str, families: Sequence[str] = CJK) -> str | None:
    """Give the first installed family that has every East Asian sign of a text.

    Parameters
    ----------
    text : str
    families : sequence of str
        In the order of preference.

    Returns
    -------
    str or None
        None if no family has them.

    Examples
    --------
    >>> font_for("Wuhan", ["DejaVu Sans"])
    'DejaVu Sans'
    """
    wanted = {ord(sign) for sign in text if ord(sign) >= _PLAIN}
    files = _files()
    for family in families:
        for path in files.get(family, ()):
            if wanted <= _signs(path):
                return family
    return None


def has_font(text: str) -> bool:
    """Whether a text can be written: it has no East Asian signs, or there is a font for them."""
    return not _needs(text) or font_for(text) is not None


def plain_names(names: Sequence[Any], labels: Sequence[Any]) -> list[str]:
    """Give names as they can be written: themselves, or the labels of their units where no font has their signs.

    Parameters
    ----------
    names, labels : sequence of the same length
        What is to be written, and the ids of the units.

    Returns
    -------
    list of str

    Warns
    -----
    FontWarning
        If names are replaced.
    """
    texts = [str(name) for name in names]
    replaced = [text for text in texts if not has_font(text)]
    if replaced:
        warnings.warn(
            f"No installed font has the signs of {some(replaced, 3)}: the ids of the units stand for them. "
            f"{_INSTALL}.",
            FontWarning,
            stacklevel=2,
        )
    return [text if has_font(text) else str(label) for text, label in zip(texts, labels, strict=True)]


def readable(figure: Figure) -> None:
    """Add a font to every text of a figure that has East Asian signs; nothing global changes.

    Parameters
    ----------
    figure : matplotlib Figure

    Warns
    -----
    FontWarning
        If there is no font for some text.
    """
    from matplotlib.text import Text

    lacking = []
    for text in figure.findobj(Text):
        if not give_font(text):
            lacking.append(text.get_text())
    if lacking:
        warnings.warn(
            f"No installed font has the signs of {some(dict.fromkeys(lacking), 3)}: boxes stand for them. "
            f"{_INSTALL}.",
            FontWarning,
            stacklevel=2,
        )


@contextmanager
def measuring() -> Iterator[None]:
    """Keep matplotlib from warning of each sign without a font while texts are measured: `readable` says it once."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font", UserWarning)
        yield


def give_font(text: Any) -> bool:
    """Add a font to a text that has East Asian signs.

    Parameters
    ----------
    text : matplotlib Text

    Returns
    -------
    bool
        Whether all its signs can be drawn.
    """
    said = text.get_text()
    if not _needs(said):
        return True
    family = font_for(said)
    if family is not None:
        text.set_fontfamily([*(one for one in text.get_fontfamily() if one != family), family])
    return family is not None


def _needs(text: str) -> bool:
    return any(ord(sign) >= _PLAIN for sign in text)


def _files() -> dict[str, tuple[str, ...]]:
    from matplotlib.font_manager import fontManager

    files: dict[str, tuple[str, ...]] = {}
    for entry in fontManager.ttflist:
        files[entry.name] = (*files.get(entry.name, ()), entry.fname)
    return files


@lru_cache(maxsize=64)
def _signs(path: str) -> frozenset[int]:
    from matplotlib.font_manager import get_font

    return frozenset(get_font(path).get_charmap())
