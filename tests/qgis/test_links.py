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
    with pytest.raises(
        WeightsError, match=r"Of a there are 1 neighbours, not 2, in the file 'z.gal', line 3"
    ):
        read_links(tmp_path / "z.gal", IDS)
    with pytest.raises(WeightsError, match="parts ids by spaces"):
        write_gal(tmp_path / "v.gal", np.array(["New York"], dtype=object), sp.csr_matrix((1, 1)))


@pytest.mark.parametrize(
    "text, words",
    [
        ("focal,neighbor,weight\na,b,1\na,d,\n", "A weight is empty in the file 'w.csv', line 3"),
        ("focal,neighbor,weight\na,b,1\na,d\n", "A weight is empty in the file 'w.csv', line 3"),
        ("focal,neighbor,weight\na,b,nan\n", "A weight is not finite in the file 'w.csv', line 2: 'nan'"),
        ("focal,neighbor,weight\na,b,-inf\n", "A weight is not finite in the file 'w.csv', line 2: '-inf'"),
        ("focal,neighbor,weight\na,b,much\n", "A weight is no number in the file 'w.csv', line 2: 'much'"),
        (
            "focal,neighbor,weight\na,b,1\nb,a,1\na,b,2\n",
            "The link from 'a' to 'b' stands a second time in the file 'w.csv', line 4",
        ),
        ("focal,neighbor\na,b\na,b\n", "stands a second time in the file 'w.csv', line 3"),
        ("focal,neighbor,weight\na,,1\n", "lacks its focal or its neighbor in the file 'w.csv', line 2"),
        ("focal,neighbor\na\n", "lacks its focal or its neighbor in the file 'w.csv', line 2"),
        ("", "needs the columns focal, neighbor, weight; it has []"),
    ],
)
def test_tables_that_are_refused(tmp_path, text, words):
    (tmp_path / "w.csv").write_text(text)
    with pytest.raises(WeightsError) as caught:
        read_links(tmp_path / "w.csv", IDS)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    "text, words",
    [
        (
            "",
            "is no GAL file: line 1 must be '0', the number of units, and names of layer and field; it is ''",
        ),
        ("focal,neighbor,weight\na,b,1\n", "is no GAL file: line 1"),
        ("some junk here\na 1\nb\n", "it is 'some junk here'"),
        ("1 4 x id\n", "it is '1 4 x id'"),
        ("0 4 x id\n", "has 0 units, and 4 by its line 1"),
        ("0 2 x id\na 1\nb\n", "has 1 units, and 2 by its line 1"),
        ("0 2 x id\na 1\nb\na 1\nd\n", "The unit 'a' stands a second time in the file 'w.gal', line 4"),
        ("0 1 x id\na 2\nb b\n", "The link from 'a' to 'b' stands a second time in the file 'w.gal', line 3"),
        ("0 1 x id\na b\n", "'a b' is no unit and count in the file 'w.gal', line 2"),
        ("0 1 x id\na 1", "Of a there are 0 neighbours, not 1, in the file 'w.gal', line 2"),
    ],
)
def test_gal_files_that_are_refused(tmp_path, text, words):
    (tmp_path / "w.gal").write_text(text)
    with pytest.raises(WeightsError) as caught:
        read_links(tmp_path / "w.gal", IDS)
    assert words in str(caught.value)


@pytest.mark.parametrize("name", ["w.csv", "w.gal"])
def test_what_is_no_text(tmp_path, name):
    file = tmp_path / name
    file.write_bytes(b"0 4 x id\n" + "北京 1\n".encode("gb18030"))
    with pytest.raises(WeightsError, match="is no text in UTF-8, line 2"):
        read_links(file, IDS)
    file.write_bytes(b"SQLite format 3\0")
    with pytest.raises(WeightsError, match="is no text, line 1"):
        read_links(file, IDS)
    file.unlink()
    with pytest.raises(WeightsError, match="cannot be read: No such file"):
        read_links(file, IDS)


def test_forms_of_gal_that_are_read(tmp_path):
    forms = (
        "4\na 1\nb\nb 0\nlone 0\n\nd 1\nb",
        "\ufeff0 4 the layer id\r\na 1\r\nb\r\nb 0\r\nlone 0\r\nd 1\r\nb\r\n",
    )
    for form in forms:
        (tmp_path / "w.gal").write_text(form, encoding="utf-8", newline="")
        links = read_links(tmp_path / "w.gal", IDS).toarray()
        assert np.argwhere(links).tolist() == [[0, 1], [3, 1]] and links.sum() == 2
