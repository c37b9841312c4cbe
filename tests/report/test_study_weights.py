"""Every kind of weights a study may ask for is the builder's own; shuffled and nested ones by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import StudyError
from spatialhealth.report.study_data import load_data
from spatialhealth.report.study_file import study_of
from spatialhealth.report.study_weights import graph_of, weights_in_words
from tests.refusal import refusal

BASE = {
    "title": "Weights",
    "data": {"dataset": "hospital_panel"},
    "weights": {"kind": "contiguity"},
    "model": {"estimator": "SpatialLag", "formula": "log(inflow) ~ log(tertiary)"},
}


@pytest.fixture(scope="module")
def study():
    return study_of(BASE)


@pytest.fixture(scope="module")
def data(study):
    return load_data(study)


def matrix(weights):
    ids, links = sh.weights.as_links(weights)
    return pd.DataFrame(links.toarray(), index=ids, columns=ids).sort_index().sort_index(axis=1)


def test_kinds(study, data):
    w, layer = sh.weights, data.layer
    mean = data.table["tertiary"].groupby(level=0).mean()
    pairs = [
        (
            {"kind": "economic", "column": "gdp_per_capita", "least": 50},
            w.economic(layer, "gdp_per_capita", least=50),
        ),
        ({"kind": "gravity", "mass": "population"}, w.gravity(layer, "population")),
        # a column of the table stands by its mean
        ({"kind": "gravity", "mass": "tertiary"}, w.gravity(layer.assign(tertiary=mean), "tertiary")),
        (
            {"kind": "flows", "direction": "to"},
            w.flows(sh.datasets.load_flows(), direction="to", ids=list(layer.index)),
        ),
        ({"kind": "knn", "k": 4, "within": "province"}, w.nested(w.knn(layer, k=4), layer["province"])),
        ({"kind": "knn", "k": 4, "standardise": "none"}, w.knn(layer, k=4, standardise=None)),
    ]
    for asked, expected in pairs:
        pd.testing.assert_frame_equal(matrix(graph_of(study, "weights", asked, data)), matrix(expected))


def test_a_placebo_has_the_same_links_elsewhere(study, data):
    plain = graph_of(study, "weights", {"kind": "contiguity"}, data)
    shuffled = graph_of(study, "weights", {"kind": "contiguity", "shuffle": 3}, data)
    one, other = matrix(plain), matrix(shuffled)
    np.testing.assert_allclose(np.sort(one.to_numpy().ravel()), np.sort(other.to_numpy().ravel()))
    np.testing.assert_allclose(np.linalg.eigvals(one).real.max(), np.linalg.eigvals(other).real.max())
    assert ((one > 0) & (other > 0)).to_numpy().sum() < 0.1 * (one > 0).to_numpy().sum()
    again = graph_of(study, "weights", {"kind": "contiguity", "shuffle": 3}, data)
    pd.testing.assert_frame_equal(other, matrix(again))


def test_words():
    assert weights_in_words({"kind": "knn", "k": 4, "within": "province", "shuffle": 1}) == (
        "4 nearest neighbours, within the same province only, shuffled among the units (a placebo)"
    )
    assert weights_in_words({"kind": "gravity", "mass": "population", "cutoff": 1000}) == (
        "population of both over distance to the power 2, up to 1,000 m"
    )


def test_refusals(study, data):
    with refusal(StudyError, "'gdp2'", "There are"):
        graph_of(study, "weights", {"kind": "economic", "column": "gdp2"}, data)
    with refusal(StudyError, "no column 'from'", "They have"):
        graph_of(study, "weights", {"kind": "flows", "origin": "from"}, data)
    cigarettes = load_data(study_of(BASE | {"data": {"dataset": "us_cigarettes"}}))
    with refusal(StudyError, "no flows", "'flows'"):
        graph_of(study, "weights", {"kind": "flows"}, cigarettes)


def test_flows_of_a_file(tmp_path):
    """Codes with leading zeros stay texts."""
    import geopandas as gpd

    ids = ["01", "02", "03"]
    points = gpd.points_from_xy([0, 1, 2], [0, 0, 0])
    gpd.GeoDataFrame({"id": ids}, geometry=points, crs="EPSG:4326").to_file(tmp_path / "l.gpkg")
    pd.DataFrame({"id": ids, "y": [1.0, 2.0, 4.0], "x": [1.0, 3.0, 2.0]}).to_csv(
        tmp_path / "t.csv", index=False
    )
    od = pd.DataFrame([(a, b, 1 + j) for j, (a, b) in enumerate((a, b) for a in ids for b in ids if a != b)])
    od.set_axis(["home", "work", "trips"], axis=1).to_csv(tmp_path / "od.csv", index=False)
    (tmp_path / "s.toml").write_text(
        'title = "x"\n[data]\nlayer = "l.gpkg"\ntable = "t.csv"\nid = "id"\nflows = "od.csv"\n'
        '[weights]\nkind = "flows"\norigin = "home"\ndestination = "work"\n'
        '[model]\nestimator = "SLX"\nformula = "y ~ x"\n',
        encoding="utf-8",
    )
    study = sh.report.read_study(tmp_path / "s.toml")
    found = load_data(study)
    W = matrix(graph_of(study, "weights", study.content["weights"], found))
    # to 01 come 3 from 02 and 5 from 03
    assert W.loc["01"].to_dict() == pytest.approx({"01": 0.0, "02": 3 / 8, "03": 5 / 8})
    assert "od.csv" in found.checksums
