"""The answers in sentences; every figure in them is taken from the results, and none says more than its interval."""

from __future__ import annotations

from spatialhealth._format import true_minus
from spatialhealth.imbalance.gap import STRUCTURAL
from spatialhealth.report.hospital.result import Answer, Hospital, Imbalance
from spatialhealth.report.tables import number

__all__ = ["answer_words", "gap_words", "mediation_words", "scenario_words", "subset_words", "triage_words"]


def answer_words(found: Hospital) -> list[str]:
    """Answer each question in words, with the numbers behind the answer."""
    said = []
    for finding, question in _questions(found).items():
        mine = [each for each in found.answers if each.finding == finding]
        if mine:
            said.append(f"{question} {_verdict(mine)} {' '.join(map(_number, mine))}")
    return said


def _questions(found: Hospital) -> dict[str, str]:
    """Give the questions in the words of the study."""
    high, primary = found.called["high"], found.called["primary"]
    mediator = "mobility" if found.imbalance is None else found.imbalance.mediation.mediator
    subset = "the subset" if found.subset is None else found.subset.titles[1]
    moderator = "" if found.empowerment is None else found.empowerment.moderator
    return {
        "attraction": f"Is the pull of {high} greater than that of {primary}?",
        "gap": f"Are the beds of {high} used more than those of {primary}?",
        "imbalance": f"Does {mediator} widen the gap in use between the two?",
        "heterogeneity": f"Is the attraction stronger in {subset}?",
        "empowerment": f"Does {moderator} weaken it?",
    }


def _verdict(answers: list[Answer]) -> str:
    held = sum(each.holds for each in answers)
    if held == len(answers):
        return "The data say so: every interval lies on the side that the question asks about."
    if any(each.ci_high < 0 if each.expected > 0 else each.ci_low > 0 for each in answers):
        return "Not as asked: at least one interval lies wholly on the other side."
    if held:
        return f"In part: {held} of {len(answers)} intervals lie on the side that the question asks about."
    return "The data do not say: no interval leaves zero out on the side that the question asks about."


def _number(answer: Answer) -> str:
    return (
        f"{answer.what[0].upper()}{answer.what[1:]}: {_brief(answer.estimate)}, interval {_brief(answer.ci_low)} to "
        f"{_brief(answer.ci_high)}."
    )


def gap_words(found: Imbalance, all_units: int) -> list[str]:
    """Say what the gap is, how many units are imbalanced, and which units the figures are of."""
    frame = found.gap.to_frame()
    period = found.gap.summary.period
    rows = frame[frame["measure"] == STRUCTURAL]
    gap = frame[frame["measure"] == "gap"]
    last = f" in {rows.iloc[-1][period]}" if period else ""
    said = [
        f"The mean gap in use{last} is {_brief(gap.iloc[-1]['estimate'])} (interval {_limits(gap.iloc[-1])}). "
        f"High-tier hospitals are overburdened while primary care is idle in {rows.iloc[-1]['estimate']:.1%} of the "
        f"{found.units:,} units (interval {_percent(rows.iloc[-1])})."
    ]
    if period:
        said.append(
            f"In {rows.iloc[0][period]} it was {_brief(gap.iloc[0]['estimate'])}, and "
            f"{rows.iloc[0]['estimate']:.1%} of "
            "the units."
        )
    if found.units < all_units:
        said.append(
            f"Only {found.units:,} of the {all_units:,} units have both tiers with a known use; all figures of "
            "imbalance are of these, with weights built anew on them."
        )
    counts = found.clusters.counts
    said.append(
        "Clusters of the gap (LISA, corrected for their number): "
        + ", ".join(f"{count} {name}" for name, count in counts.items())
        + "."
    )
    return said


def mediation_words(found: Imbalance) -> list[str]:
    """Read the path."""
    table = found.mediation.table.set_index(["path", "effect"])
    path = table.loc[("indirect path", "total")]
    at = ", ".join(f"{name} = {value:g}" for name, value in found.mediation.at.items())
    said = [
        f"{found.mediation.cause} moves {found.mediation.mediator}, which moves the gap: the path"
        f"{f' (at {at})' if at else ''} comes to {_brief(path['estimate'])} in all, interval "
        f"{_limits(path)} by bootstrap, "
        f"{_brief(table.loc[('indirect path', 'direct'), 'estimate'])} of it within the same unit."
    ]
    past = table.loc[("past the mediator", "total")]
    if past["std_error"] > 0:
        said.append(
            f"Past the mediator {found.mediation.cause} comes to {_brief(past['estimate'])}, interval "
            f"{_limits(past)}."
        )
    said.append(
        "A path is causal only if nothing that is left out moves the mediator and the gap at once; the "
        "data cannot say."
    )
    return said


def subset_words(found: Hospital) -> list[str]:
    """Say what the Chow test finds, and at which value of the moderator."""
    if found.subset is None:
        return []
    chow = found.subset.regimes.chow
    alike = (
        "are alike in all coefficients is not rejected" if chow.p_value >= 0.05 else "are alike is rejected"
    )
    said = [
        f"That {found.subset.titles[1]} and {found.subset.titles[0]} {alike} at 5 % (spatial Chow test: "
        f"{number(chow.value)}, {chow.df} degrees of freedom, p = {chow.p_value:.3g})."
    ]
    said += [
        f"{name} is measured from its mean, {value:.4g}: effects are those where it is at its mean."
        for name, value in found.subset.centred.items()
    ]
    return said


def scenario_words(found: Hospital) -> list[str]:
    """Say what each scenario comes to."""
    if found.empowerment is None:
        return []
    said = []
    for each in (*found.empowerment.replays, *found.empowerment.gap_replays):
        totals = each.totals
        row = totals[totals["quantity"] == "mean change"].iloc[0]
        spilled = totals[totals["quantity"] == "mean spilled over"].iloc[0]
        held = " With mobility held where it is." if each in found.empowerment.gap_replays else ""
        said.append(
            f"{each.name}: {each.response} changes by {_brief(row['estimate'])} on average over all units (interval "
            f"{_limits(row)}), {_brief(spilled['estimate'])} of it spilled over from other units.{held}"
        )
    return said


def triage_words(found: Hospital) -> list[str]:
    """Say what the triage policy brings, and what it costs."""
    triage = None if found.empowerment is None else found.empowerment.triage
    if triage is None:
        return []
    totals = triage.totals.set_index("quantity")["estimate"]
    policy = triage.policy
    said = [
        f"Triage of {policy.coverage:.0%} of the high tier's cases with sensitivity "
        f"{policy.sensitivity:.0%} and specificity "
        f"{policy.specificity:.0%}, if {policy.share_mild:.0%} of them are mild: "
        f"{totals['mild moved to primary care']:,.0f} mild cases move to primary care, and "
        f"{totals['severe missed']:,.0f} severe ones with them "
        f"({totals['missed per 1,000 severe']:.0f} of 1,000 severe cases triaged)."
    ]
    imbalance = triage.imbalance.set_index(["when", "measure"])["estimate"]
    if len(imbalance):
        said.append(
            f"The mean gap in use goes from {_brief(imbalance[('before', 'gap')])} to "
            f"{_brief(imbalance[('after', 'gap')])}, "
            f"the share of units with an overburdened high tier beside idle primary care from "
            f"{imbalance[('before', STRUCTURAL)]:.1%} to {imbalance[('after', STRUCTURAL)]:.1%}."
        )
    said.append("The shares of the policy are assumptions of the study, not estimates from these data.")
    return said


def _brief(value: float) -> str:
    """Write a number with three digits, and a true minus sign."""
    return true_minus(f"{value:.3g}")


def _limits(row: object) -> str:
    low, high = row["ci_low"], row["ci_high"]  # type: ignore[index]
    return f"{_brief(low)} to {_brief(high)}"


def _percent(row: object) -> str:
    low, high = row["ci_low"], row["ci_high"]  # type: ignore[index]
    return f"{low:.1%} to {high:.1%}"
