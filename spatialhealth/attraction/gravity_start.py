"""Where Newton's method for flows starts: at the estimate of pyfixest, or at zero after checks that it would make."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from scipy.optimize import linprog

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.attraction.gravity_fit import PoissonDesign, Sides
from spatialhealth.errors import CollinearityError, MissingLibraryError, SeparationError, some

__all__ = ["by_pyfixest", "from_zero"]

_FLAT = 1e-11  # eigenvalue of the scaled cross products, below which columns go together
_PART = 1e-4  # of a direction, above which a column takes part in it
_APART = 1e-6  # of a direction's greatest change of a pair, below which there is none


def by_pyfixest(design: PoissonDesign) -> Array:
    """Give the coefficients that pyfixest finds, a constant first where there are no effects.

    Raises
    ------
    MissingLibraryError, SeparationError, CollinearityError
    """
    try:
        import pyfixest
    except ModuleNotFoundError:
        raise MissingLibraryError(
            'GravityModel.fit needs pyfixest, which is not installed here. Type: pip install "spatialhealth[flows]". '
            "fit_arrays does without."
        ) from None
    pd = pandas_for("GravityModel", "fit_arrays")
    data = pd.DataFrame({f"x{j}": column for j, column in enumerate(design.x.T)})
    data["y"], data["origin"], data["destination"] = design.y, design.origin, design.destination
    absorbed = [side for side in ("origin", "destination") if design.side(side) is not None]
    right = " + ".join(f"x{j}" for j in range(design.x.shape[1]))
    formula = f"y ~ {right}" + (f" | {' + '.join(absorbed)}" if absorbed else "")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what matters of them is looked at below
        try:
            model = pyfixest.fepois(
                formula, data, vcov="hetero", fixef_rm="none", iwls_maxiter=200, separation_check=["fe", "ir"]
            )
        except ValueError as error:
            if "collinear" not in str(error):
                raise
            raise _collinear(design.names, design) from None
    gone = len(design.y) - len(model.resid())
    if gone:
        raise _separated(gone, design)
    coefficients: Any = model.coef()
    lost = [design.names[j] for j in range(design.x.shape[1]) if f"x{j}" not in coefficients.index]
    if lost:
        raise _collinear(lost, design)
    order = (["Intercept"] if not absorbed else []) + [f"x{j}" for j in range(design.x.shape[1])]
    return np.asarray(coefficients.loc[order], dtype=float)


def from_zero(design: PoissonDesign) -> Array:
    """Give zeros, and the logarithm of the mean flow for a constant, once there is sure to be one maximum.

    Raises
    ------
    CollinearityError
        If columns go together, given the effects.
    SeparationError
        If a direction of the parameters changes no positive flow, and lowers the expectation of some zeros.

    Notes
    -----
    Such a direction must be a combination of columns and effects that vanishes on all pairs with a flow. These are
    few, mostly none: they are the null space of the cross products of these pairs, in which a linear programme looks
    (Correia, Guimarães and Zylkin 2019, Verifying the existence of maximum likelihood estimates for generalized
    linear models).
    """
    sides = design.sides("origin" if design.effects == "destination" else "destination")
    columns = sides.columns
    everything = sides.information(np.ones(len(design.y)), columns)[0]
    size = np.diag(everything).copy()
    still = size <= _FLAT * len(design.y)
    size[still] = 1.0
    scale = np.sqrt(np.outer(size, size))
    values, vectors = np.linalg.eigh(everything / scale)
    together = (np.abs(vectors[:, values <= _FLAT]) > _PART).any(axis=1) | still
    width = design.columns.shape[1]
    if together.any():
        names = ("constant",) * (design.effects == "none") + design.names
        raise _collinear([name for name, one in zip(names, together, strict=False) if one], design)
    _check_bounded(design, sides, scale)
    start = np.zeros(width)
    if design.effects == "none":
        start[0] = np.log(design.y.mean())
    return start


def _check_bounded(design: PoissonDesign, sides: Sides, scale: Array) -> None:
    positive = design.y > 0
    columns = sides.columns
    information, means = sides.information(positive.astype(float), columns)
    values, vectors = np.linalg.eigh(information / scale)
    null = vectors[:, values <= _FLAT]
    if not null.shape[1]:
        return
    directions = null / np.sqrt(np.diag(scale))[:, None]
    change = np.asarray(columns[~positive] @ directions)
    if sides.absorbed is not None:
        change -= (means @ directions)[sides.absorbed[~positive]]
    change /= np.abs(change).max(axis=0)
    found = linprog(
        change.sum(axis=0), A_ub=change, b_ub=np.zeros(len(change)), bounds=[(-1, 1)] * change.shape[1]
    )
    gone = int((change @ found.x < -_APART).sum())
    if gone:
        raise _separated(gone, design)


def _separated(gone: int, design: PoissonDesign) -> SeparationError:
    return SeparationError(
        f"{gone:,} pairs without a flow are told apart from all others by the columns {some(design.names)}, so "
        "that a coefficient has no finite estimate. Leave out the column that is different for these pairs."
    )


def _collinear(names: Sequence[str], design: PoissonDesign) -> CollinearityError:
    return CollinearityError(
        f"The columns {some(names)} are combinations of the others and of the effects ({design.effects}), or "
        "do not vary. Leave them out, or use fewer effects."
    )
