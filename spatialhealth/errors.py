"""Every exception and warning of the package: what was found, where, and what to do about it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = [
    "AbsorbedRegressorError",
    "AlignmentError",
    "ApproximationWarning",
    "BoundaryWarning",
    "CheckpointError",
    "CheckpointWarning",
    "CoincidentPointsError",
    "CollinearityError",
    "ComparabilityError",
    "ConstantRegressorError",
    "ConvergenceError",
    "CoordinateSystemError",
    "CoordinateSystemWarning",
    "CostError",
    "CoverageError",
    "DataError",
    "DownloadError",
    "DuplicateError",
    "FlowError",
    "FontWarning",
    "FormulaError",
    "GapsWarning",
    "GeometryError",
    "IdentificationError",
    "IsolateWarning",
    "LabelError",
    "LikelihoodError",
    "MissingDataError",
    "MissingLibraryError",
    "NonFiniteError",
    "NonNumericError",
    "NotFittedError",
    "OptionError",
    "PredictionError",
    "PriorWarning",
    "ReducedFormError",
    "ReducedFormWarning",
    "RerunWarning",
    "ScenarioError",
    "SeparationError",
    "ShapeError",
    "SizeError",
    "SmallGroupWarning",
    "SpatialHealthWarning",
    "SpecificationWarning",
    "StabilityError",
    "StabilityWarning",
    "StudyError",
    "TransformationWarning",
    "UnaffectedError",
    "UnreachableWarning",
    "WeakInstrumentsWarning",
    "WeightsError",
    "WorkerError",
    "did_you_mean",
    "some",
]


def some(labels: Iterable[object], limit: int = 10) -> str:
    """Write at most `limit` labels, and how many there are beyond them.

    Parameters
    ----------
    labels : iterable
        The labels concerned.
    limit : int, default 10
        How many to name.

    Returns
    -------
    str

    Examples
    --------
    >>> some(["a", "b", "c"], limit=2)
    "'a', 'b' and 1 more"
    """
    labels = list(labels)
    text = ", ".join(_written(label) for label in labels[:limit])
    more = len(labels) - limit
    return f"{text} and {more} more" if more > 0 else text


def did_you_mean(name: object, known: Iterable[object], cutoff: float = 0.4) -> str:
    """Give " Did you mean ...?" with the nearest of the names there are; nothing where none is near.

    Parameters
    ----------
    name : object
        What was asked for.
    known : iterable
        What there is.
    cutoff : float, default 0.4
        Likeness from 0 to 1 that a name must have.

    Returns
    -------
    str

    Examples
    --------
    >>> did_you_mean("LM lags", ["LM lag", "F"])
    " Did you mean 'LM lag'?"
    """
    near = difflib.get_close_matches(str(name), [str(one) for one in known], n=1, cutoff=cutoff)
    return f" Did you mean {near[0]!r}?" if near else ""


def _written(label: object) -> str:
    """Write a label as Python would, without numpy's wrappers."""
    if isinstance(label, tuple):
        return "(" + ", ".join(_written(part) for part in label) + ")"
    item = getattr(label, "item", None)
    return repr(item() if callable(item) else label)


class DataError(ValueError):
    """The data cannot be used as they are."""


class MissingDataError(DataError):
    """A cell of the panel or a value of a column is missing."""


class NonFiniteError(DataError):
    """A value is infinite."""


class NonNumericError(DataError, TypeError):
    """A column that must hold numbers holds something else."""


class DuplicateError(DataError):
    """A unit, or a unit and period, stands more than once."""


class ShapeError(DataError):
    """An array has not the shape that was asked for."""


class LabelError(DataError, TypeError):
    """The data carry no labels to align by."""


class AlignmentError(DataError):
    """The units of two inputs are not the same."""


class CostError(DataError):
    """The cost of a way is zero or negative, where only a positive one has a meaning."""


class CoverageError(DataError):
    """Pairs are absent from a table of origins and destinations."""


class FlowError(DataError):
    """A flow is negative, or a table has none."""


class IdentificationError(DataError):
    """The model asks more of the data than they can tell."""


class ConstantRegressorError(IdentificationError):
    """A regressor (or the outcome) does not vary."""


class AbsorbedRegressorError(IdentificationError):
    """The fixed effects leave nothing of a regressor."""


class CollinearityError(IdentificationError):
    """A regressor, or a spatially lagged one, is a combination of the others."""


class SeparationError(IdentificationError):
    """An effect has no finite estimate, for flows that are zero leave it without a bound."""


class WeightsError(ValueError):
    """The spatial weights cannot be used as they are."""


class GeometryError(ValueError):
    """A geometry is missing, empty, invalid or of the wrong kind."""


class CoincidentPointsError(GeometryError):
    """Two units stand at the same place, so that their distance is zero."""


class CoordinateSystemError(ValueError):
    """The coordinate reference system is missing or cannot measure a distance."""


class SizeError(ValueError):
    """What was asked for would not fit in memory."""


class OptionError(ValueError):
    """An option has a value that is not among the allowed ones."""


class FormulaError(ValueError):
    """A formula cannot be read, or names what the data do not have."""


class NotFittedError(ValueError, AttributeError):
    """The estimator has not been fitted yet."""


class PredictionError(ValueError):
    """The model cannot predict what it was asked for."""


class LikelihoodError(ValueError, AttributeError):
    """The estimator has no likelihood, so nothing that is made of one."""


class ReducedFormError(ValueError):
    """rho lies outside the admissible interval, so that the model has no reduced form."""


class ConvergenceError(ValueError):
    """The likelihood has no maximum inside the admissible interval."""


class StabilityError(ValueError):
    """A dynamic model is not stable, so that what was asked for does not exist."""


class ComparabilityError(ValueError):
    """Likelihoods of different outcomes, samples or transformations cannot be ranked."""


class ScenarioError(ValueError):
    """A scenario names what the data or the model do not have, or asks for what cannot be."""


class UnaffectedError(ScenarioError):
    """A scenario changes nothing that the model reads."""


class StudyError(ValueError):
    """A study file is wrong: the message names the key and the line."""


class DownloadError(ValueError):
    """A remote file could not be fetched, or is not the file that was expected."""


class MissingLibraryError(ValueError, ImportError):
    """A library that this needs is not installed; the message says what does without it."""


class CheckpointError(ValueError):
    """The folder of a checkpoint is of another run, or holds other things."""


class WorkerError(ValueError, RuntimeError):
    """Worker processes ended by themselves, or gave an error that cannot be sent."""


class SpatialHealthWarning(UserWarning):
    """Something the reader of the results should know."""


class ApproximationWarning(SpatialHealthWarning):
    """The Monte-Carlo error of a parameter is larger than was asked for."""


class BoundaryWarning(SpatialHealthWarning):
    """A variance is estimated as zero, the bound of what it can be."""


class FontWarning(SpatialHealthWarning):
    """No installed font has the signs of a text."""


class GapsWarning(SpatialHealthWarning):
    """Units are absent between periods in which they were observed: rows were lost, it seems, not units."""


class CoordinateSystemWarning(SpatialHealthWarning):
    """The coordinates look like those of another coordinate reference system than the layer's."""


class IsolateWarning(SpatialHealthWarning):
    """Some units have no neighbour."""


class ReducedFormWarning(SpatialHealthWarning):
    """rho lies outside the admissible interval: there are no effects and no predictions."""


class TransformationWarning(SpatialHealthWarning):
    """The exact transformation does not exist for these weights; a bias correction stands in for it."""


class UnreachableWarning(SpatialHealthWarning):
    """Some demand has no supply in reach, or some supply no demand."""


class SmallGroupWarning(SpatialHealthWarning):
    """Coefficients of their own are asked of groups of very few units."""


class WeakInstrumentsWarning(SpatialHealthWarning):
    """The instruments explain the endogenous regressors too little for the estimate and its standard errors."""


class StabilityWarning(SpatialHealthWarning):
    """The estimate of a dynamic model is not stable: its outcome drifts away from any level."""


class PriorWarning(SpatialHealthWarning):
    """The prior makes the answer depend on something it should not depend on."""


class CheckpointWarning(SpatialHealthWarning):
    """A file of a checkpoint cannot be read; its task is computed again."""


class RerunWarning(SpatialHealthWarning):
    """A worker process ended by itself; what it did not finish is run again."""


class SpecificationWarning(SpatialHealthWarning):
    """Some of many fits failed, and are left out of what is said of the others."""
