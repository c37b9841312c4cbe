"""How the numbers of a study were made, in paragraphs for a paper, with what they cite; made from what was used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from spatialhealth import __version__
from spatialhealth.models.covariances import WORDS
from spatialhealth.report.hospital import Hospital
from spatialhealth.report.references import bibtex, cited, listed
from spatialhealth.report.results import versions
from spatialhealth.report.run import Results
from spatialhealth.report.schema import INSTRUMENTED
from spatialhealth.report.study_weights import weights_in_words

__all__ = ["MethodsSection", "methods_of"]

_MODELS = {
    "SLX": ("a model with spatial lags of the regressors (SLX)", ("halleck_vega_elhorst_2015",)),
    "SpatialLag": ("a spatial lag model", ("ord_1975", "lesage_pace_2009")),
    "SpatialDurbin": ("a spatial Durbin model", ("lesage_pace_2009", "elhorst_2014")),
    "SpatialError": ("a spatial error model", ("anselin_1988",)),
    "SpatialDurbinError": ("a spatial Durbin error model", ("lesage_2014",)),
    "SpatialCombined": ("a model with a spatial lag and spatial errors", ("anselin_1988",)),
    "GeneralNesting": ("a general nesting spatial model", ("elhorst_2010",)),
}
_COVARIANCES = {
    "robust": ("lee_2004",),
    "cluster": ("arellano_1987",),
    "driscoll-kraay": ("driscoll_kraay_1998",),
}
_WHOSE = {"entity": "units", "time": "periods", "two-way": "units and periods"}


@dataclass
class MethodsSection:
    """What a methods section says.

    Parameters
    ----------
    paragraphs : list of str
    keys : list of str
        What they cite.
    """

    paragraphs: list[str] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)

    def cite(self, *keys: str) -> str:
        """Cite works, and keep them for the list."""
        self.keys += keys
        return f"({'; '.join(map(cited, sorted(keys)))})"

    @property
    def references(self) -> list[str]:
        """Lines of the list of references."""
        return listed(self.keys)

    @property
    def bibtex(self) -> str:
        """The same for BibTeX."""
        return bibtex(self.keys)


def methods_of(results: Results) -> MethodsSection:
    """Write the methods section of a study.

    Parameters
    ----------
    results : Results

    Returns
    -------
    MethodsSection
    """
    said = MethodsSection()
    parts = [_model(results, said), _inference(results, said), _checks(results, said)]
    if results.hospital is not None:
        parts.append(_hospital(results, results.hospital, said))
    parts.append(_software(said))
    said.paragraphs += [" ".join(part) for part in parts if part]
    return said


def _model(results: Results, said: MethodsSection) -> list[str]:
    main = results.main
    model, result = main.model, main.model.result_
    name, keys = _MODELS[result.model]
    way = (
        f"by maximum likelihood {said.cite('lee_2004')}"
        if result.spatial_names or result.effects == "random"
        else "by least squares"
    )
    rows, periods = len(result.units) * result.n_periods, ""
    if result.n_periods > 1:
        periods = f", {result.n_entities:,} units in {result.n_periods} periods"
    formula = results.study.content["model"]["formula"]
    text = [
        f"{name[0].upper()}{name[1:]} {said.cite(*keys)} was fitted to {rows:,} observations{periods}, {way}. Its "
        f"formula is {' '.join(formula.split())}."
    ]
    text += _fixed(model, result, said)
    asked = results.study.content["weights"]
    rows_sum = "rows sum to one" if result.operator.is_row_standardised else "rows do not sum to one"
    text.append(f"Spatial weights: {weights_in_words(asked)}; {rows_sum}.")
    if result.spatial_names:
        stochastic = not result.operator.logdet.is_exact
        more = f" {said.cite('ubaru_2017')}" if stochastic else ""
        text.append(f"The log-determinant was computed by {result.operator.logdet.words}{more}.")
    return text


def _fixed(model: Any, result: Any, said: MethodsSection) -> list[str]:
    """Say what was done about effects of units and periods, and about the outcome of the period before."""
    if result.effects == "none":
        return []
    if result.effects == "random":
        error = result.spatial("lambda") is not None
        keys = ("kapoor_2007",) if error and model.error_components == "kkp" else ("baltagi_2003",)
        return [f"Effects of units are random {said.cite(*(keys if error else ('elhorst_2003',)))}."]
    how = model.summary().facts["Effects"].split(", ", 1)[1]
    used = ["lee_yu_2010"] if "Lee-Yu" in how else []
    used += ["yu_2008"] if "Yu-de Jong-Lee" in how else []
    cite = f" {said.cite(*used)}" if used else ""
    text = [f"Effects of {_WHOSE[result.effects]} are fixed ({how}){cite}."]
    if result.within.is_dynamic:
        text.append("The outcome of the period before is among the regressors.")
    return text


def _inference(results: Results, said: MethodsSection) -> list[str]:
    main = results.main
    effects, result = main.effects, main.model.result_
    covariance = main.model.summary().facts["Covariance"]
    keys = _COVARIANCES.get(result.cov_type, ())
    text = [f"Covariance of the estimates: {covariance}{' ' + said.cite(*keys) if keys else ''}."]
    part = results.study.part("impacts")
    way = (
        f"from {part.get('draws', 1000):,} draws of the estimates"
        if part.get("method") == "simulate"
        else "by the delta method"
    )
    text.append(
        f"Direct, indirect and total effects are means over units {said.cite('lesage_pace_2009')}, with "
        f"{effects.level:.0%} intervals {way}."
    )
    if results.contrasts is not None:
        text.append("Differences between effects use the covariance of the two.")
    if main.lasting is not None:
        text.append(f"Effects are of the short run and of the long run {said.cite('elhorst_2014')}.")
    if results.comparison is not None:
        others = [name for name in results.comparison.effects if name != results.comparison.own]
        words = "; ".join(
            WORDS[name] + (f" {said.cite(*_COVARIANCES[name])}" if name in _COVARIANCES else "")
            for name in others
        )
        text.append(f"The same effects with other standard errors: {words}.")
    return text


def _checks(results: Results, said: MethodsSection) -> list[str]:
    text = []
    if results.tested is not None:
        fixed = results.main.model.result_.effects in ("entity", "time", "two-way")
        lm = ("anselin_1996", "debarsy_ertur_2010") if fixed else ("anselin_1996",)
        text.append(
            f"The model was held against its rivals by Lagrange multiplier tests {said.cite(*lm)} and tests of its "
            f"restrictions {said.cite('elhorst_2010')}, at the level {results.tested.ladder.level:g}."
        )
    if results.regimes:
        names = ", ".join(groups.name for groups in results.regimes)
        text.append(
            f"Groups of units ({names}) were compared by spatial Chow tests "
            f"{said.cite('anselin_1990', 'chow_1960')}; effects one by one with Holm's correction "
            f"{said.cite('holm_1979')}."
        )
    if results.alternatives:
        curve = f", shown as a specification curve {said.cite('simonsohn_2020')}" if results.hospital else ""
        many = len(results.alternatives)
        count = "One alternative changes" if many == 1 else f"{many} alternatives change"
        text.append(f"{count} weights, units or model{curve}.")
        kinds = {asked.get("estimator") for asked in results.study.content["robustness"]}
        if INSTRUMENTED in kinds:
            text.append(
                f"Instruments enter by spatial two-stage least squares {said.cite('kelejian_prucha_1998')}."
            )
    return text


def _hospital(results: Results, found: Hospital, said: MethodsSection) -> list[str]:
    """Say how the four questions of a study of hospitals were answered."""
    text = []
    if found.imbalance is not None:
        gap, path = found.imbalance.gap, found.imbalance.mediation
        text.append(
            f"The gap in use between tiers and its classes (overburdened from {gap.overburdened:g}, idle up to "
            f"{gap.idle:g}) are those of a study of Chinese cities {said.cite('fu_lu_2025')}; intervals "
            f"of shares are Wilson's {said.cite('wilson_1927')}, those of means from a bootstrap of the units "
            f"{said.cite('efron_1987')}."
        )
        names = " ".join(found.imbalance.measures)
        if "Gini" in names:
            text.append(f"Inequality: the Gini index {said.cite('lerman_yitzhaki_1989')}.")
        if "Theil" in names:
            text.append(f"Theil's index {said.cite('theil_1967')} tells groups of units apart.")
        if found.imbalance.concentration is not None:
            text.append(f"Concentration by income is measured by its index {said.cite('kakwani_1997')}.")
        clusters = found.imbalance.clusters
        corrected = (
            f", with the false discovery rate held {said.cite('castro_singer_2006')}"
            if clusters.correction == "fdr"
            else ""
        )
        text.append(
            f"Clusters are local Moran statistics {said.cite('anselin_1995')} by {clusters.permutations:,} "
            f"permutations{corrected}."
        )
        text.append(
            f"The path from {path.cause} through {path.mediator} {said.cite('imai_2010')} has intervals from "
            f"{len(path.draws):,} samples of a wild bootstrap {said.cite('liu_1988')}."
        )
    if found.subset is not None:
        text.append(
            f"{found.subset.titles[1][0].upper()}{found.subset.titles[1][1:]} and {found.subset.titles[0]} were "
            f"compared by the spatial Chow test {said.cite('anselin_1990')}."
        )
    if found.empowerment is not None and found.empowerment.replays:
        text.append("Scenarios are solved in the fitted model, with intervals from draws of its parameters.")
    return text


def _software(said: MethodsSection) -> list[str]:
    found = versions()
    others = ", ".join(f"{name} {found[name]}" for name in ("numpy", "scipy", "pandas"))
    return [
        f"Computed with spatialhealth {__version__} in Python {found['python']}, with {others}, and PySAL "
        f"{said.cite('rey_anselin_2007')}."
    ]
