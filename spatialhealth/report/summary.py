"""The head of a page: what the numbers say, in sentences that claim no more than their intervals."""

from __future__ import annotations

from typing import Any

from spatialhealth.impacts.effects import EFFECTS
from spatialhealth.report.run import Results
from spatialhealth.report.terms import named_table
from spatialhealth.report.words import LOG, shared

__all__ = ["interval_words", "summary_words"]


def summary_words(results: Results) -> list[str]:
    """Say what the effects and their differences come to, how sure that is, and whether it hangs on one choice.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of str
        Differences that the study asks for, one sentence group a regressor, and the alternatives.
    """
    main = results.main
    table = named_table(main.effects).set_index(["variable", "effect"])
    outcome = main.model.result_.response
    together = shared(main.effects.variables)
    said = _contrasts(results)
    said += [
        _effect(name, outcome, table.loc[name], main.lasting is not None)
        for name in main.effects.variables
        if name not in together
    ]
    if together:
        said.append(
            f"{', '.join(together)} are made of the same quantities and are read together: see Effects."
        )
    return [*said, *_alternatives(results, table)]


def interval_words(row: Any) -> str:
    """Write an estimate with its interval, and say so where the interval includes zero."""
    text = f"{_short(row['estimate'])} (interval {_short(row['ci_low'])} to {_short(row['ci_high'])})"
    return f"{text}, an interval that includes zero" if _unsure(row) else text


def _short(value: float) -> str:
    """Write a number for a sentence: three significant digits; the tables have more."""
    return (f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}").replace("-", "−")


def _unsure(row: Any) -> bool:
    return bool(row["ci_low"] <= 0 <= row["ci_high"])


def _numbers(row: Any) -> str:
    return f"{_short(row['estimate'])} ({_short(row['ci_low'])} to {_short(row['ci_high'])})"


def _effect(variable: str, outcome: str, rows: Any, short: bool) -> str:
    """Read the effects of a regressor: the total, and what it is made of."""
    total = rows.loc["total"]
    x, changed, unit = _change(variable, outcome)
    where = f"{'In the short run: where' if short else 'Where'} {changed} in every unit"
    estimate, low, high = (_short(total[key]) for key in ("estimate", "ci_low", "ci_high"))
    if _unsure(total):
        start = (
            f"{where}, the data do not say whether {unit[0]} is higher or lower in the average unit: the total "
            f"effect is {estimate}{unit[1]}, and its interval, {low} to {high}, includes zero."
        )
    else:
        way = "higher" if total["estimate"] > 0 else "lower"
        start = (
            f"{where}, {unit[0]} is {way} by {_short(abs(total['estimate']))}{unit[1]} in the average unit: the "
            f"interval of the total effect, {low} to {high}, leaves zero out."
        )
    if rows.at["indirect", "estimate"] == 0 and rows.at["indirect", "std_error"] == 0:
        return f"{start} This model has no indirect effects."
    parts = (
        f"Direct, from a unit's own {x}: {_numbers(rows.loc['direct'])}; indirect, from that of all others: "
        f"{_numbers(rows.loc['indirect'])}."
    )
    return " ".join([start, parts, *_of_parts(rows)])


def _of_parts(rows: Any) -> list[str]:
    unsure = [name for name in EFFECTS if name != "total" and _unsure(rows.loc[name])]
    if not unsure:
        return []
    if len(unsure) == 2:
        return ["The intervals of both include zero."]
    return [f"The interval of the {unsure[0]} effect includes zero."]


def _change(variable: str, outcome: str) -> tuple[str, str, tuple[str, str]]:
    """Give what changes, how, and in which unit the outcome then does."""
    variable, _, held = variable.partition(" [")
    at = f" (at {held.removesuffix(']')})" if held else ""
    x, y = LOG.fullmatch(variable), LOG.fullmatch(outcome)
    if x and y:
        return x[1], f"{x[1]} is higher by 1 %{at}", (y[1], " %")
    return variable, f"{variable} is higher by one{at}", (outcome, "")


def _contrasts(results: Results) -> list[str]:
    """Read the differences that the study asks for."""
    if results.contrasts is None:
        return []
    said = []
    for name, frame in results.contrasts.groupby("variable", sort=False):
        rows = frame.set_index("effect")
        total = rows.loc["total"]
        verdict = (
            "its interval includes zero, so that the data do not say that the two sides differ"
            if _unsure(total)
            else f"its interval leaves zero out, on the {'positive' if total['estimate'] > 0 else 'negative'} side"
        )
        parts = "; ".join(f"{effect} {_numbers(rows.loc[effect])}" for effect in EFFECTS if effect != "total")
        called = name.replace(" - ", " − ")
        said.append(f"{called}, total effects: {_numbers(total)}; {verdict}. The same of the parts: {parts}.")
    return said


def _alternatives(results: Results, table: Any) -> list[str]:
    """Count the alternatives whose interval lies wholly on the side of the main estimate."""
    if not results.alternatives:
        return []
    frame = results.to_frame()
    frame = frame[(frame["effect"] == "total") & (frame["alternative"] != results.main.name)]
    counts = []
    for name in results.main.effects.variables:
        mine = frame[frame["variable"] == name]
        positive = table.at[(name, "total"), "estimate"] > 0
        held = int(((mine["ci_low"] > 0) if positive else (mine["ci_high"] < 0)).sum())
        unsure = (
            ", though that of the main model does not" if _unsure(table.loc[(name, "total")]) and held else ""
        )
        counts.append(f"{name} in {held} of {len(mine)}{unsure}")
    return [
        "With other weights, units or models, the interval of the total effect lies wholly on the side of the main "
        f"estimate for {'; '.join(counts)}."
    ]
