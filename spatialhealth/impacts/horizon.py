"""Effects in the short run and in the long run, for models with the outcome of the period before."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array, Horizon
from spatialhealth._validation import check_option
from spatialhealth.errors import StabilityError, StabilityWarning
from spatialhealth.impacts.compute import effects_of
from spatialhealth.impacts.draws import draw, spatial_parameters
from spatialhealth.impacts.effects import Impacts
from spatialhealth.impacts.inputs import Pairs
from spatialhealth.impacts.moderation import Moderated
from spatialhealth.likelihood.lagged import long_run_rho
from spatialhealth.models.result import FitResult
from spatialhealth.operator.transition import largest_root

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DynamicImpacts", "both_horizons", "long_run_parameters"]


@dataclass(frozen=True, eq=False)
class DynamicImpacts(Impacts):
    """Effects of every regressor in the short run, and in the long run.

    Parameters
    ----------
    result, variables, estimates, covariance, level, method, draws, rejected
        As of `Impacts`, in the short run: within the period of a change.
    lasting : Impacts or None
        The same once a lasting change has worked itself out; None where the model is not stable.

    Notes
    -----
    The short run has S = (I - rho W)^-1 (beta I + theta W), the long run
    ((1 - tau) I - (rho + eta) W)^-1 (beta I + theta W). This is S of a model without dynamics, with beta / (1 - tau),
    theta / (1 - tau) and (rho + eta) / (1 - tau) for beta, theta and rho, and with the covariance that these have.

    References
    ----------
    Elhorst, J. P. (2014). Spatial Econometrics: From Cross-Sectional Data to Spatial Panels. Springer, section 4.6.
    """

    lasting: Impacts | None = None

    @property
    def short_run(self) -> Impacts:
        """Effects within the period of a change."""
        return Impacts(**_fields(self))

    @property
    def long_run(self) -> Impacts:
        """Effects once a lasting change has worked itself out; StabilityError where there are none."""
        if self.lasting is None:
            raise StabilityError(
                "The estimate is not stable, so that a lasting change never works itself out: there are no long-run "
                "effects. See the spectral radius in summary()."
            )
        return self.lasting

    @property
    def table(self) -> pd.DataFrame:
        """The effects, one row each, those of the short run first.

        Columns: horizon (short-run, long-run), variable, effect (direct, indirect, total), estimate, std_error, z,
        p_value, ci_low, ci_high.
        """
        return self._both(lambda effects: effects.table)

    def contrast(self, expression: str) -> pd.DataFrame:
        """Give a linear combination of the effects of regressors, in the short run and in the long run.

        Parameters
        ----------
        expression : str
            As for `Impacts.contrast`.

        Returns
        -------
        DataFrame
            Three rows a horizon with the columns of `table`; `variable` is the expression.
        """
        return self._both(lambda effects: effects.contrast(expression))

    def by_order(self, k: int) -> pd.DataFrame:
        """Give the effects by order of neighbourhood, in the short run and in the long run.

        Parameters
        ----------
        k : int
            As for `Impacts.by_order`.

        Returns
        -------
        DataFrame
            That of `Impacts.by_order`, with `horizon` before it.
        """
        return self._both(lambda effects: effects.by_order(k))

    def local(self, variable: str, horizon: Horizon = "short-run", *, random_state: Any = 0) -> pd.DataFrame:
        """Give the effects of one regressor unit by unit.

        Parameters
        ----------
        variable : str
            Name of a regressor.
        horizon : {"short-run", "long-run"}, default "short-run"
        random_state : int or numpy.random.Generator, default 0
            As in `Impacts.local`.

        Returns
        -------
        DataFrame
            That of `Impacts.local`.

        Raises
        ------
        OptionError, StabilityError
        """
        check_option("local", "horizon", horizon, Horizon)
        effects = self.short_run if horizon == "short-run" else self.long_run
        return effects.local(variable, random_state=random_state)

    def _horizons(self) -> list[tuple[str, Impacts]]:
        names = get_args(Horizon)
        both = [self.short_run, *([] if self.lasting is None else [self.lasting])]
        return list(zip(names, both, strict=False))

    def _both(self, table_of: Any) -> pd.DataFrame:
        pd = pandas_for("A table of effects", ".short_run and .long_run, and their .estimates")
        frames = []
        for name, effects in self._horizons():
            frame = table_of(effects)
            frame.insert(0, "horizon", name)
            frames.append(frame)
        return pd.concat(frames, ignore_index=True)

    def __str__(self) -> str:
        text = super().__str__()
        if self.draws is None:
            return text
        return (
            f"{text}\nIn the long run few draws near a unit root can make up most of a standard error: read the "
            "intervals."
        )

    def _rows(self) -> list[list[str]]:
        heads, *_ = Impacts._rows(self)
        return [heads] + [
            [row[0], f"{name} {row[1]}", *row[2:]]
            for name, effects in self._horizons()
            for row in effects._rows()[1:]
        ]


def both_horizons(
    result: FitResult, level: float, draws: int, rng: np.random.Generator | None, moderated: Moderated
) -> DynamicImpacts:
    """Give the effects of a dynamic model.

    Parameters
    ----------
    result : FitResult
    level : float
    draws : int
        Number of draws, from which both horizons are simulated.
    rng : numpy.random.Generator or None
        None for the delta method.
    moderated : Moderated
        Which pairs of coefficients make the rows.

    Returns
    -------
    DynamicImpacts
    """
    stable = largest_root(result.operator, *map(float, spatial_parameters(result, result.params))) < 1
    if not stable:
        warnings.warn(
            "The estimate is not stable, so that there are no long-run effects; those of the short run are given.",
            StabilityWarning,
            stacklevel=4,
        )
    drawn, rejected = (None, 0) if rng is None else draw(result, Pairs.of(result), draws, rng, stable)
    now = replace(effects_of(result, level, moderated, drawn, rejected), horizon="short-run")
    lasting = None
    if stable:
        value, jacobian = long_run_parameters(result, result.params), _jacobian(result)
        after = replace(result, params=value, covariance=jacobian @ result.covariance @ jacobian.T)
        lasting = effects_of(
            after, level, moderated, None if drawn is None else long_run_parameters(result, drawn), rejected
        )
        lasting = replace(
            lasting, result=result, horizon="long-run"
        )  # whose tables show the coefficients as they were estimated
    return DynamicImpacts(**_fields(now), lasting=lasting)


def _fields(effects: Impacts) -> dict[str, Any]:
    return {name: getattr(effects, name) for name in Impacts.__dataclass_fields__}


def long_run_parameters(result: FitResult, params: Array) -> Array:
    """Give the parameters of the model without dynamics that has the long-run effects.

    Parameters
    ----------
    result : FitResult
    params : ndarray of shape (..., p)

    Returns
    -------
    ndarray of shape (..., p)
        Coefficients divided by 1 - tau, and (rho + eta) / (1 - tau) at the place of rho; zero for tau and eta.
    """
    rho, tau, eta = spatial_parameters(result, params)
    lasting = params / (1 - tau)[..., None]
    lasting[..., result.position["rho"]] = long_run_rho(rho, tau, eta)
    for name in result.within.lags:
        lasting[..., result.position[name]] = 0.0
    return np.asarray(lasting)


def _jacobian(result: FitResult) -> Array:
    """Give the derivatives of `long_run_parameters` at the estimate, shape (p, p)."""
    place, p = result.position, len(result.params)
    _, tau, _ = spatial_parameters(result, result.params)
    lasting = long_run_parameters(result, result.params)
    jacobian = np.eye(p) / (1 - tau)
    if "eta" in place:
        jacobian[place["rho"], place["eta"]] = 1 / (1 - tau)
    if "tau" in place:
        jacobian[:, place["tau"]] = lasting / (1 - tau)
    for name in result.within.lags:
        jacobian[place[name]] = 0.0
    return np.asarray(jacobian)
