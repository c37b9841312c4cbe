"""The map of clusters."""

from __future__ import annotations

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, IsolateWarning, LabelError, OptionError
from spatialhealth.qgis.styles import CLUSTER_COLOURS
from tests.refusal import refusal

NAMES = ["high-high", "low-low", "high-low", "low-high", "not significant", "no neighbours"]


@pytest.fixture
def frame():
    squares = [shapely.box(j % 3, j // 3, j % 3 + 1, j // 3 + 1) for j in range(6)]
    return gpd.GeoDataFrame(geometry=squares, index=list("abcdef"), crs="EPSG:3857")


def legend_of(ax):
    legend = ax.get_legend()
    return legend.get_title().get_text(), [text.get_text() for text in legend.get_texts()]


def test_each_cluster_has_its_colour_and_its_count(frame):
    ax = sh.maps.lisa(frame, pd.Series(NAMES, index=frame.index)[::-1])
    drawn, stripes, alone = ax.collections
    assert len(stripes.get_paths()) == 2 and stripes.get_hatch()  # low-low and low-high, in grey too
    colours = [to_hex(colour) for colour in drawn.get_facecolor()]
    assert colours == ["#ca0020", "#0571b0", "#f4a582", "#92c5de", "#f7f7f7"]
    assert colours == [CLUSTER_COLOURS[name] for name in NAMES[:5]]  # QGIS draws them alike
    assert alone.get_hatch() and len(alone.get_paths()) == 1
    assert legend_of(ax)[1] == [f"{name}  (1)" for name in NAMES]


def test_without_isolates_they_are_not_in_the_legend(frame):
    ax = sh.maps.lisa(frame, pd.Series("low-low", index=frame.index))
    assert legend_of(ax)[1][1] == "low-low  (6)" and len(legend_of(ax)[1]) == 5


def test_what_lisa_gives_is_drawn_with_its_facts():
    states, panel = sh.datasets.load_states(), sh.datasets.load_production()
    states = states.loc[panel.index.unique("state")]
    W = sh.weights.contiguity(states)
    found = sh.imbalance.lisa(panel["unemp"], W, permutations=99, random_state=1, correction="none")
    ax = sh.maps.lisa(states, found.at(1986))
    title, texts = legend_of(ax)
    assert title == "LISA at 0.05, uncorrected\nn = 48 units"
    counts = found.at(1986).counts
    assert texts[0] == f"high-high  ({counts['high-high']})" and counts["high-high"] > 0
    assert any("Moran's I" in text.get_text() for text in ax.figure.texts)
    with refusal(LabelError, "one period", "clusters.at(period)"):
        sh.maps.lisa(states, found)


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.ApproximationWarning")
def test_simulated_data_are_called_so():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    W = sh.weights.contiguity(cities)
    found = sh.imbalance.lisa(panel["inflow"].xs(2021, level="year"), W, random_state=1)
    said = [text.get_text() for text in sh.maps.lisa(cities, found).figure.texts]
    assert any(text.startswith("Simulated data.") for text in said)


def test_axes_of_ones_own_and_the_same_bytes(frame):
    clusters = pd.Series(NAMES, index=frame.index)
    own = Figure()
    axes = own.add_subplot()
    assert sh.maps.lisa(frame, clusters, axes, title="Clusters", label="LISA", note="Made up.") is axes
    assert axes.get_title(loc="left") == "Clusters"
    assert sh.maps.png(sh.maps.lisa(frame, clusters), 50) == sh.maps.png(sh.maps.lisa(frame, clusters), 50)


def test_refusals(frame):
    clusters = pd.Series(NAMES, index=frame.index)
    with refusal(OptionError, "'HH' are no clusters", "'high-high'"):
        sh.maps.lisa(frame, clusters.replace("high-high", "HH"))
    with refusal(AlignmentError, "no value: 'f'"):
        sh.maps.lisa(frame, clusters.drop("f"))
    with refusal(LabelError, "give a Series"):
        sh.maps.lisa(frame, NAMES)


def test_isolates_of_lisa_are_hatched(frame):
    values = pd.Series([1.0, 2.0, 3.0, 4.0, 5.0, 9.0], index=frame.index)
    links = pd.DataFrame(0.0, index=frame.index, columns=frame.index)
    links.loc[list("abcde"), list("abcde")] = 1.0
    for unit in frame.index:
        links.loc[unit, unit] = 0.0
    with pytest.warns(IsolateWarning):
        found = sh.imbalance.lisa(values, links, permutations=99, random_state=1, correction="none")
    assert len(sh.maps.lisa(frame, found).collections) == 2


def test_a_part_of_a_country_on_the_ground_of_the_whole(frame):
    part = frame.iloc[:2]
    ax = sh.maps.lisa(part, pd.Series(["high-high", "low-low"], index=part.index), ground=frame)
    ground, drawn, _ = ax.collections
    assert len(ground.get_paths()) == 6 and len(drawn.get_paths()) == 2
    # the map shows the whole, and the legend counts the part
    assert ax.get_xlim()[0] <= 0 and ax.get_xlim()[1] >= 3 and ax.get_ylim()[1] >= 2
    assert legend_of(ax)[0].endswith("n = 2 units")
