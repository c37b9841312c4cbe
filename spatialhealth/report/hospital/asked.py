"""The columns and products that the questions name, looked for before anything is computed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spatialhealth.errors import did_you_mean
from spatialhealth.mediation.mediate import partners_of
from spatialhealth.report.fitting import Fit
from spatialhealth.report.study_data import StudyData
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.terms import known_moderators

__all__ = ["check_columns", "check_mediator", "check_products"]

_OF_TABLE = (
    ("moderator", "column"),
    ("imbalance", "high"),
    ("imbalance", "primary"),
    ("imbalance", "resource"),
    ("imbalance", "people"),
    ("imbalance", "income"),
)
_OF_EITHER = (("subset", "flag"), ("imbalance", "groups"))


def check_columns(study: StudyFile, data: StudyData) -> None:
    """Raise unless table and layer have the columns that [hospital] names.

    Parameters
    ----------
    study : StudyFile
    data : StudyData

    Raises
    ------
    StudyError
        The message names the key and the line.
    """
    table = list(data.table.columns)
    either = [*table, *data.layer.columns.drop(data.layer.geometry.name)]
    asked = study.part("hospital")
    for pairs, where, columns in ((_OF_TABLE, "table", table), (_OF_EITHER, "table or layer", either)):
        for part, key in pairs:
            name = asked.get(part, {}).get(key)
            if name is not None and name not in columns:
                raise study.wrong(
                    f"hospital.{part}.{key}",
                    f"no column {name!r} in {where}.{did_you_mean(name, columns)} "
                    f"There are: {', '.join(map(str, columns))}.",
                )


def check_products(study: StudyFile, main: Fit) -> None:
    """Raise unless the moderator is in a product, and [hospital] names all that the tiers are multiplied with.

    Parameters
    ----------
    study : StudyFile
    main : Fit

    Raises
    ------
    StudyError
        The message names the key and the line.
    """
    asked = study.part("hospital")
    high = asked["high"]
    moderator, flag = asked.get("moderator", {}).get("column"), asked.get("subset", {}).get("flag")
    partners = dict.fromkeys(
        name for tier in (high, asked["primary"]) for name in partners_of(main.model, tier)
    )
    inside = set(known_moderators(main.model, [name for name in (moderator, flag) if name]))
    gap = asked.get("imbalance", {}).get("formula")
    has = f"The tiers are multiplied with: {', '.join(partners) or 'nothing'}."
    if moderator and moderator not in inside and not (gap and _multiplies(gap, moderator)):
        raise study.wrong(
            "hospital.moderator.column",
            f"{moderator!r} is in no product of the formula. {has} Name one of these, or add {high}:{moderator} to "
            "the formula.",
        )
    lacking = [name for name in partners if name not in (moderator, flag)]
    if not lacking:
        return
    if flag and flag not in inside:
        raise study.wrong(
            "hospital.subset.flag",
            f"{flag!r} is in no product of the formula, which multiplies a tier with {', '.join(lacking)}. Name "
            "that, or leave its products out of the formula.",
        )
    raise study.wrong(
        "model.formula",
        f"it multiplies a tier with {', '.join(lacking)}, of which [hospital] says nothing. Name it as column of "
        "[hospital.moderator] or as flag of [hospital.subset], or leave its products out.",
    )


def check_mediator(
    study: StudyFile, mobility: Any, gap: Any, mediator: str, moderators: Iterable[str]
) -> None:
    """Raise unless the model of the gap has the mediator, multiplied with nothing but moderators with values.

    Parameters
    ----------
    study : StudyFile
    mobility, gap : fitted estimator
        Of the mediator, and of the gap.
    mediator : str
    moderators : iterable of str
        What has a value.

    Raises
    ------
    StudyError
        The message names the key and the line.
    """
    asked, known = study.part("hospital"), gap.result_.regressors
    if mediator not in known:
        given = "mediator" in asked["imbalance"]
        what = "" if given else f" It is the outcome of {mobility.result_.model} in [model]."
        raise study.wrong(
            f"hospital.imbalance.{'mediator' if given else 'formula'}",
            f"the mediator {mediator!r} is no regressor of the gap.{did_you_mean(mediator, known)} There are: "
            f"{', '.join(known)}.{what} Add it to the formula, or name another mediator.",
        )
    for name in (mediator, asked["high"]):
        lacking = [partner for partner in partners_of(gap, name) if partner not in set(moderators)]
        if lacking:
            raise study.wrong(
                "hospital.imbalance.formula",
                f"it multiplies {name!r} with {', '.join(lacking)}, of which [hospital] says nothing. Name it as "
                "column of [hospital.moderator], or leave its products out.",
            )


def _multiplies(formula: str, name: str) -> bool:
    """Whether a name stands in a product of a formula; one that cannot be read is reported where it is fitted."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        products = [f"~ {term}" for term in Formula(formula).rhs if len(term.factors) > 1]
        return any(name in map(str, Formula(product).required_variables) for product in products)
    except (FormulaicError, SyntaxError, TypeError, ValueError, AttributeError):
        return True
