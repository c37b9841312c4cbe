"""Bootstrap of the effects: outcomes made anew from the fitted model, and the model fitted to each."""

from __future__ import annotations

from typing import Any

import numpy as np

from spatialhealth._typing import Array
from spatialhealth._validation import (
    check_positive,
    check_resumable,
    check_share,
    seed_sequence,
)
from spatialhealth.errors import (
    ConvergenceError,
    IdentificationError,
    ReducedFormError,
)
from spatialhealth.impacts.compute import impacts
from spatialhealth.impacts.effects import Impacts
from spatialhealth.impacts.resample import Together, check_resampling, identity_of, resampled
from spatialhealth.models.base import SpatialModel

__all__ = ["bootstrap"]

_FAILURES = 0.05  # share of samples without a maximum beyond which the rest is no fair picture


def bootstrap(
    model: SpatialModel,
    draws: int = 999,
    together: Together = "cell",
    level: float = 0.95,
    n_jobs: int | None = None,
    random_state: Any = None,
    checkpoint: Any = None,
) -> Impacts:
    """Give the effects of a fitted model with standard errors and intervals from a wild bootstrap.

    Parameters
    ----------
    model : fitted estimator
    draws : int, default 999
        Bootstrap samples.
    together : {"cell", "unit", "period"}, default "cell"
        Which residuals change sign together:
        - "cell": each by itself, for errors that are independent, of whatever variances;
        - "unit": those of a unit in all periods, for errors that depend on each other over time;
        - "period": those of all units in a period, for errors that depend on each other over space.
    level : float, default 0.95
        Confidence level of the intervals, which lie between quantiles of the samples.
    n_jobs : int, optional
        Processes; -1 for all cores, 1 for none but this. By default what ``joblib.parallel_config`` says, a cluster
        perhaps, and else 1. The result does not depend on it.
    random_state : int or numpy.random.Generator, optional
        Seed of the signs.
    checkpoint : path-like, optional
        Folder that keeps every sample as it is done: the same call goes on from there, one with more draws too. Needs
        a `random_state`.

    Returns
    -------
    Impacts
        With the estimates of the model, and `draws` of shape (draws, k, 3). `rejected` counts samples on which the
        model could not be fitted, which were replaced.

    Raises
    ------
    NotFittedError
    OptionError
        If the model is dynamic, has random effects, or has missing outcomes in its likelihood.
    ConvergenceError
        If more than one sample in twenty could not be fitted.
    CheckpointError
        If the folder is of another run.

    Notes
    -----
    A sample is y* = (I - rho W)^-1 (Z delta + effects + (I - lambda M)^-1 e*), e* the residuals times random signs,
    scaled for the fixed effects that were estimated.

    References
    ----------
    Liu, R. Y. (1988). Bootstrap procedures under some non-i.i.d. models. Annals of Statistics 16, 1696-1708.

    Cameron, A. C., Gelbach, J. B. and Miller, D. L. (2008). Bootstrap-based improvements for inference with clustered
    errors. Review of Economics and Statistics 90, 414-427.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> states = sh.datasets.load_states()
    >>> panel = sh.datasets.load_cigarettes()
    >>> W = sh.weights.contiguity(states.loc[panel.index.unique("state")])
    >>> model = sh.SpatialDurbin(weights=W, effects="two-way").fit_formula("log(sales) ~ log(price / cpi)", panel)
    >>> effects = sh.impacts.bootstrap(model, draws=99, together="unit", random_state=0)
    >>> effects.table["effect"].tolist()
    ['direct', 'indirect', 'total']
    """
    from spatialhealth.runs import Shared, Task, run  # a plug-in of QGIS goes without what starts processes

    check_positive("bootstrap", "draws", draws, integer=True)
    check_share("bootstrap", "level", level)
    check_resampling("bootstrap", model, together)
    check_resumable("bootstrap", checkpoint, random_state)
    result = model.result_
    allowed = int(np.ceil(_FAILURES * draws))
    root = seed_sequence("bootstrap", random_state)
    inputs = {"model": Shared(model, identity_of(model)), "together": together, "random_state": root}
    # a sample that failed is replaced from a seed of its own, so that a failure changes no other sample
    seeds = root.spawn(draws + allowed)
    found: list[Array] = []
    failed = 0
    while len(found) < draws:
        if failed > allowed:
            raise ConvergenceError(_too_often(failed, draws))
        batch = seeds[len(found) + failed : draws + failed]
        tasks = [
            Task(f"sample {seed.spawn_key[-1] + 1}", (inputs["model"], seed, together)) for seed in batch
        ]
        outcomes = run("bootstrap", _sample, tasks, "bootstrap", n_jobs, checkpoint, inputs)
        for outcome in outcomes:
            outcome.warn_of_others()  # those of this package the model itself has given
        fitted = [outcome.value for outcome in outcomes if outcome.value is not None]
        failed += len(batch) - len(fitted)
        found += fitted
    drawn = np.stack(found)
    covariance = np.atleast_2d(np.cov(drawn.reshape(draws, -1), rowvar=False))
    exact = impacts(result).estimates.copy()
    return Impacts(result, result.regressors, exact, covariance, level, "bootstrap", drawn, failed)


def _too_often(failed: int, draws: int) -> str:
    return (
        f"The model could not be fitted to {failed} of {draws} bootstrap samples: it is near the edge of what the "
        "data identify, and the rest would give no fair picture. Use `model.impacts()`, by the delta "
        "method, or a simpler model."
    )


def _sample(model: SpatialModel, seed: np.random.SeedSequence, together: str) -> Array | None:
    """Give the effects (k, 3) of the model fitted to one sample, or None if it could not be."""
    outcome = resampled(model, np.random.default_rng(seed), together)
    try:
        return np.array(impacts(model.refit(outcome)).estimates)
    except (ConvergenceError, IdentificationError, ReducedFormError):
        return None
