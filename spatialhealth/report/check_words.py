"""What tests, other standard errors and groups of units say, in sentences made from their numbers."""

from __future__ import annotations

import numpy as np

from spatialhealth._stats import holm
from spatialhealth.diagnostics import Statistic
from spatialhealth.models.covariances import WORDS
from spatialhealth.report.checks import Compared, Grouped, Tested
from spatialhealth.report.fitting import Fit
from spatialhealth.report.tables import number
from spatialhealth.report.terms import named_table

__all__ = ["grouped_facts", "grouped_words", "std_error_words", "test_words"]


def test_words(tested: Tested, main: Fit) -> list[str]:
    """Say whether the model of the study is the one that the tests lead to.

    Parameters
    ----------
    tested : Tested
    main : Fit

    Returns
    -------
    list of str
    """
    ladder, own = tested.ladder, main.model
    found = ladder.suggested
    same = type(found) is type(own) and set(found.result_.param_names) == set(own.result_.param_names)
    to = f"The tests lead to {_model(ladder.choice, type(found).__name__)}"
    return [
        f"{to}, the model of this study."
        if same
        else f"{to}. The model of this study is {type(own).__name__}, and what follows is of that one."
    ]


def _model(choice: str, name: str) -> str:
    return "least squares without spatial terms (OLS)" if choice == "OLS" else f"{name} ({choice})"


def std_error_words(comparison: Compared) -> list[str]:
    """Say how much larger or smaller the standard errors are, and whether a total effect hangs on them.

    Parameters
    ----------
    comparison : Compared

    Returns
    -------
    list of str
    """
    base = comparison.effects[comparison.own].std_errors
    known = base > 0
    said = []
    for name, found in comparison.effects.items():
        if name == comparison.own:
            continue
        ratio = found.std_errors[known] / base[known]
        low, high = f"{np.min(ratio):.2f}", f"{np.max(ratio):.2f}"
        size = f"{low} to {high} times" if low != high else f"{low} times"
        said.append(
            f"{_capital(WORDS[name])}: the standard errors of the effects are {size} those of the model "
            f"({WORDS[comparison.own]})."
        )
    by_verdict: dict[str, list[str]] = {}
    for variable in comparison.effects[comparison.own].variables:
        by_verdict.setdefault(_verdict(comparison, variable), []).append(variable)
    return [
        *said,
        *(f"The interval of the total effect {words}: {_and(names)}." for words, names in by_verdict.items()),
    ]


def _verdict(comparison: Compared, variable: str) -> str:
    """Say under which covariances the interval of a total effect holds zero."""
    without: list[str] = []
    within: list[str] = []
    for name, found in comparison.effects.items():
        row = named_table(found).set_index(["variable", "effect"]).loc[(variable, "total")]
        (within if row["ci_low"] <= 0 <= row["ci_high"] else without).append(name)
    if within and without:
        return f"excludes zero with {_and(without)}, and includes it with {_and(within)}"
    count = len(comparison.effects)
    kinds = "both kinds" if count == 2 else f"all {count} kinds"
    return f"{'excludes' if without else 'includes'} zero with {kinds} of standard errors"


def grouped_facts(groups: Grouped) -> dict[str, str]:
    """Say which groups there are, and how they were fitted."""
    found = groups.regimes
    sizes = zip(groups.titles, found.groups.sizes, strict=True)
    said = {"Groups": ", ".join(f"{title} ({size:,} units)" for title, size in sizes), "Column": groups.by}
    silent = {} if found.lr.applies else {"No likelihood ratio": found.lr.reason}
    return said | found.facts | silent


def grouped_words(groups: Grouped) -> list[str]:
    """Read the tests that the groups are alike: the whole, then the total effects one by one.

    Parameters
    ----------
    groups : Grouped

    Returns
    -------
    list of str
    """
    found = groups.regimes
    level = round(1 - found.level, 10)
    whole = [_whole(test, level) for test in (found.chow, found.lr) if test.applies]
    if not found.chow.applies:
        whole.insert(0, f"There is no Chow test of the whole: {found.chow.reason}")
    return [*whole, *_totals(groups, level)]


def _whole(test: Statistic, level: float) -> str:
    verdict = "is rejected" if test.reject(level) else "is not rejected"
    return (
        f"That {test.null} {verdict} at the {100 * level:g} per cent level "
        f"({test.name} = {number(test.value)}, {test.law}, {test.p_text})."
    )


def _totals(groups: Grouped, level: float) -> list[str]:
    """Name the total effects that differ, each tested by itself and then with all of them allowed for."""
    tests = {
        variable: test
        for (variable, effect), test in groups.regimes.effect_tests.items()
        if effect == "total" and test.applies
    }
    if not tests:
        return []
    adjusted = dict(zip(tests, holm([test.p_value for test in tests.values()]), strict=True))
    differ = [name for name, test in tests.items() if test.reject(level)]
    start = f"Tested{' one by one' if len(tests) > 1 else ''} at the {100 * level:g} per cent level, "
    if not differ:
        return [f"{start}no total effect is shown to differ between the groups, nor to be the same."]
    said = f"{start}the total effect differs between the groups for {_and([_with_p(n, tests[n]) for n in differ])}"
    silent = [_with_p(name, test) for name, test in tests.items() if name not in differ]
    said += f"; for {_and(silent)} no difference is shown." if silent else "."
    if len(tests) > 1:
        lost = [name for name in differ if adjusted[name] >= level]
        said += (
            f" With Holm's correction for {len(tests)} tests none is shown for {_and(lost)} either."
            if lost
            else f" What differs still does with Holm's correction for {len(tests)} tests."
        )
    return [said]


def _with_p(name: str, test: Statistic) -> str:
    return f"{name} ({test.p_text})"


def _and(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
