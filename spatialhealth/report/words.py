"""What the numbers of a study say, in sentences; every figure in them is taken from the results."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from spatialhealth.errors import some
from spatialhealth.report.fitting import Fit
from spatialhealth.report.run import Results
from spatialhealth.report.study_weights import weights_in_words
from spatialhealth.report.tables import number
from spatialhealth.report.terms import named_table

__all__ = [
    "LOG",
    "contrast_words",
    "data_facts",
    "effect_words",
    "robustness_words",
    "shared",
    "warnings_by_text",
    "weights_facts",
]

# a power of one quantity
_POWER = re.compile(r"I\(\s*(.+?)\s*\*\*\s*[\d.]+\s*\)")
# a logarithm of one quantity, whose small changes are shares; not of a sum such as log(1 + x)
LOG = re.compile(r"log\(\s*([^()+-]+?)\s*\)")


def data_facts(fit: Fit, study: Any) -> dict[str, str]:
    """Say which data the main model has seen."""
    data, result = fit.data, fit.model.result_
    facts = {
        "Data": data.name,
        "Source": data.source or "not stated",
        "Simulated": "yes" if data.simulated else "no",
        "Units (n)": f"{result.n_entities:,}",
        "Periods (T)": _periods(result.periods) if data.table.index.nlevels > 1 else "1 (cross-section)",
        "Outcome": result.response,
    }
    asked = study.part("data")
    if data.left_out:
        facts["Left out on request"] = (
            f"{len(data.left_out)} units of the layer that the table has not: {some(data.left_out)}"
        )
    facts |= {
        label: asked[key]
        for key, label in (("where", "Only rows with"), ("where_units", "Only units with"))
        if key in asked
    }
    return facts


def _periods(periods: Any) -> str:
    """Say which periods there are, and which whole numbers between the first and the last are not among them."""
    if len(periods) == 1:
        return f"1 ({periods[0]})"
    gaps: list[int] = []
    if np.asarray(periods).dtype.kind in "iu":
        gaps = sorted(set(range(int(periods[0]), int(periods[-1]) + 1)) - {int(period) for period in periods})
    regular = len({*np.diff(periods)}) == 1 if gaps else True
    without = "" if regular else f", without {some(gaps)}"
    return f"{len(periods):,} ({periods[0]} to {periods[-1]}{without})"


def weights_facts(fit: Fit, asked: Any) -> dict[str, str]:
    """Say what the spatial weights are like."""
    operator = fit.model.result_.operator
    counts = np.diff(operator.matrix.indptr)
    isolates = f"{len(operator.isolates)}"
    return {
        "Weights": weights_in_words(asked),
        "Links": f"{operator.matrix.nnz:,}",
        "Neighbours of a unit": f"{counts.min():,} to {counts.max():,}, {counts.mean():.1f} on average",
        "Units without neighbours": isolates
        + (f" ({some(operator.isolates)})" if len(operator.isolates) else ""),
        "Rows": _rows(operator),
    }


def _rows(operator: Any) -> str:
    if not operator.is_row_standardised:
        return "do not sum to one"
    return "sum to one" + (", those of units without neighbours are zero" if len(operator.isolates) else "")


def effect_words(fit: Fit) -> list[str]:
    """Read the effects of each regressor."""
    table = named_table(fit.effects).set_index(["variable", "effect"])
    outcome = fit.model.result_.response
    together = shared(fit.effects.variables)
    said = [
        _effect(variable, outcome, table.loc[variable])
        for variable in fit.effects.variables
        if variable not in together
    ]
    if together:
        said.append(
            f"{some(together)} are made of the same quantities, so none of them changes alone: the row of one "
            "holds where what it is multiplied with is zero. Read them together, not one by one."
        )
    return said


def shared(variables: tuple[str, ...]) -> list[str]:
    """Give the regressors that stand in a product or a power beside themselves."""
    parts = {name: {_POWER.sub(r"\1", part) for part in name.split(":")} for name in variables}
    made = {name for name in variables if ":" in name or _POWER.search(name)}
    return [
        name
        for name in variables
        if any(
            parts[name] & parts[other] and (name in made or other in made)
            for other in variables
            if other != name
        )
    ]


def warnings_by_text(fits: Iterable[Fit]) -> dict[str, list[str]]:
    """Give each warning once, with the names of the models it is about."""
    found: dict[str, list[str]] = {}
    for fit in fits:
        for text in fit.warnings:
            found.setdefault(text, []).append(fit.name)
    return found


def _effect(variable: str, outcome: str, rows: Any) -> str:
    total, direct, indirect = (rows.at[name, "estimate"] for name in ("total", "direct", "indirect"))
    variable, _, held = variable.partition(" [")
    at = f" (at {held.removesuffix(']')})" if held else ""
    x, y = LOG.fullmatch(variable), LOG.fullmatch(outcome)
    none = indirect == 0 and rows.at["indirect", "std_error"] == 0
    if x and y:
        parts = (
            f"all from its own {x[1]}, as this model has no indirect effects"
            if none
            else f"{number(direct)} from its own {x[1]} (direct) and {number(indirect)} from the others' (indirect)"
        )
        start = (
            f"1 % more {x[1]} in every unit{at} goes with {_less(total)} % {_more(total)} {y[1]} in the "
            "average unit: "
            f"{parts}."
        )
    else:
        parts = (
            "all from its own, as this model has no indirect effects"
            if none
            else f"{number(direct)} from its own (direct), {number(indirect)} from the others' (indirect)"
        )
        start = (
            f"Where {variable} is higher by one in every unit{at}, {outcome} is {_higher(total)} by "
            f"{_less(total)} in "
            f"the average unit: {parts}."
        )
    return f"{start} {_interval(rows.loc['total'])}"


def _less(value: float) -> str:
    return number(abs(value))


def _more(value: float) -> str:
    return "more" if value >= 0 else "less"


def _higher(value: float) -> str:
    return "higher" if value >= 0 else "lower"


def _interval(row: Any) -> str:
    low, high = row["ci_low"], row["ci_high"]
    verdict = (
        "includes zero: the data show no total effect that chance could not make"
        if low <= 0 <= high
        else "excludes zero"
    )
    return f"The interval of the total, {number(low)} to {number(high)}, {verdict}."


def contrast_words(results: Results) -> list[str]:
    """Read the total of each contrast."""
    if results.contrasts is None:
        return []
    totals = results.contrasts[results.contrasts["effect"] == "total"]
    return [
        f"The total of {row['variable']} is {number(row['estimate'])}, with the interval "
        f"{number(row['ci_low'])} to {number(row['ci_high'])}: "
        + (
            "the difference from zero may be chance."
            if row["ci_low"] <= 0 <= row["ci_high"]
            else "it is different from zero."
        )
        for _, row in totals.iterrows()
    ]


def robustness_words(results: Results) -> list[str]:
    """Say between which values each total effect moves."""
    said = []
    for variable in results.main.effects.variables:
        totals = []
        for fit in results.fits:
            if variable in fit.effects.variables:
                totals.append(fit.effects.estimates[fit.effects.variables.index(variable), 2])
        same = all(value > 0 for value in totals) or all(value < 0 for value in totals)
        said.append(
            f"{variable}: from {number(min(totals))} to {number(max(totals))} in {len(totals)} models, "
            + ("always of the same sign." if same else "not always of the same sign.")
        )
    return said
