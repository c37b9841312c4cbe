"""Moran scatter plots."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import LabelError, OptionError
from tests.refusal import refusal


@pytest.fixture(scope="module")
def data():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    return sh.weights.contiguity(cities), panel


def test_points_line_and_statistic_of_a_variable(data):
    W, panel = data
    values = np.log(panel["inflow"].xs(2021, level="year"))
    ax = sh.maps.moran_scatter(values.sample(frac=1, random_state=1), W)
    z = ((values - values.mean()) / values.std(ddof=0)).loc[W.unique_ids]
    points = ax.collections[0].get_offsets()
    np.testing.assert_allclose(points[:, 0], z)
    np.testing.assert_allclose(points[:, 1], W.sparse @ z.to_numpy())
    x, y = ax.lines[2].get_xdata(), ax.lines[2].get_ydata()
    moran = sh.diagnostics.moran(values, W, permutations=0)[0].value
    assert (y[1] - y[0]) / (x[1] - x[0]) == pytest.approx(moran)
    assert ax.figure.texts[0].get_text() == f"Moran's I = {moran:.3f}, p = 0.001"
    assert ax.figure.texts[1].get_text() == "Simulated data."
    assert sh.maps.png(ax, 50) == sh.maps.png(sh.maps.moran_scatter(values, W), 50)


def test_residuals_of_a_model_and_a_panel(data):
    W, panel = data
    model = sh.SpatialDurbin(weights=W, effects="two-way").fit_formula("log(inflow) ~ log(tertiary)", panel)
    ax = sh.maps.moran_scatter(model)
    assert len(ax.collections[0].get_offsets()) == 307 * 11
    test = sh.diagnostics.moran(model)[0]
    assert f"{abs(test.value):.3f}" in ax.figure.texts[0].get_text()
    assert ax.get_xlabel() == "Residual of log(inflow), standard deviations\nn = 307 units in 11 periods"
    with refusal(OptionError, "Leave weights out"):
        sh.maps.moran_scatter(model, W)
    pooled = sh.maps.moran_scatter(np.log(panel["inflow"]), W, permutations=0)
    assert "11 periods" in pooled.get_xlabel()


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.SpatialHealthWarning")
def test_refusals(data):
    W, panel = data
    with refusal(OptionError, "weights"):
        sh.maps.moran_scatter(panel["inflow"])
    with refusal(LabelError, "Series"):
        sh.maps.moran_scatter([1.0, 2.0], W)
    error = sh.SpatialError(weights=W, effects="two-way").fit_formula("log(inflow) ~ log(tertiary)", panel)
    with refusal(OptionError, "autocorrelation of its errors"):
        sh.maps.moran_scatter(error)
