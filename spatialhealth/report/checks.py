"""What a study asks of its main model besides its effects: the ladder of tests, other errors, groups of units."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from spatialhealth._progress import track
from spatialhealth.diagnostics import Ladder, Statistic, ladder
from spatialhealth.errors import some
from spatialhealth.heterogeneity import Regimes, regimes
from spatialhealth.heterogeneity.groups import Groups
from spatialhealth.report.fitting import Fit, effects_of, kept, named
from spatialhealth.report.study_file import StudyFile
from spatialhealth.report.terms import named_table

if TYPE_CHECKING:
    import pandas as pd

    from spatialhealth.impacts import Impacts

__all__ = ["Compared", "Grouped", "Tested", "check_groups", "compared", "grouped", "tested"]


@dataclass(frozen=True, eq=False)
class Tested:
    """The tests from least squares to the spatial Durbin model.

    Parameters
    ----------
    ladder : Ladder
    warnings : tuple of str
        What the package warned of, other than with the main model.
    """

    ladder: Ladder
    warnings: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Compared:
    """The same effects under several covariances of the estimates.

    Parameters
    ----------
    own : str
        The cov_type of the main model.
    effects : dict of str to Impacts
        By cov_type, the main model's own first.
    warnings : tuple of str
        What the package warned of, other than with the main model.
    """

    own: str
    effects: Mapping[str, Impacts]
    warnings: tuple[str, ...]

    def to_frame(self) -> pd.DataFrame:
        """Give one row a regressor and effect.

        Returns
        -------
        DataFrame
            Columns: variable, effect, estimate, and a standard error for each cov_type, under its name.
        """
        frame: pd.DataFrame = named_table(self.effects[self.own])[["variable", "effect", "estimate"]]
        return frame.assign(**{name: impacts.table["std_error"] for name, impacts in self.effects.items()})


@dataclass(frozen=True, eq=False)
class Grouped:
    """The main model by groups of units.

    Parameters
    ----------
    name : str
        What the study calls the comparison.
    by : str
        Column that names the group of a unit.
    regimes : Regimes
    titles : tuple of str
        What each group is called.
    warnings : tuple of str
        What the package warned of, other than with the main model.
    """

    name: str
    by: str
    regimes: Regimes
    titles: tuple[str, ...]
    warnings: tuple[str, ...]

    @property
    def statistics(self) -> tuple[Statistic, ...]:
        """Every test, in the order of `Regimes.tests`."""
        found = self.regimes
        return (found.chow, found.lr, *found.coefficient_tests.values(), *found.effect_tests.values())


def tested(study: StudyFile, main: Fit, say: Callable[[str], None]) -> Tested | None:
    """Run the ladder on the formula, data, weights and fixed effects of the main model, if it is asked for."""
    asked = study.part("tests")
    if not asked.get("ladder"):
        return None
    say("Testing least squares against the spatial models.")
    result = main.model.result_
    said: list[str] = []
    with kept(said), named(study, "tests"):
        found = ladder(
            study.content["model"]["formula"],
            main.data.table,
            result.operator,
            effects=result.effects,
            level=asked.get("level", 0.05),
            correction=result.correction,
            cov_type=result.cov_type,
        )
    return Tested(found, _new(said, main))


def compared(study: StudyFile, main: Fit, say: Callable[[str], None]) -> Compared | None:
    """Give the main model's effects with every kind of standard errors that is asked for."""
    own = main.model.result_.cov_type
    effects = {own: main.effects}
    said: list[str] = []
    for name in study.part("std_errors").get("cov_types", []):
        if name in effects:
            continue
        say(f"Standard errors: {name}.")
        # the operator keeps what it has factorised
        options = main.model.get_params() | {"cov_type": name, "weights": main.model.result_.operator}
        with kept(said), named(study, "std_errors.cov_types"):
            model = type(main.model)(**options)
            found = effects_of(study, model.fit_formula(study.content["model"]["formula"], main.data.table))
        effects[name] = getattr(found, "short_run", found)
    return Compared(own, effects, _new(said, main)) if len(effects) > 1 else None


def grouped(study: StudyFile, main: Fit, say: Callable[[str], None]) -> tuple[Grouped, ...]:
    """Fit the main model by each grouping of units that is asked for."""
    found = []
    for j, asked in enumerate(track(study.content.get("regimes", []), "groups"), 1):
        say(f"Groups: {asked['name']}.")
        path = f"regimes[{j}]"
        labels = _labels(study, f"{path}.by", asked["by"], main)
        said: list[str] = []
        with kept(said), named(study, path):
            groups = regimes(
                main.model,
                labels,
                pooled=asked.get("pooled", False),
                restandardise=asked.get("restandardise", True),
                level=main.effects.level,
            )
        titles = _titles(asked, groups.groups)
        found.append(
            Grouped(asked["name"], asked["by"], groups, titles, _of_groups(said, groups, titles, main))
        )
    return tuple(found)


def _of_groups(said: list[str], groups: Regimes, titles: tuple[str, ...], main: Fit) -> tuple[str, ...]:
    """Put warnings that several groups share together, under the names that the study gives the groups."""
    starts = {
        f"regimes, in the group {old}: ": new for old, new in zip(groups.groups.titles, titles, strict=True)
    }
    by_text: dict[str, list[str]] = {}
    for text in _new(said, main):
        start = next((start for start in starts if text.startswith(start)), "")
        by_text.setdefault(text.removeprefix(start), []).extend([starts[start]] if start else [])
    return tuple(f"{', '.join(names)}: {text}" if names else text for text, names in by_text.items())


def _new(said: list[str], main: Fit) -> tuple[str, ...]:
    """Leave out what has been said of the main model."""
    return tuple(text for text in dict.fromkeys(said) if text not in main.warnings)


def check_groups(study: StudyFile, main: Fit) -> None:
    """Refuse columns and groups that the data do not have, before the time is spent."""
    for j, asked in enumerate(study.content.get("regimes", []), 1):
        known = [str(label) for label in _labels(study, f"regimes[{j}].by", asked["by"], main).unique()]
        labels = asked.get("labels", {})
        for label in labels:
            if label not in known:
                raise study.wrong(
                    f"regimes[{j}].labels.{label}", f"there is no such group. There are: {some(known)}."
                )
        if len(set(labels.values())) < len(labels):
            raise study.wrong(f"regimes[{j}].labels", "two groups are called the same.")


def _labels(study: StudyFile, path: str, name: str, main: Fit) -> pd.Series:
    """Give the column of the table, else of the layer."""
    table, layer = main.data.table, main.data.layer
    if name in table.columns:
        return table[name]
    if name in layer.columns and name != layer.geometry.name:
        return layer[name]
    listed = dict.fromkeys([*table.columns, *layer.columns.drop(layer.geometry.name)])
    raise study.wrong(
        path, f"no column {name!r} in table or layer. There are: {', '.join(map(str, listed))}."
    )


def _titles(asked: Mapping[str, Any], groups: Groups) -> tuple[str, ...]:
    """Give what each group is called: as the study says, or by its label."""
    called = asked.get("labels", {})
    return tuple(
        called.get(str(label), title) for label, title in zip(groups.labels, groups.titles, strict=True)
    )
