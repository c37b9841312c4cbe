"""What a ladder of tests says: the model it leads to, and the paragraph that reports it."""

from __future__ import annotations

from collections.abc import Sequence

from spatialhealth._format import number
from spatialhealth.diagnostics.fitted import outcome_of
from spatialhealth.diagnostics.ladder_result import Ladder, Rung
from spatialhealth.diagnostics.statistic import Statistic
from spatialhealth.models.result import FitResult

__all__ = ["paragraph", "parts", "suggestion"]

_NAMES = {
    "OLS": "least squares without spatial terms (OLS)",
    "SLX": "the SLX model",
    "SAR": "the spatial lag model (SAR)",
    "SEM": "the spatial error model (SEM)",
    "SDM": "the spatial Durbin model (SDM)",
}
# told in the table, not in the text
_LEFT_OUT = ("LM SARMA", "F two-way", "LM1", "LM2", "SLM1", "SLM2", "LMJ", "LMH")
# who speaks, how it rejects, how it does not
_SENTENCES = {
    "space": (
        "The residuals of the model without spatial terms",
        "are autocorrelated in space",
        "show no autocorrelation in space",
    ),
    "effects": ("F tests", "reject leaving out", "do not reject leaving out"),
    "lm": ("Lagrange multiplier tests", "reject the absence of", "do not reject the absence of"),
    "SAR": (
        "The reduction of SDM to SAR, without lagged regressors,",
        "is rejected by",
        "is not rejected by",
    ),
    "SEM": ("The reduction of SDM to SEM, a common factor,", "is rejected by", "is not rejected by"),
    "SLX": (
        "The reduction of SDM to SLX, without a lag of the outcome,",
        "is rejected by",
        "is not rejected by",
    ),
    "random": ("Baltagi, Song and Koh's tests", "reject the absence of", "do not reject the absence of"),
    "hausman": ("That random effects are consistent in the SDM", "is rejected by", "is not rejected by"),
}
_SUBJECTS = {
    "F entity": "effects of units",
    "F time": "effects of periods",
    "LM lag": "a spatial lag",
    "LM error": "a spatial error",
    "robust LM lag": "a spatial lag beside an error",
    "robust LM error": "a spatial error beside a lag",
    "LM WX": "lagged regressors",
    "CLMlambda": "a spatial error beside random effects",
    "CLMmu": "random effects beside a spatial error",
    "Hausman": "the Hausman statistic",
    "Hausman, auxiliary": "its auxiliary regression",
}
_CLASSES = {"SAR": "SpatialLag", "SEM": "SpatialError", "SLX": "SLX"}


def suggestion(rungs: Sequence[Rung], level: float, decide: str) -> tuple[str, str]:
    """Give the model that the tests lead to, and why.

    Parameters
    ----------
    rungs : sequence of Rung
    level : float
    decide : {"LR", "Wald"}
        Which test of the reductions of SDM decides; the other stands in where it does not apply.

    Returns
    -------
    (str, str)
        The model, and a clause.
    """
    tests = {test.name: test for rung in rungs for test in rung.statistics}
    no_rho = _keeps(tests, "SLX", level, decide)
    if not any(_rejects(tests.get(name), level) for name in ("LM lag", "LM error")):
        if not _rejects(tests.get("LM WX"), level):
            return "OLS", "as no test finds a spatial lag, a spatial error or lagged regressors"
        if no_rho:
            return (
                "SLX",
                "as lagged regressors matter and neither a lag of the outcome nor a spatial error is found",
            )
        return "SDM", "as lagged regressors matter, and beside them a lag of the outcome"
    sar, sem = _keeps(tests, "SAR", level, decide), _keeps(tests, "SEM", level, decide)
    points = _points(tests, level)
    if not (sar or sem):
        if no_rho:
            return "SLX", "as the lagged regressors take up what the LM tests found: rho = 0 is not rejected"
        return "SDM", _not_enough(tests)
    if sar and points == "lag":
        return "SAR", "as theta = 0 is not rejected and the LM tests point to a lag"
    if sem and points == "error":
        return "SEM", "as the common factor is not rejected and the LM tests point to an error"
    which = "SAR and SEM" if sar and sem else "SAR" if sar else "SEM"
    return "SDM", f"as the reduction to {which} is not rejected but the LM tests do not point the same way"


def _not_enough(tests: dict[str, Statistic]) -> str:
    """Say which reductions are rejected, and which no test can tell: that is not the same."""
    untold = [
        name
        for name in ("SAR", "SEM")
        if not any(
            test is not None and test.applies
            for test in (tests.get(f"{kind} {_CLASSES[name]} in SpatialDurbin") for kind in ("LR", "Wald"))
        )
    ]
    if not untold:
        return "as neither SAR nor SEM is enough"
    if len(untold) == 2:
        return "as no test can tell whether SAR or SEM is enough"
    other = "SEM" if untold == ["SAR"] else "SAR"
    return f"as {other} is not enough and no test can tell whether {untold[0]} is"


def _keeps(tests: dict[str, Statistic], name: str, level: float, decide: str) -> bool:
    """Whether the reduction of SDM to a model is not rejected; one that no test can tell is not accepted."""
    other = "Wald" if decide == "LR" else "LR"
    for kind in (decide, other):
        test = tests.get(f"{kind} {_CLASSES[name]} in SpatialDurbin")
        if test is not None and test.applies:
            return not test.reject(level)
    return False


def _rejects(test: Statistic | None, level: float) -> bool:
    return test is not None and test.applies and test.reject(level)


def _points(tests: dict[str, Statistic], level: float) -> str:
    """Whether the LM tests point to a lag or to an error: by which alone is significant, else by which is larger."""
    for lag, error in (("robust LM lag", "robust LM error"), ("LM lag", "LM error")):
        one, other = _rejects(tests.get(lag), level), _rejects(tests.get(error), level)
        if one != other:
            return "lag" if one else "error"
    robust = tests["robust LM lag"].applies
    lag, error = ("robust LM lag", "robust LM error") if robust else ("LM lag", "LM error")
    return "lag" if tests[lag].value >= tests[error].value else "error"


def paragraph(steps: Ladder) -> str:
    """Report the whole sequence in words.

    Parameters
    ----------
    steps : Ladder

    Returns
    -------
    str
    """
    opening, told, closing = parts(steps)
    return " ".join([opening, *told, closing])


def parts(steps: Ladder) -> tuple[str, tuple[str, ...], str]:
    """Give the paragraph in parts: what the data are, one part a rung, and what follows from them.

    Parameters
    ----------
    steps : Ladder

    Returns
    -------
    (str, tuple of str, str)
    """
    result = steps.models["OLS"].result_
    closing = [
        _left_out_effects(steps, result),
        f"The tests lead to {_NAMES[steps.choice]}, {steps.why}.",
        _many(steps),
    ]
    return (
        _data(result, steps.level),
        tuple(_sentence(rung, steps.level) for rung in steps.rungs),
        " ".join(part for part in closing if part),
    )


def _data(result: FitResult, level: float) -> str:
    periods = f" in {result.n_periods:,} periods" if result.n_periods > 1 else ""
    within = result.within
    effects = "" if within.effects == "none" else f", {within.effects} fixed effects"
    if within.effects != "none":
        effects += " (transformed as by Lee and Yu 2010)" if within.correction == "lee-yu" else " (demeaned)"
    return (
        f"The outcome is {outcome_of(result)}, of {result.n_entities:,} units{periods}{effects}; "
        f"every test is made at the {100 * level:g} per cent level."
    )


def _left_out_effects(steps: Ladder, result: FitResult) -> str:
    """Say so when effects are needed that the models do not have."""
    tests = {test.name: test for test in steps.statistics}
    lacks = [
        words
        for name, words, there in (
            ("F entity", "of units", result.within.has_entity),
            ("F time", "of periods", result.within.has_time),
        )
        if not there and _rejects(tests.get(name), steps.level)
    ]
    if not lacks:
        return ""
    both = lacks == ["of units", "of periods"] or result.effects != "none"
    effects = "two-way" if both else "entity" if lacks == ["of units"] else "time"
    return (
        f"The models compared here lack the effects {' and '.join(lacks)} that the F tests ask for, which the other "
        f"tests may take for dependence in space: repeat the sequence with effects={effects!r}."
    )


def _sentence(rung: Rung, level: float) -> str:
    """Report one rung: what its tests say, and how."""
    who, rejects, keeps = _SENTENCES[rung.key]
    told = [test for test in rung.statistics if test.applies and test.name not in _LEFT_OUT]
    groups = (
        (rejects, [test for test in told if test.reject(level)]),
        (keeps, [test for test in told if not test.reject(level)]),
    )
    clauses = [f"{verb} {_listed([_told(test) for test in tests])}" for verb, tests in groups if tests]
    sentences = [f"{who} {'; they '.join(clauses) if who.endswith('ests') else ', and '.join(clauses)}."]
    return " ".join((sentences if clauses else []) + _silent(rung))


def _silent(rung: Rung) -> list[str]:
    """Say which tests do not apply, and why: once, where it is for the same reason."""
    by_reason: dict[str, list[Statistic]] = {}
    for test in rung.statistics:
        if not test.applies:
            by_reason.setdefault(test.reason.split(". ")[0].removesuffix("."), []).append(test)
    said = []
    for tests in by_reason.values():
        who = _listed([_subject(test) or test.name for test in tests])
        verb = "decides" if len(tests) == 1 else "decide"
        said.append(f"{who[:1].upper()}{who[1:]} {verb} nothing: {_open(tests[0].reason)}.")
    return said


def _subject(test: Statistic) -> str:
    """Give the test, or what it tests for, as a part of a sentence."""
    if test.name.startswith(("LR ", "Wald ")):
        return "the likelihood ratio" if test.name.startswith("LR ") else "the Wald test"
    return _SUBJECTS.get(test.name, "")


def _told(test: Statistic) -> str:
    subject = _subject(test)
    z = f", z = {test.estimates['z']:.2f}" if "z" in test.estimates else ""
    df = "" if test.df is None else f", df = {str(test.df).strip('()').replace(', ', ' and ')}"
    name = "" if test.name.startswith(("LR ", "Wald ", "Hausman")) else f"{test.name} = "
    return f"{subject} ({name}{number(test.value)}{z}{df}, {test.p_text})".strip()


def _listed(parts: Sequence[str]) -> str:
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def _open(text: str) -> str:
    """Leave out the full stop."""
    return text.removesuffix(".")


def _many(steps: Ladder) -> str:
    """Say how many tests were made, and what is left once that is allowed for."""
    told = [(test, holm) for test, holm in zip(steps.statistics, steps.holm, strict=True) if test.applies]
    lost = [test.name for test, holm in told if test.reject(steps.level) and holm >= steps.level]
    if lost:
        after = f"no longer rejected once Holm's correction allows for all of them: {', '.join(lost)}"
    elif any(test.reject(steps.level) for test, _ in told):
        after = "every rejection also holds with Holm's correction for all of them"
    else:
        after = "none of them rejects"
    return (
        f"These are {len(told)} tests on one set of data, made in sequence, so that the level of each is not that of "
        f"the whole; {after}. The standard errors of the suggested model do not know that it was chosen by tests."
    )
