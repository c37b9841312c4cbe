"""What a map to move about in can show: a variable in classes, with what is missing and what is uncertain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, true_minus
from spatialhealth._typing import Array
from spatialhealth.errors import LabelError, NonNumericError, OptionError, some
from spatialhealth.imbalance.lisa import Clusters
from spatialhealth.maps.classes import Classes, classify
from spatialhealth.maps.layer import UNCERTAIN, aligned
from spatialhealth.maps.lisa import ALONE, CLASSES, of_clusters, placed
from spatialhealth.maps.style import OKABE_ITO

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Painted", "Theme", "paint"]

_KINDS = OKABE_ITO[1:]  # black would swallow the borders
_NO_GEOMETRY = "no geometry"


@dataclass(frozen=True, eq=False)
class Theme:
    """A variable of a map to move about in, for `interactive_map` and `explore`.

    Parameters
    ----------
    values : Series, str, or Clusters
        By unit, in any order: numbers, names of LISA clusters, or names of up to seven other kinds of unit; the name
        of a column of the layer; or what `spatialhealth.imbalance.lisa` gives for one period.
    label : str, default ""
        What it is, with its unit; by default the name under which it is given.
    group : str, default ""
        Under which it stands in the menu.
    note : str, default ""
        What it means, and of when it is.
    uncertain : Series of bool, optional
        Units whose interval includes zero, which are drawn pale and dotted.
    classes : Classes, optional
        Those of several themes together, which can then be compared; by default a theme has its own.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities = sh.datasets.load_cities()
    >>> many = cities["population"] > 5e6
    >>> size = sh.maps.Theme(many.map({True: "large", False: "small"}), "Size", note="Large is above five millions.")
    >>> sh.maps.explore(cities, [size]).html.count("Large is above five millions.")
    2
    """

    values: Any
    label: str = ""
    group: str = ""
    note: str = ""
    uncertain: pd.Series | None = None
    classes: Classes | None = None


@dataclass(frozen=True, eq=False)
class Painted:
    """A theme on a layer.

    Parameters
    ----------
    theme : Theme
    texts : tuple of str
        Value of each unit; nothing where there is none.
    right : bool
        Whether the values are numbers.
    classes : Classes
    place : ndarray of int of shape (n,)
        Class of each unit, -1 where there is no value.
    faint, empty : ndarray of bool of shape (n,)
        Units that are uncertain, and without geometry.
    missing : str
        What a unit without a class is.
    """

    theme: Theme
    texts: tuple[str, ...]
    right: bool
    classes: Classes
    place: Array
    faint: Array
    empty: Array
    missing: str

    @property
    def striped(self) -> tuple[bool, ...]:
        """Classes with white stripes, which tell the side below zero in grey."""
        return self.classes.striped or (False,) * len(self.classes.labels)

    @property
    def kinds(self) -> list[str]:
        """How each unit is drawn: m without a value, f faint, s striped, k plain, and the place of its class."""
        sides = ["s" if striped else "k" for striped in self.striped]
        return [
            "km" if place < 0 else f"{'f' if faint else sides[place]}{place}"
            for place, faint in zip(self.place.tolist(), self.faint.tolist(), strict=True)
        ]

    @property
    def legend(self) -> list[tuple[str, str, int]]:
        """Kind, name and number of units of each class, high ones first; then missing, uncertain, shapeless ones."""
        shown = self.place[~self.empty]
        labels, sides = self.classes.labels, self.striped
        rows = [
            (f"{'s' if sides[j] else 'k'}{j}", labels[j], int((shown == j).sum()))
            for j in reversed(range(len(labels)))
        ]
        others = [
            ("km", self.missing, int((shown < 0).sum())),
            ("f", UNCERTAIN, int((self.faint & ~self.empty).sum())),
            ("", _NO_GEOMETRY, int(self.empty.sum())),
        ]
        return rows + [row for row in others if row[2]]

    @property
    def content(self) -> dict[str, Any]:
        """What the script needs; the values themselves it takes from the table."""
        return {
            "label": self.theme.label,
            "note": self.theme.note,
            "colours": list(self.classes.colours),
            "striped": [j for j, striped in enumerate(self.striped) if striped],
            "places": self.place.tolist(),
            "faint": np.flatnonzero(self.faint).tolist(),
            "legend": self.legend,
            "uncertain": UNCERTAIN,
        }


def paint(layer: Any, empty: Array, theme: Theme, options: dict[str, Any]) -> Painted:
    """Match a theme with a layer by label, and put it into classes.

    Parameters
    ----------
    layer : GeoDataFrame
    empty : ndarray of bool of shape (n,)
        Units without geometry.
    theme : Theme
    options : dict
        Of `classify`.

    Returns
    -------
    Painted
    """
    import pandas as pd

    values = theme.values.cluster if isinstance(theme.values, Clusters) else theme.values
    series = aligned(layer, values)
    missing, right = "no value", pd.api.types.is_numeric_dtype(series) or not series.notna().any()
    if right:
        numbers = series.to_numpy(dtype=float, na_value=np.nan)
        classes = classify(numbers, **options) if theme.classes is None else theme.classes
        texts = _texts(numbers)
    else:
        texts = _names(theme, series)
        if of_clusters([text for text in texts if text]):
            classes, numbers = CLASSES, placed(texts)
            missing = " or ".join(word for text, word in (("", missing), (ALONE, ALONE)) if text in texts)
        else:
            classes, numbers = _kinds(theme, texts)
    place = classes.place(numbers)
    return Painted(theme, texts, right, classes, place, _faint(layer, theme, place), empty, missing)


def _texts(numbers: Array) -> tuple[str, ...]:
    """Write a column of numbers, all with digits behind the point or none."""
    known = numbers[~np.isnan(numbers)]
    whole = bool((known == np.round(known)).all())
    return tuple(
        "" if value != value else true_minus(f"{value:,.0f}" if whole else number(value))
        for value in numbers.tolist()
    )


def _names(theme: Theme, series: pd.Series) -> tuple[str, ...]:
    known = series.notna()
    others = [value for value in series[known] if not isinstance(value, str)]
    if others:
        raise NonNumericError(
            f"interactive_map: {theme.label!r} holds {some(others)}, neither numbers nor texts. Give numbers, or "
            "names of kinds of units."
        )
    return tuple(series.astype(object).where(known, ""))


def _kinds(theme: Theme, texts: tuple[str, ...]) -> tuple[Classes, Array]:
    """Give classes of names, in the order of the alphabet from the top of the legend to its bottom."""
    kinds = sorted({text for text in texts if text}, reverse=True)
    if len(kinds) > len(_KINDS):
        raise OptionError(
            f"interactive_map: {theme.label!r} has {len(kinds)} kinds of units, and a map tells {len(_KINDS)} apart: "
            f"{some(kinds[::-1])}. Put them into fewer."
        )
    place = {name: float(j) for j, name in enumerate(kinds)}
    classes = Classes(np.arange(len(kinds) + 1) - 0.5, _KINDS[: len(kinds)][::-1], tuple(kinds))
    return classes, np.array([place.get(text, np.nan) for text in texts])


def _faint(layer: Any, theme: Theme, place: Array) -> Array:
    if theme.uncertain is None:
        return np.zeros(len(place), dtype=bool)
    mask = aligned(layer, theme.uncertain)
    if mask.dtype.kind != "b":
        raise LabelError(
            f"interactive_map: uncertain= of {theme.label!r} must be a Series of True and False by unit; it holds "
            f"{mask.dtype}."
        )
    return np.asarray(mask.to_numpy(dtype=bool) & (place >= 0))
