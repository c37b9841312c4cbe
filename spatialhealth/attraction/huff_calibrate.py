"""From flows of people to the parameters of Huff's model, with their errors and the goodness of fit."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth.attraction.huff_fit import Choices, maximise
from spatialhealth.attraction.huff_result import HuffResult
from spatialhealth.attraction.reach import Reach
from spatialhealth.errors import IdentificationError

__all__ = ["calibrate"]

_OWNER = "HuffModel"


def calibrate(
    choices: Choices, counts: Array, names: tuple[str, ...], cov_type: str, decay: Any
) -> HuffResult:
    """Estimate the parameters by maximum likelihood, with their covariance.

    Parameters
    ----------
    choices : Choices
    counts : ndarray of shape (pairs,)
        People of each pair.
    names : tuple of str
        Of the parameters.
    cov_type : {"cluster", "observed"}
    decay : str or Decay
        For the result.

    Returns
    -------
    HuffResult

    Raises
    ------
    IdentificationError, ConvergenceError, ConstantRegressorError, CollinearityError
        If the flows cannot tell the parameters.
    """
    used, counts = _with_flows(choices, counts)
    params, found, null = maximise(used, counts, names)
    covariance = np.linalg.inv(found.information)
    places = len(found.scores)
    if cov_type == "cluster":
        if places <= len(params):
            raise IdentificationError(
                f"{_OWNER}: standard errors clustered by place need more places with flows than parameters; "
                f"there are {places} and {len(params)}. Take the observed information (cov_type='observed')."
            )
        meat = found.scores.T @ found.scores * (places / (places - 1))
        covariance = covariance @ meat @ covariance
    total = np.add.reduceat(counts, used.pairs.start[:-1])[used.pairs.rows]
    expected = total * used.shares(params)
    some_ = counts > 0
    freedom = len(counts) - places - len(params)
    squares = np.divide((counts - expected) ** 2, expected, out=np.zeros_like(counts), where=expected > 0)
    return HuffResult(
        names=names,
        params=params,
        covariance=covariance,
        cov_type=cov_type,
        decay=decay if isinstance(decay, str) else repr(decay),
        loglik=found.value,
        null_loglik=null,
        deviance=2 * float(counts[some_] @ np.log(counts[some_] / expected[some_])),
        dispersion=float(squares.sum() / freedom) if freedom > 0 else np.nan,
        overlap=float(np.minimum(counts, expected).sum() / counts.sum()),
        people=float(counts.sum()),
        places=places,
        supply=len(used.pairs.supply),
        pairs=len(counts),
    )


def _with_flows(choices: Choices, counts: Array) -> tuple[Choices, Array]:
    """Give the choices, and counts, of the places that people come from."""
    pairs = choices.pairs
    used = np.add.reduceat(counts, pairs.start[:-1]) > 0
    if not used.any():
        raise IdentificationError(
            f"{_OWNER}: all flows are zero, so that they tell nothing. Give people who move."
        )
    keep = used[pairs.rows]
    kept = pairs.kept(keep)
    start = np.append(kept.start[:-1][used], kept.start[-1])
    some_ = Reach(pairs.demand[used], pairs.supply, start, kept.place, kept.value)
    offset = None if choices.offset is None else choices.offset[keep]
    return Choices(some_, choices.sizes, choices.kind, offset), counts[keep]
