"""Links between units in files: a table (CSV) of focal, neighbor, weight, or a GAL file."""

from __future__ import annotations

import csv
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
        If the file is of another form.
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


def _from_csv(path: Path) -> dict[tuple[str, str], float]:
    with path.open(newline="", encoding="utf-8-sig") as file:
        table = csv.DictReader(file)
        if not {"focal", "neighbor"} <= set(table.fieldnames or ()):
            raise WeightsError(
                f"The file {path.name!r} needs the columns focal, neighbor, weight; it has {table.fieldnames}."
            )
        try:
            return {(row["focal"], row["neighbor"]): float(row.get("weight") or 1.0) for row in table}
        except ValueError as error:
            raise WeightsError(f"A weight in the file {path.name!r} is no number: {error}.") from None


def _from_gal(path: Path) -> dict[tuple[str, str], float]:
    words = path.read_text(encoding="utf-8").splitlines()
    found: dict[tuple[str, str], float] = {}
    lines = iter(line.split() for line in words[1:])
    for head in lines:
        if not head:
            continue
        if len(head) != 2 or not head[1].isdigit():
            raise WeightsError(
                f"The file {path.name!r} is no GAL file: {' '.join(head)!r} is no unit and count."
            )
        neighbours = next(lines, []) if int(head[1]) else []
        if len(neighbours) != int(head[1]):
            raise WeightsError(
                f"The file {path.name!r} names {len(neighbours)} neighbours of {head[0]}, not {head[1]}."
            )
        found |= {(head[0], name): 1.0 for name in neighbours}
    return found
