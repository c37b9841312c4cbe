"""Files of links: written and read, and what they refuse."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.sparse as sp

from spatialhealth.errors import AlignmentError, WeightsError
from spatialhealth.qgis.links import read_links, write_csv, write_gal

IDS = np.array(["a", "b", "lone", "d"], dtype=object)
W = sp.csr_matrix(np.array([[0, 0.25, 0, 0.75], [1, 0, 0, 0], [0, 0, 0, 0], [1 / 3, 2 / 3, 0, 0]]))


def test_a_table_there_and_back(tmp_path):
    write_csv(tmp_path / "w.csv", IDS, W)
    np.testing.assert_array_equal(read_links(tmp_path / "w.csv", IDS).toarray(), W.toarray())
    order = [3, 0, 2, 1]
    turned = read_links(tmp_path / "w.csv", IDS[order])
    np.testing.assert_array_equal(turned.toarray(), W.toarray()[order][:, order])


def test_the_package_reads_the_table_too(tmp_path):
    pd = pytest.importorskip("pandas")
    from spatialhealth.weights import as_links

    write_csv(tmp_path / "w.csv", IDS, W)
    ids, matrix = as_links(pd.read_csv(tmp_path / "w.csv"))
    place = [ids.tolist().index(unit) for unit in IDS]
    np.testing.assert_allclose(matrix.toarray()[place][:, place], W.toarray())


def test_gal_there_and_back(tmp_path):
    write_gal(tmp_path / "w.gal", IDS, W, "my layer", "id")
    assert (tmp_path / "w.gal").read_text().splitlines()[:3] == ["0 4 my_layer id", "a 2", "b d"]
    np.testing.assert_array_equal(
        read_links(tmp_path / "w.gal", IDS).toarray(), (W.toarray() > 0).astype(float)
    )


def test_refusals(tmp_path):
    write_csv(tmp_path / "w.csv", IDS, W)
    with pytest.raises(AlignmentError, match="lone"):
        read_links(tmp_path / "w.csv", np.array(["a", "b", "d"], dtype=object))
    (tmp_path / "x.csv").write_text("from,to\n1,2\n")
    with pytest.raises(WeightsError, match="needs the columns focal, neighbor, weight"):
        read_links(tmp_path / "x.csv", IDS)
    (tmp_path / "y.csv").write_text("focal,neighbor,weight\na,b,many\n")
    with pytest.raises(WeightsError, match="is no number"):
        read_links(tmp_path / "y.csv", IDS)
    (tmp_path / "z.gal").write_text("0 2 x id\na 2\nb\n")
    with pytest.raises(WeightsError, match="names 1 neighbours of a, not 2"):
        read_links(tmp_path / "z.gal", IDS)
    with pytest.raises(WeightsError, match="parts ids by spaces"):
        write_gal(tmp_path / "v.gal", np.array(["New York"], dtype=object), sp.csr_matrix((1, 1)))
