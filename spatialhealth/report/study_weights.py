"""The weights a study asks for: built from its layer, its table or its flows; kept within groups; shuffled."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from spatialhealth import weights as builders
from spatialhealth.report.study_file import StudyFile

if TYPE_CHECKING:
    from spatialhealth.report.study_data import StudyData

__all__ = ["graph_of", "weights_in_words"]

_OF_LAYER = {"economic": "column", "gravity": "mass"}  # which key names a column
_FLOWS = {"origin": "origin", "destination": "destination", "value": "trips"}


def graph_of(study: StudyFile, path: str, asked: Mapping[str, Any], data: StudyData) -> Any:
    """Build weights.

    Parameters
    ----------
    study : StudyFile
    path : str
        Where in the study they are asked for.
    asked : mapping
        A table of weights.
    data : StudyData

    Returns
    -------
    libpysal.graph.Graph, or tuple (ids, matrix) of shuffled ones

    Raises
    ------
    StudyError
        If a column or a file is not there.
    WeightsError, GeometryError, DataError
        And their kin, if they cannot be built.
    """
    kind = asked["kind"]
    options = {key: value for key, value in asked.items() if key not in ("kind", "within", "shuffle")}
    standardise = options.pop("standardise", "row")
    options["standardise"] = None if standardise == "none" else standardise
    if kind == "flows":
        graph = _flows(study, path, asked, data, options)
    else:
        layer = data.layer
        if kind in _OF_LAYER:
            layer = _with_column(study, path, data, asked[_OF_LAYER[kind]])
        graph = getattr(builders, kind)(layer, **options)
    if "within" in asked:
        groups = _with_column(study, path, data, asked["within"])[asked["within"]]
        graph = builders.nested(graph, groups, standardise=options["standardise"])
    return _shuffled(graph, asked["shuffle"]) if "shuffle" in asked else graph


def weights_in_words(asked: Mapping[str, Any]) -> str:
    """Write a table of weights as one short phrase."""
    kind = asked["kind"]
    said = {
        "contiguity": f"contiguity by {'edges (rook)' if asked.get('rook') else 'edges or corners (queen)'}",
        "knn": f"{asked.get('k')} nearest neighbours",
        "distance_band": f"neighbours within {asked.get('threshold', 0):,} m",
        "inverse_distance": f"inverse distance, power {asked.get('power', 1)}",
        "kernel": f"{asked.get('function', 'gaussian')} kernel, bandwidth {asked.get('bandwidth', 0):,} m",
        "economic": f"inverse difference in {asked.get('column')}",
        "gravity": f"{asked.get('mass', 'population')} of both over distance to the power {asked.get('power', 2)}",
        "flows": f"flows {asked.get('direction', 'from')} the other units",
    }[kind]
    if asked.get("order", 1) > 1:
        said += f", order {asked['order']}" + (" and lower ones" if asked.get("lower_order") else "")
    if "cutoff" in asked:
        said += f", up to {asked['cutoff']:,}" + ("" if kind == "economic" else " m")
    if "within" in asked:
        said += f", within the same {asked['within']} only"
    if "shuffle" in asked:
        said += ", shuffled among the units (a placebo)"
    standard = {"row": "", "none": ", not standardised", "spectral": ", spectrally standardised"}
    return said + standard[asked.get("standardise", "row")]


def _with_column(study: StudyFile, path: str, data: StudyData, name: str) -> Any:
    """Give the layer with a column of its own, or with the mean by unit of the table's."""
    layer = data.layer
    if name in layer.columns:
        return layer
    if name not in data.table.columns:
        listed = [*layer.columns.drop(layer.geometry.name), *data.table.columns]
        raise study.wrong(
            path, f"no column {name!r} in layer or table. There are: {', '.join(map(str, listed))}."
        )
    column = data.table[name]
    if column.dtype.kind in "iufb":
        return layer.assign(**{name: column.groupby(level=0).mean()})
    return layer.assign(**{name: column.groupby(level=0).first()})


def _flows(
    study: StudyFile, path: str, asked: Mapping[str, Any], data: StudyData, options: dict[str, Any]
) -> Any:
    """Build weights from the flows of the dataset, or from a file beside the study."""
    if data.flows is None:
        raise study.wrong(path, "the data have no flows. Name a file of them with the key 'flows' in [data].")
    names = {key: asked.get(key, standard) for key, standard in _FLOWS.items()}
    od = data.flows
    absent = [name for name in names.values() if name not in od.columns]
    if absent:
        raise study.wrong(
            path, f"the flows have no column {absent[0]!r}. They have: {', '.join(map(str, od.columns))}."
        )
    units = data.layer.index
    kept = od[od[names["origin"]].isin(units) & od[names["destination"]].isin(units)]
    return builders.flows(kept, ids=list(units), **(options | names))


def _shuffled(graph: Any, seed: int) -> tuple[Any, Any]:
    """Give every unit the place of another in the weights: the same links, between units that have none."""
    ids, matrix = builders.as_links(graph)
    return np.asarray(ids)[np.random.default_rng(seed).permutation(len(ids))], matrix
