"""The centre of gravity of what units hold: its path over time, and the ellipse of its spread."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.special import chdtrc, chdtri

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth._validation import check_draws
from spatialhealth.errors import AlignmentError, GeometryError, some
from spatialhealth.imbalance.measures import Measures, measured
from spatialhealth.imbalance.read import Quantities, check_not_negative, check_units, read
from spatialhealth.imbalance.resample import Resampled, resample
from spatialhealth.imbalance.sphere import Ground, ground_of
from spatialhealth.weights.frames import ids_of, metric_of

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Centre", "centre_of_gravity"]


@dataclass(frozen=True, eq=False)
class Centre:
    """Centres of gravity and standard deviational ellipses.

    Parameters
    ----------
    position : dict of str to ndarray of shape (T,)
        Columns of `path`: coordinates; std_error_east, std_error_north and the region of the position, in metres and
        degrees; moved, bearing and p_value since the period before, NaN in the first.
    measures : Measures
        For each period, in metres: moved (but for the first), major_axis and minor_axis of the ellipse; and its
        orientation in degrees clockwise from north.
    periods : tuple
        Empty for one cross-section.
    """

    position: dict[str, Array]
    measures: Measures
    periods: tuple[Any, ...] = ()

    def to_frame(self) -> pd.DataFrame:
        """Give distances moved, axes and orientation, one row each, with standard errors and intervals."""
        return self.measures.to_frame()

    @property
    def table(self) -> pd.DataFrame:
        """The same as `to_frame`."""
        return self.to_frame()

    @property
    def path(self) -> pd.DataFrame:
        """One row a period: where the centre is, its region, and how it moved."""
        pd = pandas_for("The path of a centre", ".position")
        index = pd.Index(self.periods, name=self.measures.period) if self.periods else None
        frame = pd.DataFrame(self.position, index=index)
        frame.attrs["source"] = self.measures.source
        return frame

    def __str__(self) -> str:
        return str(self.measures)

    __repr__ = __str__


def centre_of_gravity(
    layer: Any,
    values: Any,
    *,
    level: float = 0.95,
    draws: int = 999,
    random_state: Any = None,
) -> Centre:
    """Give the centre of gravity of values by unit, how it moves, and how widely they spread about it.

    Parameters
    ----------
    layer : GeoDataFrame
        Points, or polygons that stand by their centroids, indexed by unit, with a coordinate reference system.
    values : Series
        Not negative (beds, people, inflow), indexed by unit or by (unit, period); the same units as the layer.
    level : float, default 0.95
        Confidence level of intervals and regions.
    draws : int, default 999
        Resamples of the units; they are drawn with their whole history and their place.
    random_state : int or numpy.random.Generator, optional

    Returns
    -------
    Centre
        `path` and `table`.

    Raises
    ------
    DataError
        If a value is negative, or all of a period are zero.
    AlignmentError
        If the units of layer and values differ.
    GeometryError, CoordinateSystemError
        If the layer cannot be used, or its units balance about the globe so that they have no centre.
    LabelError, DuplicateError, MissingDataError, NonFiniteError, NonNumericError, SizeError, OptionError
        If the values are no labelled numbers, or an option is out of range.

    Notes
    -----
    In a projected layer the centre is the weighted mean of the coordinates. In a geographic one it is that of the
    directions in space that are normal to the ellipsoid at each unit, turned back into longitude and latitude; a mean
    of longitudes would hang on where they are counted from, and lie too far south in the north. Distances and
    bearings are geodesic, between one period and the next.

    The region of the position is the ellipse that the covariance of the draws gives: semi-axes in metres, the
    direction of the longer one in degrees clockwise from north. `p_value` is of a Wald test (chi-square, two degrees
    of freedom) that the centre did not move; the distance moved cannot be negative, so that its estimate and interval
    lie above zero even then. Its limits are percentiles of the draws, which hold the truth more often near zero.

    The standard deviational ellipse has as semi-axes the square roots of the eigenvalues of the weighted covariance
    matrix of the offsets from the centre in metres (one standard deviation; it holds 39 per cent of a bivariate
    normal distribution). Lefever's (1926) curve is another thing, and so is
    CrimeStat's ellipse, which is longer by the square root of two.

    References
    ----------
    Yuill, R. S. (1971). The standard deviational ellipse: an updated tool for spatial description. Geografiska
    Annaler B 53, 28-39.

    Wang, B., Shi, W. and Miao, Z. (2015). Confidence analysis of standard deviational ellipse and its extension into
    higher dimensional Euclidean space. PLOS ONE 10, e0118537.

    Examples
    --------
    >>> import geopandas as gpd
    >>> import pandas as pd
    >>> import spatialhealth as sh
    >>> points = gpd.points_from_xy([0, 1000, 0, 1000], [0, 0, 1000, 1000], crs=32650)
    >>> layer = gpd.GeoDataFrame(index=list("abcd"), geometry=points)
    >>> beds = pd.Series([1, 3, 1, 3], index=list("abcd"))
    >>> sh.imbalance.centre_of_gravity(layer, beds, random_state=1).path[["x", "y"]].to_numpy().tolist()
    [[750.0, 500.0]]
    """
    level, draws = check_draws("centre_of_gravity", level, draws)
    frame = read("centre_of_gravity", values=values)
    amounts = check_not_negative(
        "centre_of_gravity",
        "values",
        frame,
        "A weight is meant. Take what is negative by itself, turned round.",
    )
    ground = _ground(layer, frame)
    summands = ground.summands()
    periods, d = len(amounts), summands.shape[1]

    def means(counts: Array) -> Array:
        """Give the mean of what is averaged in each period, (m, T * d)."""
        held = np.stack([(counts * row) @ summands for row in amounts], axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray((held / (counts @ amounts.T)[..., None]).reshape(len(counts), -1))

    ones = means(np.ones((1, frame.n_units))).reshape(periods, d)
    if ground.balanced(ones).any():
        raise GeometryError(
            "centre_of_gravity: the units balance about the globe, so that they have no centre. Take part of them."
        )
    centres = ground.places(ones)
    offsets = np.stack([ground.offsets(centre, ground.points) for centre in centres])

    def statistic(counts: Array) -> Array:
        return np.concatenate([means(counts), _second_moments(counts, amounts, offsets)], axis=1)

    drawn = resample("centre_of_gravity", statistic, frame.n_units, draws, random_state)
    cut = periods * d

    def spots(values: Array) -> Array:
        """Give the centres that (..., k) statistics stand for, (..., T, 2)."""
        return ground.places(values[..., :cut].reshape(*values.shape[:-1], periods, d))

    measures = _measures(frame, drawn, spots, cut, ground, level)
    position = _position(centres, spots(drawn.draws), ground, level)
    return Centre(position, measures, frame.period_labels if frame.is_panel else ())


def _ground(layer: Any, frame: Quantities) -> Ground:
    """Give the ground of a layer, its points in the order of the units."""
    import pandas as pd

    ids = pd.Index(ids_of(layer))
    units = pd.Index(frame.units)
    only = [units.difference(ids, sort=False), ids.difference(units, sort=False)]
    check_units("centre_of_gravity", "the layer", ids, "the values", frame)
    if len(only[0]) or len(only[1]):
        parts = [
            f"{len(labels)} only in the {what}: {some(labels)}"
            for what, labels in zip(("values", "layer"), only, strict=True)
            if len(labels)
        ]
        raise AlignmentError(
            f"centre_of_gravity: the units of layer and values differ; {'; '.join(parts)}. Cut both to the same "
            "units with .loc."
        )
    ordered = layer.loc[units]
    return ground_of(metric_of(ordered, ids_of(ordered)))


def _second_moments(counts: Array, amounts: Array, offsets: Array) -> Array:
    """Give variance east, covariance, and variance north in each period, (m, T * 3)."""
    found = []
    for row, (east, north) in zip(amounts, offsets.transpose(0, 2, 1), strict=True):
        terms = np.column_stack([np.ones(len(row)), east, north, east**2, east * north, north**2])
        total, e, n, ee, en, nn = ((counts * row) @ terms).T
        with np.errstate(divide="ignore", invalid="ignore"):
            e, n = e / total, n / total
            found += [ee / total - e**2, en / total - e * n, nn / total - n**2]
    return np.column_stack(found)


def _axes(moments: Array) -> tuple[Array, Array, Array]:
    """Give semi-axes and orientation of the ellipse of variance east, covariance, variance north (..., 3)."""
    ee, en, nn = np.moveaxis(moments, -1, 0)
    middle, half = (ee + nn) / 2, np.hypot((nn - ee) / 2, en)
    orientation = np.degrees(np.arctan2(2 * en, nn - ee)) / 2 % 180
    # of all in one place, rounding may leave variances below zero
    major, minor = (np.sqrt(np.maximum(variance, 0.0)) for variance in (middle + half, middle - half))
    return major, minor, orientation


def _measures(
    frame: Quantities,
    drawn: Resampled,
    spots: Callable[[Array], Array],
    cut: int,
    ground: Ground,
    level: float,
) -> Measures:
    """Give distances moved, axes and orientations, period by period."""
    periods = len(frame.periods)

    def ellipses(values: Array) -> tuple[Array, Array, Array]:
        return _axes(values[..., cut:].reshape(*values.shape[:-1], periods, 3))

    middle = ellipses(drawn.estimate)[2]

    def measures(values: Array) -> Array:
        """Give (..., T * 4 - 1) measures, those of a period together, from (..., k) statistics."""
        places = spots(values)
        moved, _ = ground.apart(places[..., :-1, :], places[..., 1:, :])
        major, minor, orientation = ellipses(values)
        # an orientation of 179 degrees is near to one of 1 degree
        turned = (orientation - middle + 90) % 180 - 90 + middle
        first = np.full((*moved.shape[:-1], 1), np.nan)
        together = np.stack([np.concatenate([first, moved], axis=-1), major, minor, turned], axis=-1)
        return together.reshape(*values.shape[:-1], -1)[..., 1:]

    names = ("moved", "major_axis", "minor_axis", "orientation")
    columns = {name: column[1:] for name, column in frame.period_columns(len(names)).items()}
    columns["measure"] = (names * periods)[1:]
    title = f"Centre of gravity of {frame.called['values']}"
    note = "Metres; orientation in degrees from north. Distances moved: percentiles."
    every = drawn.mapped(measures)
    kind = np.array(columns["measure"])
    least = np.where(kind == "orientation", -np.inf, 0.0)
    found = measured(title, columns, every, level, frame, note, bounds=(least, np.inf))
    limits = zip((found.ci_low, found.ci_high), every.percentiles(level), strict=True)
    low, high = (np.where(kind == "moved", percentile, limit) for limit, percentile in limits)
    return replace(found, ci_low=low, ci_high=high)


def _position(centres: Array, draws: Array, ground: Ground, level: float) -> dict[str, Array]:
    """Give the columns of the path, from centres (T, 2) and those of the resamples (B, T, 2)."""
    away = ground.offsets(centres, draws)
    spread = np.stack([_spread(away[:, t]) for t in range(len(centres))])
    major, minor, orientation = _axes(np.stack([spread[:, 0, 0], spread[:, 0, 1], spread[:, 1, 1]], axis=-1))
    wide = float(np.sqrt(chdtri(2, 1 - level)))
    columns = {
        ground.axes[0]: centres[:, 0],
        ground.axes[1]: centres[:, 1],
        "std_error_east": np.sqrt(spread[:, 0, 0]),
        "std_error_north": np.sqrt(spread[:, 1, 1]),
        "region_major": wide * major,
        "region_minor": wide * minor,
        "region_orientation": orientation,
    }
    if len(centres) > 1:
        moved, bearing = ground.apart(centres[:-1], centres[1:])
        steps = ground.offsets(draws[:, :-1], draws[:, 1:])
        step = ground.offsets(centres[:-1], centres[1:])
        p_values = [_wald(step[t], _spread(steps[:, t])) for t in range(len(step))]
        for name, values in (("moved", moved), ("bearing", bearing), ("p_value", p_values)):
            columns[name] = np.concatenate([[np.nan], values])
    return columns


def _spread(offsets: Array) -> Array:
    """Give the covariance of offsets (B, 2), less those of resamples without one."""
    return np.asarray(np.cov(offsets[~np.isnan(offsets).any(axis=1)].T))


def _wald(step: Array, spread: Array) -> float:
    """Give the p value of no step; NaN where the resamples do not differ."""
    if np.linalg.det(spread) <= 1e-12 * np.trace(spread) ** 2 or np.trace(spread) <= 0:
        return float("nan")
    return float(chdtrc(2, step @ np.linalg.solve(spread, step)))
