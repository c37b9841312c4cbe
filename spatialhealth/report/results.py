"""The numbers of a study as tables and as one JSON file, the same bytes for the same input."""

from __future__ import annotations

import hashlib
import json
import math
import platform
from collections.abc import Sequence
from importlib.metadata import version
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from spatialhealth import __version__
from spatialhealth.report.check_tables import grouped_tables, std_error_table, test_table
from spatialhealth.report.checks import Compared, Grouped, Tested
from spatialhealth.report.fitting import Fit
from spatialhealth.report.hospital.numbers import hospital_numbers
from spatialhealth.report.hospital.tables import hospital_tables
from spatialhealth.report.names import slug, slugs
from spatialhealth.report.regression import RegressionTable, table
from spatialhealth.report.run import Results
from spatialhealth.report.tables import Table, number
from spatialhealth.report.terms import named_table

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["checksums", "models_in_parts", "results_json", "tables_of", "versions"]

_PACKAGES = ("numpy", "scipy", "pandas", "geopandas", "libpysal", "formulaic", "matplotlib")
_DIGITS = 12
_BESIDE = 5  # alternatives that the page has room for beside the main model


def tables_of(results: Results) -> dict[str, Table | RegressionTable]:
    """Give every table of a study by name.

    Parameters
    ----------
    results : Results

    Returns
    -------
    dict of str to Table or RegressionTable
        coefficients, effects, and, where the study asks for them, long_run (of a model with the outcome of the
        period before), contrasts, orders, tests, std_errors, three for each grouping of units, robustness (all
        effects under each alternative), totals (the total effects side by side), models (the coefficients side by
        side) and one of effects by unit for each regressor that is mapped.
    """
    main = results.main
    level = main.effects.level
    interval = f"{level:.0%} intervals"
    response = main.model.result_.response
    horizon = " in the short run" if main.lasting is not None else ""
    tables = [
        Table(
            "coefficients",
            f"Coefficients of {type(main.model).__name__} for {response}, with {interval}."
            + (" They are not effects." if main.model.result_.has_lag else ""),
            main.model.to_frame(level).reset_index(),
        ),
        Table(
            "effects",
            f"Direct, indirect and total effects on {response}{horizon}, with {interval}.",
            named_table(main.effects),
        ),
    ]
    if main.lasting is not None:
        caption = f"Direct, indirect and total effects on {response} in the long run, with {interval}."
        tables.append(Table("long_run", caption, named_table(main.lasting)))
    if results.contrasts is not None:
        renamed = results.contrasts.rename(columns={"variable": "contrast"})
        tables.append(Table("contrasts", f"Differences between effects, with {interval}.", renamed))
    if results.orders is not None:
        caption = f"Effects on {response} by order of neighbourhood: 0 is the unit itself, 1 its neighbours."
        tables.append(Table("orders", caption, results.orders))
    tables += _checks(results, response)
    if results.hospital is not None:
        tables += hospital_tables(results.hospital, response, level)
    if results.alternatives:
        tables += _robustness(results)
    for variable, local in results.local.items():
        caption = f"Effects of {variable} on {response} by unit."
        tables.append(
            Table(
                f"local_{slug(variable)}",
                caption,
                local.rename_axis("unit").reset_index().assign(variable=variable),
            )
        )
    named: dict[str, Table | RegressionTable] = {table.name: table for table in tables}
    return named | ({"models": _models(results, results.alternatives)} if results.alternatives else {})


def _checks(results: Results, response: str) -> list[Table]:
    tables = [] if results.tested is None else [test_table(results.tested)]
    tables += [] if results.comparison is None else [std_error_table(results.comparison, response)]
    stems = slugs(groups.name for groups in results.regimes)
    for groups, stem in zip(results.regimes, stems, strict=True):
        tables += grouped_tables(groups, f"regimes_{stem}", response)
    return tables


def _robustness(results: Results) -> list[Table]:
    import pandas as pd

    totals: dict[str, list[Any]] = {"alternative": [fit.name for fit in results.fits]}
    totals["n"] = [fit.model.result_.n_entities for fit in results.fits]
    totals["T"] = [fit.model.result_.n_periods for fit in results.fits]
    names = dict.fromkeys(name for fit in results.fits for name in fit.effects.variables)
    everything = results.to_frame()
    by_name = everything[everything["effect"] == "total"].set_index(["alternative", "variable"])
    for name in names:
        totals[name] = [_total(by_name, fit.name, name) for fit in results.fits]
    return [
        Table("robustness", "All effects in the main model and under each alternative.", everything),
        Table(
            "totals",
            "Total effects in the main model and under each alternative, standard errors in brackets.",
            pd.DataFrame(totals),
        ),
    ]


def models_in_parts(results: Results) -> list[RegressionTable]:
    """Give the table of models in parts as wide as a page, the main model in each.

    Parameters
    ----------
    results : Results

    Returns
    -------
    list of RegressionTable
        One where all models stand side by side.
    """
    others = results.alternatives
    count = -(-len(others) // _BESIDE)
    cuts = [len(others) * j // count for j in range(count + 1)]
    parts = [others[start:end] for start, end in pairwise(cuts)]
    places = [f" ({j} of {count})" if count > 1 else "" for j in range(1, count + 1)]
    return [_models(results, part, place) for part, place in zip(parts, places, strict=True)]


def _models(results: Results, others: Sequence[Fit], place: str = "") -> RegressionTable:
    data, source = results.main.data, results.main.model.result_.source
    return table(
        {fit.name: fit.model for fit in (results.main, *others)},
        level=results.main.effects.level,
        caption=f"Coefficients in the main model and under each alternative{place}.",
        notes="Data are simulated." if data.simulated and source != "simulated" else "",
    )


def _total(by_name: pd.DataFrame, alternative: str, variable: str) -> str:
    if (alternative, variable) not in by_name.index:
        return ""
    row = by_name.loc[(alternative, variable)]
    return f"{number(row['estimate'])} ({number(row['std_error'])})"


def versions() -> dict[str, str]:
    """Give the versions of everything that the numbers depend on."""
    return {
        "python": platform.python_version(),
        "spatialhealth": __version__,
        **{name: version(name) for name in _PACKAGES},
    }


def checksums(results: Results) -> dict[str, str]:
    """Give the sha256 of everything that was read."""
    study = results.study
    written = study.text or json.dumps(study.content, sort_keys=True)
    name = study.name or "study"
    return {name: hashlib.sha256(written.encode()).hexdigest(), **(results.main.data.checksums or {})}


def results_json(results: Results, files: Sequence[str] = ()) -> str:
    """Write every number of a study, with twelve significant digits and sorted keys.

    Parameters
    ----------
    results : Results
    files : sequence of str
        What the study writes, relative to its folder.

    Returns
    -------
    str
    """
    content = {
        "study": results.study.content,
        "data": {
            "name": results.main.data.name,
            "source": results.main.data.source,
            "simulated": results.main.data.simulated,
            "left_out": [str(unit) for unit in results.main.data.left_out],
        },
        "main": _fit(results.main),
        "contrasts": [] if results.contrasts is None else results.contrasts.to_dict("records"),
        "orders": [] if results.orders is None else results.orders.to_dict("records"),
        "tests": None if results.tested is None else _tested(results.tested),
        "std_errors": None if results.comparison is None else _compared(results.comparison),
        "regimes": [_grouped(groups) for groups in results.regimes],
        "alternatives": [_fit(fit) for fit in results.alternatives],
        "hospital": None if results.hospital is None else hospital_numbers(results.hospital),
        "files": sorted(files),
        "versions": versions(),
        "sha256": checksums(results),
    }
    return json.dumps(_plain(content), sort_keys=True, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def _fit(fit: Any) -> dict[str, Any]:
    result = fit.model.result_
    return {
        "name": fit.name,
        "change": fit.change,
        "model": result.model,
        "outcome": result.response,
        "units": result.n_entities,
        "periods": result.n_periods,
        "links": int(result.operator.matrix.nnz),
        "isolates": [str(unit) for unit in result.operator.isolates],
        "cov_type": result.cov_type,
        "logdet": result.operator.logdet_method if result.spatial_names else None,
        "monte_carlo_errors": result.approximation,
        "parameters": dict(zip(result.param_names, result.params.tolist(), strict=True)),
        "std_errors": dict(zip(result.param_names, result.std_errors.tolist(), strict=True)),
        "covariance": {"names": list(result.param_names), "rows": result.covariance.tolist()},
        "sigma2": result.sigma2,
        "loglik": result.loglik,
        "aic": result.aic,
        "bic": result.bic,
        "effects": named_table(fit.effects).to_dict("records"),
        "long_run": [] if fit.lasting is None else named_table(fit.lasting).to_dict("records"),
        "warnings": list(fit.warnings),
    }


def _tested(tested: Tested) -> dict[str, Any]:
    ladder = tested.ladder
    return {
        "suggested": ladder.choice,
        "why": ladder.why,
        "level": ladder.level,
        "words": ladder.words,
        "tests": ladder.table.to_dict("records"),
        "warnings": list(tested.warnings),
    }


def _compared(comparison: Compared) -> dict[str, Any]:
    return {
        "own": comparison.own,
        "effects": {
            name: named_table(found).to_dict("records") for name, found in comparison.effects.items()
        },
        "warnings": list(comparison.warnings),
    }


def _grouped(groups: Grouped) -> dict[str, Any]:
    found = groups.regimes
    sizes = zip(found.groups.labels, groups.titles, found.groups.sizes, strict=True)
    estimates = found.coefficients
    return {
        "name": groups.name,
        "by": groups.by,
        "pooled": found.pooled,
        "groups": [{"label": label, "title": title, "units": size} for label, title, size in sizes],
        "facts": found.facts,
        "effects": found.to_frame().to_dict("records"),
        "parameters": {
            title: dict(zip(estimates.names, values.tolist(), strict=True))
            for title, values in zip(groups.titles, estimates.values, strict=True)
        },
        "std_errors": {
            title: dict(zip(estimates.names, values.tolist(), strict=True))
            for title, values in zip(groups.titles, estimates.std_errors, strict=True)
        },
        "tests": found.tests.reset_index().to_dict("records"),
        "warnings": list(groups.warnings),
    }


def _plain(value: Any) -> Any:
    """Turn numbers into ones that JSON has, rounded where the machine's noise begins."""
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None
    item = getattr(value, "item", None)
    return _plain(item()) if callable(item) else value
