"""Tables of what a study asks besides its effects: tests, other standard errors, groups of units."""

from __future__ import annotations

from spatialhealth._typing import Array
from spatialhealth.diagnostics import Statistic
from spatialhealth.report.checks import Compared, Grouped, Tested
from spatialhealth.report.tables import Table, number

__all__ = ["grouped_tables", "std_error_table", "test_table"]


def test_table(tested: Tested) -> Table:
    """Give the ladder of tests, one row a test.

    Parameters
    ----------
    tested : Tested

    Returns
    -------
    Table
        The csv has the columns of `Ladder.table`; the page leaves out those that repeat others.
    """
    frame = tested.ladder.table
    frame["df"] = [_df(test) for test in tested.ladder.statistics]
    null = frame["null"].where(frame["reason"] == "", "does not apply")
    shown = frame[["rung", "test", "statistic", "df", "p_value", "p_holm"]].assign(null=null)
    shown["rung"] = shown["rung"].astype(str)
    caption = "Tests in order, with p values as they are and with Holm's correction for all of them at once."
    if (frame["reason"] != "").any():
        caption += " The steps above say why a test does not apply."
    return Table("tests", caption, frame, shown)


def std_error_table(comparison: Compared, response: str) -> Table:
    """Give the effects once, and their standard errors under each covariance."""
    others = [name for name in comparison.effects if name != comparison.own]
    return Table(
        "std_errors",
        f"Effects on {response} with the standard errors of the model ({comparison.own}) and with others "
        f"({', '.join(others)}).",
        comparison.to_frame(),
    )


def grouped_tables(groups: Grouped, stem: str, response: str) -> list[Table]:
    """Give the effects and the coefficients by group, and every test that they are the same.

    Parameters
    ----------
    groups : Grouped
    stem : str
        What the names of the tables start with.
    response : str
        The outcome.

    Returns
    -------
    list of Table
        Effects, coefficients, tests.
    """
    tests = groups.regimes.tests.reset_index()
    tests["df"] = [_df(test) for test in groups.statistics]
    counts = {"whole": 2, "coefficient": len(groups.regimes.coefficient_tests)}
    kinds = [kind for kind, count in counts.items() for _ in range(count)]
    shown = tests[["test", "statistic", "df", "p_value"]].copy()
    shown.insert(0, "of", kinds + ["effect"] * (len(tests) - len(kinds)))
    return [
        _effects(groups, stem, response),
        _coefficients(groups, stem),
        Table(
            f"{stem}_tests",
            "Tests that the groups are alike: the whole, each coefficient, each effect.",
            tests,
            shown,
        ),
    ]


def _effects(groups: Grouped, stem: str, response: str) -> Table:
    regimes = groups.regimes
    sides = dict(zip(_titles(groups), regimes.sides, strict=True))
    frame = regimes.table
    numbers = frame[["variable", "effect"]].copy()
    shown = numbers.copy()
    for title, (_, values, errors) in sides.items():
        numbers[title], numbers[f"{title} std_error"] = values, errors
        shown[title] = _cells(values, errors)
    tests = frame[["chow", "df", "p_value"]]
    caption = (
        f"Effects on {response} by group, standard errors in brackets, and spatial Chow tests that the groups do not "
        "differ. All units: the model without groups."
    )
    if "Difference" in sides:
        caption += f" Difference: {groups.titles[1]} less {groups.titles[0]}."
    return Table(stem, caption, numbers.join(tests), shown.join(tests))


def _coefficients(groups: Grouped, stem: str) -> Table:
    import pandas as pd

    regimes = groups.regimes
    by_group, tests = regimes.coefficients, list(regimes.coefficient_tests.values())
    numbers = pd.DataFrame({"parameter": by_group.names})
    shown = numbers.copy()
    for title, values, errors in zip(groups.titles, by_group.values, by_group.std_errors, strict=True):
        numbers[title], numbers[f"{title} std_error"] = values, errors
        shown[title] = _cells(values, errors)
    found = pd.DataFrame(
        {
            "chow": [test.value for test in tests],
            "df": [test.df for test in tests],
            "p_value": [test.p_value for test in tests],
        }
    )
    caption = "Coefficients by group, standard errors in brackets, and tests that the groups do not differ."
    return Table(f"{stem}_coefficients", caption, numbers.join(found), shown.join(found))


def _titles(groups: Grouped) -> list[str]:
    """Give the headings of what stands side by side."""
    return ["All units", *groups.titles, *(["Difference"] if len(groups.titles) == 2 else [])]


def _cells(values: Array, errors: Array) -> list[str]:
    return [
        f"{number(float(value))} ({number(float(error))})"
        for value, error in zip(values, errors, strict=True)
    ]


def _df(test: Statistic) -> str:
    return "" if test.df is None else str(test.df).strip("()")
