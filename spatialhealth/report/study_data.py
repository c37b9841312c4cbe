"""The data of a study: a named dataset, or files of the reader's own; checked, cut and checksummed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from spatialhealth.errors import AlignmentError, DataError, DuplicateError, some

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from spatialhealth.report.study_file import StudyFile

__all__ = ["DATASETS", "StudyData", "load_data", "mean_of", "rows_where", "select", "units_where"]

_TABLES = (".csv", ".parquet")


@dataclass(frozen=True, eq=False)
class StudyData:
    """Layer and table of a study.

    Parameters
    ----------
    name : str
        Of the dataset, or of the files.
    layer : GeoDataFrame
        Indexed by unit.
    table : DataFrame
        Indexed by unit, or by (unit, period).
    source : str
        Who made the data.
    simulated : bool
        Whether the values are simulated.
    checksums : dict of str to str
        The sha256 of every file read; for a dataset, of its layer and table as they were loaded.
    left_out : tuple
        Units of the layer that the table has not, left out on request.
    flows : DataFrame, optional
        Flows between the units, one row an origin and destination.
    """

    name: str
    layer: gpd.GeoDataFrame
    table: pd.DataFrame
    source: str = ""
    simulated: bool = False
    checksums: dict[str, str] | None = None
    left_out: tuple[Any, ...] = ()
    flows: pd.DataFrame | None = None

    @property
    def units(self) -> pd.Index:
        """Units of the table, in the order in which they first stand there."""
        return self.table.index.get_level_values(0).unique()

    @property
    def note(self) -> str:
        """What stands under every figure."""
        said = ["Simulated data."] if self.simulated else []
        return " ".join([*said, *([f"Source: {self.source}."] if self.source else [])])


def _hospital_panel() -> StudyData:
    from spatialhealth.datasets import load_cities, load_flows, load_hospitals, load_panel

    panel, cities, hospitals = load_panel(), load_cities(), load_hospitals()
    for tier in ("tertiary", "primary"):
        beds = hospitals[hospitals["tier"] == tier].groupby("city")["beds"].sum()
        cities[f"beds_{tier}"] = beds.reindex(cities.index)
    simulated = panel.attrs.get("source") == "simulated"
    source = "simulated hospitals and inflow on catchments of GeoNames cities (CC BY 4.0)"
    return StudyData("hospital_panel", cities, panel, source, simulated, flows=load_flows())


def _cigarettes() -> StudyData:
    from spatialhealth.datasets import load_cigarettes, load_states

    panel, states = load_cigarettes(), load_states()
    states = states.loc[panel.index.unique("state")]
    return StudyData(
        "us_cigarettes", states, panel, "Baltagi's cigarette panel (R package plm), spData (CC0)"
    )


def _production() -> StudyData:
    from spatialhealth.datasets import load_production, load_states

    panel, states = load_production(), load_states()
    states = states.loc[panel.index.unique("state")]
    return StudyData(
        "us_production", states, panel, "Munnell's production panel (R package plm), spData (CC0)"
    )


_COUNTIES = "US Census Bureau, county population estimates 2010-2019; CovidCareMap, hospital capacity (MIT)"


def _us_counties() -> StudyData:
    from spatialhealth.datasets import fetch_us_counties
    from spatialhealth.report.counties import county_cross_section, lower_48

    data = fetch_us_counties()
    return StudyData("us_counties", lower_48(data), county_cross_section(data), _COUNTIES)


def _us_counties_panel() -> StudyData:
    from spatialhealth.datasets import fetch_us_counties
    from spatialhealth.report.counties import county_panel, lower_48

    data = fetch_us_counties()
    return StudyData("us_counties_panel", lower_48(data), county_panel(data), _COUNTIES)


DATASETS: dict[str, Callable[[], StudyData]] = {
    "hospital_panel": _hospital_panel,
    "us_cigarettes": _cigarettes,
    "us_production": _production,
    "us_counties": _us_counties,
    "us_counties_panel": _us_counties_panel,
}


def load_data(study: StudyFile) -> StudyData:
    """Load what the table [data] of a study names.

    Parameters
    ----------
    study : StudyFile

    Returns
    -------
    StudyData

    Raises
    ------
    StudyError
        If a file or a column that the study names is not there, or a condition cannot be read.
    AlignmentError, DuplicateError, DataError, DownloadError
        If the data cannot be used.
    """
    asked = study.part("data")
    if "dataset" in asked:
        data = DATASETS[asked["dataset"]]()
        data = replace(data, checksums=_checksums_of(data), source=asked.get("source", data.source))
    else:
        data = _from_files(study)
    return select(study, "data", data, asked.get("units") == "table")


def select(study: StudyFile, path: str, data: StudyData, cut: bool) -> StudyData:
    """Keep the rows and units that the conditions at `path` ask for, and check that the units agree."""
    asked = study.content["data"] if path == "data" else study.content["robustness"][_number(path)]
    table, layer = data.table, data.layer
    if "where_units" in asked:
        layer = _query(study, f"{path}.where_units", layer, asked["where_units"])
        table = table[table.index.get_level_values(0).isin(layer.index)]
    if "where" in asked:
        table = _query(study, f"{path}.where", table, asked["where"])
    if not len(table) or not len(layer):
        raise study.wrong(path, "no unit or no row of the table is left.")
    units = table.index.get_level_values(0).unique()
    without_place = units.difference(layer.index, sort=False)
    if len(without_place):
        raise AlignmentError(
            f"{len(without_place)} units of the table are not in the layer: {some(without_place)}. "
            "Check that the column 'id' holds the same labels, of the same kind, in both."
        )
    others = layer.index.difference(units, sort=False)
    if len(others) and not cut and "where" not in asked:
        raise AlignmentError(
            f"{len(others)} units of the layer are not in the table: {some(others)}. Add their rows, or leave "
            'these units out with units = "table" in [data].'
        )
    kept = layer.loc[layer.index.isin(units)]
    return replace(
        data, layer=kept, table=table, left_out=(*data.left_out, *others) if path == "data" else ()
    )


def units_where(study: StudyFile, path: str, data: StudyData, condition: str) -> list[Any]:
    """Give the units of the layer that meet a condition on its columns.

    Parameters
    ----------
    study : StudyFile
    path : str
        The key that asks for it.
    data : StudyData
    condition : str
        As pandas' query reads it.

    Returns
    -------
    list
    """
    return list(_query(study, path, data.layer, condition).index)


def rows_where(study: StudyFile, path: str, data: StudyData, condition: str) -> list[Any]:
    """Give the units whose rows of the last period meet a condition on the columns of the table.

    Parameters
    ----------
    study : StudyFile
    path : str
        The key that asks for it.
    data : StudyData
    condition : str
        As pandas' query reads it.

    Returns
    -------
    list
    """
    found = _query(study, path, data.table, condition)
    if found.index.nlevels > 1:
        last = data.table.index.get_level_values(1).max()
        found = found[found.index.get_level_values(1) == last]
    return list(found.index.get_level_values(0))


def mean_of(study: StudyFile, path: str, data: StudyData, name: str) -> float:
    """Give the mean of a column over all rows of the table, with four digits.

    Parameters
    ----------
    study : StudyFile
    path : str
        The key that asks for it.
    data : StudyData
    name : str

    Returns
    -------
    float
    """
    if name not in data.table.columns or data.table[name].dtype.kind not in "iufb":
        numbers = [str(column) for column in data.table.columns if data.table[column].dtype.kind in "iufb"]
        raise study.wrong(path, f"the table has no column of numbers {name!r}. It has: {', '.join(numbers)}.")
    return float(f"{data.table[name].mean():.4g}")


def _number(path: str) -> int:
    return int(path[path.index("[") + 1 : -1]) - 1


def _query(study: StudyFile, path: str, frame: Any, condition: str) -> Any:
    try:
        return frame.query(condition, engine="python")
    except Exception as error:
        raise study.wrong(
            path,
            f"the condition {condition!r} cannot be used: {error}. The columns are: "
            f"{some([*filter(None, frame.index.names), *(c for c in frame.columns if c != 'geometry')], 30)}.",
        ) from None


def _from_files(study: StudyFile) -> StudyData:
    import geopandas as gpd

    asked = study.part("data")
    unit, time = asked["id"], asked.get("time")
    layer_path = _file(study, "layer", (".gpkg", ".geojson", ".json", ".shp"))
    try:
        layer = gpd.read_file(layer_path, layer=asked.get("layer_name"), engine="pyogrio")
    except Exception as error:
        raise study.wrong("data.layer", f"{asked['layer']!r} cannot be read as a layer: {error}.") from None
    paths = [layer_path]
    table = layer.drop(columns=layer.geometry.name)
    if "table" in asked:
        paths.append(_file(study, "table", _TABLES))
        # a csv file has no types: a code such as 01001 is a text when the layer holds texts
        texts = layer[unit].dtype.kind not in "iufb" if unit in layer.columns else False
        table = _read_table(study, paths[1], *([unit] if texts else []))
    _need(study, "data.id", unit, layer, "layer")
    _need(study, "data.id", unit, table, "table")
    keys = [unit]
    if time is not None:
        _need(study, "data.time", time, table, "table")
        keys.append(time)
    if (layer[unit].dtype.kind in "iuf") != (table[unit].dtype.kind in "iuf"):
        raise study.wrong(
            "data.id",
            f"{unit!r} holds {layer[unit].dtype} in the layer and {table[unit].dtype} in the table; "
            "the same kind of label is needed in both.",
        )
    twice = table[table.duplicated(keys)]
    if len(twice):
        rows = [tuple(row) if time is not None else row[0] for row in twice[keys].to_numpy().tolist()]
        what = "one row a unit and period" if time is not None else "one row a unit; name the column 'time'"
        raise DuplicateError(f"Rows of the table stand more than once: {some(rows)}. There must be {what}.")
    table = table.set_index(keys if time is not None else unit).sort_index()
    flows = None
    if "flows" in asked:
        paths.append(_file(study, "flows", _TABLES))
        texts = layer[unit].dtype.kind not in "iufb" if unit in layer.columns else False
        flows = _read_table(study, paths[-1], *(_ends_of_flows(study) if texts else ()))
    name = " and ".join(path.name for path in paths)
    return StudyData(
        name,
        layer.set_index(unit),
        table,
        asked.get("source", ""),
        asked.get("simulated", False),
        {part.name: _sha256(part.read_bytes()) for path in paths for part in _parts(path)},
        flows=flows,
    )


def _file(study: StudyFile, key: str, endings: tuple[str, ...]) -> Path:
    written = study.content["data"][key]
    path: Path = study.folder / written
    if path.suffix.lower() not in endings:
        raise study.wrong(f"data.{key}", f"{written!r} must end in {', '.join(endings)}.")
    if not path.is_file():
        raise study.wrong(f"data.{key}", f"there is no file {written!r} beside the study file.")
    return path


def _parts(path: Path) -> list[Path]:
    """Give a file, or all the files of a shapefile."""
    if path.suffix.lower() != ".shp":
        return [path]
    return sorted(part for part in path.parent.glob(f"{path.stem}.*") if part.is_file())


def _ends_of_flows(study: StudyFile) -> set[str]:
    """Give the columns of the flows that name units, as the tables of weights call them."""
    tables = [
        study.content["weights"],
        *(each.get("weights", {}) for each in study.content.get("robustness", [])),
    ]
    return {table.get(key, key) for table in tables for key in ("origin", "destination")}


def _read_table(study: StudyFile, path: Path, *texts: str) -> pd.DataFrame:
    import pandas as pd

    types: Any = dict.fromkeys(texts, str)
    try:
        return pd.read_csv(path, dtype=types) if path.suffix.lower() == ".csv" else pd.read_parquet(path)
    except Exception as error:
        raise study.wrong("data.table", f"{path.name!r} cannot be read as a table: {error}.") from None


def _need(study: StudyFile, path: str, column: str, frame: Any, what: str) -> None:
    if column not in frame.columns:
        listed = some([name for name in frame.columns if name != "geometry"], 30)
        raise study.wrong(path, f"the {what} has no column {column!r}. It has: {listed}.")
    if frame[column].isna().any():
        raise DataError(
            f"The column {column!r} of the {what} has {int(frame[column].isna().sum())} empty cells."
        )


def _checksums_of(data: StudyData) -> dict[str, str]:
    """Give the checksums of layer, table and flows as they were loaded, whatever files they came from."""
    table = data.table.to_csv(float_format="%.12g", lineterminator="\n").encode()
    plain = data.layer.drop(columns=data.layer.geometry.name).to_csv(
        float_format="%.12g", lineterminator="\n"
    )
    shapes = b"".join(data.layer.geometry.to_wkb())
    flows = {}
    if data.flows is not None:
        written = data.flows.to_csv(index=False, float_format="%.12g", lineterminator="\n")
        flows[f"{data.name}, flows"] = _sha256(written.encode())
    return {
        **flows,
        f"{data.name}, table": _sha256(table),
        f"{data.name}, layer": _sha256(plain.encode() + shapes),
    }


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
