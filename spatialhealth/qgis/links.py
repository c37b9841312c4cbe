"""Links between units in files: a table (CSV) of focal, neighbor, weight, or a GAL file."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
import scipy.sparse as sp

from spatialhealth._typing import Array
from spatialhealth.errors import AlignmentError, WeightsError, some

__all__ = ["read_links", "write_csv", "write_gal"]

_COLUMNS = ("focal", "neighbor", "weight")


def write_csv(path: Any, ids: Array, matrix: sp.csr_matrix) -> None:
    """Write a row for each link: focal, neighbor, weight. An isolate has a row with itself and no weight.

    Parameters
    ----------
    path : path-like
    ids : ndarray of shape (n,)
    matrix : scipy.sparse.csr_matrix of shape (n, n)
    """
    names = ids.tolist()
    with Path(path).open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(_COLUMNS)
        for row, name in enumerate(names):
            part = slice(matrix.indptr[row], matrix.indptr[row + 1])
            if part.start == part.stop:
                out.writerow((name, name, 0))
            for column, weight in zip(matrix.indices[part], matrix.data[part].tolist(), strict=True):
                out.writerow((name, names[column], repr(weight)))


def write_gal(path: Any, ids: Array, matrix: sp.csr_matrix, layer: str = "layer", key: str = "id") -> None:
    """Write a GAL file: for each unit its number of neighbours, and on the next line who they are.

    Parameters
    ----------
    path : path-like
    ids : ndarray of shape (n,)
        Text without spaces, or numbers: the format parts by spaces.
    matrix : scipy.sparse.csr_matrix of shape (n, n)
        Values are not written, GAL has none.
    layer, key : str
        Names of the layer and of its field of ids, for the first line.
    """
    names = [str(each) for each in ids.tolist()]
    spaced = [name for name in names if any(sign.isspace() for sign in name)]
    if spaced:
        raise WeightsError(
            f"A GAL file parts ids by spaces, and {some(spaced)} have some. Write a CSV instead."
        )
    lines = [f"0 {len(names)} {layer.replace(' ', '_')} {key.replace(' ', '_')}"]
    for row, name in enumerate(names):
        neighbours = matrix.indices[matrix.indptr[row] : matrix.indptr[row + 1]]
        lines += [f"{name} {len(neighbours)}", " ".join(names[j] for j in neighbours)]
    Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_links(path: Any, ids: Array) -> sp.csr_matrix:
    """Read links of the units given.

    Parameters
    ----------
    path : path-like
        A .gal file; any other is a CSV with the columns focal, neighbor and, if there are weights, weight.
    ids : ndarray of shape (n,)
        Units of the layer; those of the file are compared as text.

    Returns
    -------
    scipy.sparse.csr_matrix of shape (n, n)
        In the order of `ids`.

    Raises
    ------
    AlignmentError
        If the file names units that the layer does not have.
    WeightsError
        If the file is of another form, names a link twice, or a weight is empty or no finite number.
    """
    found = _from_gal(Path(path)) if str(path).lower().endswith(".gal") else _from_csv(Path(path))
    place = {str(each): row for row, each in enumerate(ids.tolist())}
    unknown = [name for pair in found for name in pair if name not in place]
    if unknown:
        raise AlignmentError(
            f"The file of links names units that the layer does not have: {some(dict.fromkeys(unknown))}. Give the "
            "field of ids that the file was written with."
        )
    rows = [place[focal] for focal, _ in found]
    columns = [place[neighbour] for _, neighbour in found]
    links = sp.coo_matrix(
        (np.array(list(found.values())), (rows, columns)), shape=(len(ids), len(ids))
    ).tocsr()
    links.eliminate_zeros()
    return sp.csr_matrix(links)


def _text(path: Path) -> str:
    """Give what the file holds, which must be text."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise WeightsError(f"The file {path.name!r} cannot be read: {error.strerror}.") from None
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise WeightsError(
            f"The file {path.name!r} is no text in UTF-8, line {line}: save it as CSV in UTF-8, or as GAL."
        ) from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise WeightsError(
            f"The file {path.name!r} is no text, line {line}: save it as CSV in UTF-8, or as GAL."
        )
    return text


def _from_csv(path: Path) -> dict[tuple[str, str], float]:
    table = csv.DictReader(io.StringIO(_text(path), newline=""))
    found: dict[tuple[str, str], float] = {}
    try:
        columns = list(table.fieldnames or ())
        if not {"focal", "neighbor"} <= set(columns):
            raise WeightsError(
                f"The file {path.name!r} needs the columns focal, neighbor, weight; it has {columns}."
            )
        for row in table:
            where = f"the file {path.name!r}, line {table.line_num}"
            _add(found, (row["focal"] or "", row["neighbor"] or ""), where)
            if "weight" in columns:
                found[row["focal"], row["neighbor"]] = _weight(row["weight"] or "", where)
    except csv.Error as error:
        raise WeightsError(f"The file {path.name!r} is no CSV, line {table.line_num}: {error}.") from None
    return found


def _add(found: dict[tuple[str, str], float], link: tuple[str, str], where: str) -> None:
    """Add a link of weight one, which must be new and have both ends."""
    if "" in link:
        raise WeightsError(f"A link lacks its focal or its neighbor in {where}.")
    if link in found:
        raise WeightsError(
            f"The link from {link[0]!r} to {link[1]!r} stands a second time in {where}. Leave one of them."
        )
    found[link] = 1.0


def _weight(text: str, where: str) -> float:
    """Give a weight."""
    if not text.strip():
        raise WeightsError(
            f"A weight is empty in {where}. Write a number, or leave out the column of weights."
        )
    try:
        weight = float(text)
    except ValueError:
        raise WeightsError(f"A weight is no number in {where}: {text!r}.") from None
    if not math.isfinite(weight):
        raise WeightsError(f"A weight is not finite in {where}: {text!r}.")
    return weight


def _from_gal(path: Path) -> dict[tuple[str, str], float]:
    rows = [line.split() for line in _text(path).splitlines()]
    total = _units_of_gal(path, rows[0] if rows else [])
    found: dict[tuple[str, str], float] = {}
    units: set[str] = set()
    lines = iter(enumerate(rows[1:], 2))
    for number, head in lines:
        if not head:
            continue
        where = f"the file {path.name!r}, line {number}"
        if len(head) != 2 or not head[1].isdecimal():
            raise WeightsError(f"This is no GAL file: {' '.join(head)!r} is no unit and count in {where}.")
        name, count = head[0], int(head[1])
        if name in units:
            raise WeightsError(f"The unit {name!r} stands a second time in {where}. Leave one of them.")
        units.add(name)
        number, neighbours = next(lines, (number, [])) if count else (number, [])
        where = f"the file {path.name!r}, line {number}"
        if len(neighbours) != count:
            raise WeightsError(f"Of {name} there are {len(neighbours)} neighbours, not {count}, in {where}.")
        for neighbour in neighbours:
            _add(found, (name, neighbour), where)
    if len(units) != total:
        raise WeightsError(
            f"The file {path.name!r} has {len(units)} units, and {total} by its line 1. Write it again."
        )
    return found


def _units_of_gal(path: Path, head: list[str]) -> int:
    """Give the number of units that the first line tells: alone, or after a zero."""
    told = head[:1] if len(head) == 1 else head[1:2]
    if not told or not told[0].isdecimal() or (len(head) > 1 and head[0] != "0"):
        raise WeightsError(
            f"The file {path.name!r} is no GAL file: line 1 must be '0', the number of units, and names of layer and "
            f"field; it is {' '.join(head)[:60]!r}."
        )
    return int(told[0])
