"""What a scenario comes to: changes by city with their intervals, and what they sum to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth._format import number, ruled_table
from spatialhealth._labels import pandas_for
from spatialhealth._typing import Array
from spatialhealth.errors import ComparabilityError, ScenarioError, some
from spatialhealth.impacts.draws import replaced_words
from spatialhealth.scenario.spread import Basis, Coefficients

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Outlook", "Replay", "compare", "outlook"]

PARTS = ("change", "own", "spilled_over")
_ROUNDING = 1e-13
_BLOCK = 4_000_000  # numbers held at once


@dataclass(frozen=True, eq=False)
class Outlook:
    """Changes of the outcome within one horizon.

    Parameters
    ----------
    estimate, low, high : ndarray of shape (3, n)
        Change, own and spilled over, by unit.
    mean : ndarray of shape (3,)
        Their means over all units.
    mean_draws : ndarray of shape (r, 3)
    amount : ndarray of shape (n,), optional
        Of an outcome in logarithms: the change of the outcome itself.
    amount_low, amount_high : ndarray of shape (n,), optional
    amount_draws : ndarray of shape (r,), optional
        Its sum over all units.
    error : float
        Largest relative error of the interpolation between values of rho.
    rejected : int
        Draws of the parameters that were replaced: rho outside the admissible interval, or not stable.
    """

    estimate: Array
    low: Array
    high: Array
    mean: Array
    mean_draws: Array
    amount: Array | None = None
    amount_low: Array | None = None
    amount_high: Array | None = None
    amount_draws: Array | None = None
    error: float = 0.0
    rejected: int = 0


def outlook(
    point: Basis,
    exact: Coefficients,
    spread: Basis,
    many: Coefficients,
    observed: Array | None,
    level: float,
) -> Outlook:
    """Put estimate and draws together, some units at a time.

    Parameters
    ----------
    point, exact : Basis, Coefficients
        Of the estimate.
    spread, many : Basis, Coefficients
        Of the draws.
    observed : ndarray of shape (n,), optional
        The outcome itself, if the model has its logarithm.
    level : float

    Returns
    -------
    Outlook
    """
    n, r = point.total.shape[-1], len(many.rho)
    tails = [(1 - level) / 2, (1 + level) / 2]
    estimate = _parts(point, point.weights(exact), slice(None))[:, 0]
    low, high = np.empty((3, n)), np.empty((3, n))
    weights, mean_draws = spread.weights(many), np.zeros((r, 3))
    amounts = None if observed is None else np.empty((3, n))
    sums = None if observed is None else np.zeros(r)
    size = max(1, _BLOCK // r)
    for start in range(0, n, size):
        part = slice(start, start + size)
        drawn = _parts(spread, weights, part)  # (3, r, units)
        low[:, part], high[:, part] = np.quantile(drawn, tails, axis=1)
        mean_draws += drawn.sum(axis=2).T / n
        if observed is not None and amounts is not None and sums is not None:
            moved = np.expm1(drawn[0]) * observed[part]
            amounts[0, part] = np.expm1(estimate[0, part]) * observed[part]
            amounts[1:, part] = np.quantile(moved, tails, axis=0)
            sums += moved.sum(axis=1)
    extra: dict[str, Any] = {}
    if amounts is not None:
        extra = dict(zip(("amount", "amount_low", "amount_high"), amounts, strict=True)) | {
            "amount_draws": sums
        }
    return Outlook(estimate, low, high, estimate.mean(axis=1), mean_draws, error=spread.error, **extra)


def _parts(basis: Basis, weights: Array, part: slice) -> Array:
    """Give change, own and spilled over, shape (3, r, units)."""
    total = weights @ basis.total[..., part].reshape(weights.shape[1], -1)
    own = weights @ basis.own[..., part].reshape(weights.shape[1], -1)
    rest = total - own
    rest[np.abs(rest) < _ROUNDING * np.abs(total).max()] = 0.0  # where nothing comes from elsewhere
    return np.stack([total, own, rest])


@dataclass(frozen=True, eq=False)
class Replay:
    """What a model expects of a scenario.

    Parameters
    ----------
    scenario : Scenario
    response : str
        The outcome, as it is in the model.
    period : label or None
        The period that was changed.
    units : ndarray of shape (n,)
    touched : ndarray of int
        Places of the units whose regressors the scenario changes.
    horizons : dict of str to Outlook
        "" of a model without dynamics; else "short-run" and, if it is stable, "long-run".
    level : float
        Of the intervals.
    draws : int
    source : str
        Where the data come from, if they say so.
    """

    scenario: Any
    response: str
    period: Any
    units: Array
    touched: Array
    horizons: dict[str, Outlook]
    level: float
    draws: int
    source: str = ""
    _names: tuple[str, ...] = field(default=PARTS, repr=False)

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return str(self.scenario.name)

    @property
    def rejected(self) -> int:
        """Number of draws that were replaced: rho outside the admissible interval, or not stable."""
        return max(each.rejected for each in self.horizons.values())

    @property
    def table(self) -> pd.DataFrame:
        """The changes, one row a city, indexed by unit; of a dynamic model by (horizon, unit).

        Columns: `changed`, whether the scenario changes the city itself; `change` of the outcome, and its parts `own`
        and `spilled_over`, each with `_low` and `_high`. Of an outcome in logarithms also `percent`, and, if the data
        hold it, `amount`: the change of the outcome itself.
        """
        pd = pandas_for("Replay.table", ".horizons")
        frames = {name: self._frame(pd, found) for name, found in self.horizons.items()}
        if "" in frames:
            return frames[""]
        return pd.concat(frames, names=["horizon", "unit"])

    @property
    def totals(self) -> pd.DataFrame:
        """Means over all units, and sums of amounts, one row each.

        Columns: horizon (of a dynamic model), quantity, estimate, ci_low, ci_high.
        """
        pd = pandas_for("Replay.totals", ".horizons")
        rows = [
            ({"horizon": horizon} if horizon else {})
            | {"quantity": quantity, "estimate": estimate, **self._limits(drawn)}
            for horizon, quantity, estimate, drawn in self._sums()
        ]
        return pd.DataFrame(rows)

    def _sums(self) -> list[tuple[str, str, float, Array]]:
        found = []
        for horizon, seen in self.horizons.items():
            for j, part in enumerate(PARTS):
                found.append(
                    (horizon, f"mean {part.replace('_', ' ')}", float(seen.mean[j]), seen.mean_draws[:, j])
                )
            if seen.amount is not None and seen.amount_draws is not None:
                found.append(
                    (horizon, f"sum of {self._outcome}", float(seen.amount.sum()), seen.amount_draws)
                )
        return found

    @property
    def _outcome(self) -> str:
        return self.response.removeprefix("log(").removesuffix(")") if self._is_log else self.response

    @property
    def _is_log(self) -> bool:
        return self.response.startswith("log(") and self.response.endswith(")")

    def _limits(self, drawn: Array) -> dict[str, float]:
        low, high = np.quantile(drawn, [(1 - self.level) / 2, (1 + self.level) / 2])
        return {"ci_low": float(low), "ci_high": float(high)}

    def _frame(self, pd: Any, seen: Outlook) -> pd.DataFrame:
        changed = np.zeros(len(self.units), dtype=bool)
        changed[self.touched] = True
        columns: dict[str, Any] = {"changed": changed}
        for j, part in enumerate(PARTS):
            columns |= {part: seen.estimate[j], f"{part}_low": seen.low[j], f"{part}_high": seen.high[j]}
        if self._is_log:
            columns["percent"] = 100 * np.expm1(seen.estimate[0])
            columns["percent_low"], columns["percent_high"] = (
                100 * np.expm1(side[0]) for side in (seen.low, seen.high)
            )
        if seen.amount is not None:
            columns |= {"amount": seen.amount, "amount_low": seen.amount_low, "amount_high": seen.amount_high}
        return pd.DataFrame(columns, index=pd.Index(self.units, name="unit"))

    def to_frame(self) -> pd.DataFrame:
        """Give `table`."""
        return self.table

    def __str__(self) -> str:
        when = "" if self.period is None else f" in {self.period}"
        rows = [["", "Estimate", "CI low", "CI high"]]
        for horizon, quantity, estimate, drawn in self._sums():
            limits = self._limits(drawn)
            label = f"{horizon} {quantity}".strip()
            rows.append([label, number(estimate), number(limits["ci_low"]), number(limits["ci_high"])])
        told = [
            f"Scenario: {self.name}",
            f"Change of {self.response}{when}; {len(self.touched)} of {len(self.units)} units are changed themselves",
            *ruled_table(rows),
            f"Intervals at {self.level:.0%} from {self.draws:,} draws of the parameters.",
            *replaced_words(self.rejected, "" not in self.horizons),
        ]
        return "\n".join([*told, *(["Data: " + self.source + "."] if self.source else [])])

    def __repr__(self) -> str:
        return f"<Replay of {self.name!r}: {self.response} of {len(self.units)} units>"


def compare(*replays: Replay) -> pd.DataFrame:
    """Put scenarios side by side, and each against the first.

    Parameters
    ----------
    *replays : Replay
        Of one model; with the same seed and number of draws, differences are taken draw by draw.

    Returns
    -------
    DataFrame
        One row a scenario, horizon (of a dynamic model) and quantity: estimate, ci_low, ci_high; `difference` from
        the first scenario with `difference_low` and `difference_high`.

    Raises
    ------
    ScenarioError
        If there are fewer than two, two of one name, or something else among them.
    ComparabilityError
        If they are of different outcomes, units, periods, or draws.

    Examples
    --------
    >>> import spatialhealth as sh
    >>> cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()  # simulated
    >>> model = sh.SpatialDurbin(weights=sh.weights.contiguity(cities), effects="two-way")
    >>> model = model.fit_formula("log(inflow) ~ log(tertiary) + log(primary) + log(gdp)", panel)
    >>> plans = [sh.scenario.Change(name, times=1.1) for name in ("tertiary", "primary")]
    >>> found = [sh.scenario.replay(model, plan, panel, random_state=1) for plan in plans]
    >>> sh.scenario.compare(*found)["scenario"].unique().tolist()
    ['tertiary x 1.1 in all units', 'primary x 1.1 in all units']
    """
    pd = pandas_for("compare", "Replay.horizons")
    if len(replays) < 2:
        raise ScenarioError("compare: give at least two replays.")
    odd = [type(each).__name__ for each in replays if not isinstance(each, Replay)]
    if odd:
        raise ScenarioError(
            f"compare: {some(odd)} cannot be compared. Give what replay returned, not its table."
        )
    names = [each.name for each in replays]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        raise ScenarioError(
            f"compare: scenarios share the name {some(twice)}. Name each with Scenario(name, changes)."
        )
    first = replays[0]
    _check_comparable(replays)
    frames = []
    for each in replays:
        rows = []
        for (_, _, base, base_drawn), (_, _, estimate, drawn) in zip(
            first._sums(), each._sums(), strict=True
        ):
            apart = each._limits(drawn - base_drawn)
            rows.append((estimate - base, apart["ci_low"], apart["ci_high"]))
        frame = each.totals
        frame.insert(0, "scenario", each.name)
        columns = ("difference", "difference_low", "difference_high")
        frames.append(pd.concat([frame, pd.DataFrame(rows, columns=columns)], axis=1))
    return pd.concat(frames, ignore_index=True)


def _check_comparable(replays: tuple[Replay, ...]) -> None:
    first = replays[0]
    for each in replays[1:]:
        same = {
            "outcome": each.response == first.response,
            "period": each.period == first.period,
            "units": list(each.units) == list(first.units),
            "horizons": list(each.horizons) == list(first.horizons),
            "level": each.level == first.level,
            "number of draws": each.draws == first.draws,
        }
        other = [what for what, agrees in same.items() if not agrees]
        if other:
            raise ComparabilityError(
                f"compare: {each.name!r} and {first.name!r} differ in {', '.join(other)}. Replay both with the same "
                "model, data, period, level, draws and random_state."
            )
