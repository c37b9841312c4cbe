"""Effects over the values of a moderator, drawn."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import NotFittedError, OptionError
from spatialhealth.maps.style import new_figure
from tests.impacts.test_moderation import W, fit, table

__all__ = ["table"]  # a fixture


def lines(axes):
    """The curve of a panel: the one line that is not the zero line."""
    return next(line for line in axes.lines if len(line.get_xdata()) > 2).get_xydata()


def test_curves_and_bands_are_the_effects(table):
    model = fit(table, "y ~ x * m + z")
    panels = sh.maps.moderation(model, "x", "m", [0.0, 0.5, 1.0], level=0.9)
    effects = model.impacts(at={"m": [0, 0.5, 1]}, level=0.9).table.query("variable == 'x'")
    for axes, effect in zip(panels, ("direct", "indirect", "total"), strict=True):
        rows = effects[effects["effect"] == effect]
        np.testing.assert_allclose(lines(axes), np.column_stack([[0, 0.5, 1], rows["estimate"]]))
        band = axes.collections[0].get_paths()[0].vertices[:, 1]
        assert band.min() == pytest.approx(rows["ci_low"].min())
        assert band.max() == pytest.approx(rows["ci_high"].max())
        low, high = axes.get_ylim()
        assert low < min(0, rows["ci_low"].min()) and high > max(0, rows["ci_high"].max())
    assert len({axes.get_ylim() for axes in panels}) == 1
    assert "90% interval" in panels[0].get_ylabel()
    assert "Effects of x on y by m" in [text.get_text() for text in panels[0].figure.texts]


def test_by_default_over_the_range_of_the_data_with_its_values_below(table):
    model = fit(table, "y ~ x * m")
    axes = sh.maps.moderation(model, "x", "m", effects="total")[0]
    np.testing.assert_allclose(lines(axes)[[0, -1], 0], [table["m"].min(), table["m"].max()])
    counts = np.histogram(table["m"], bins=30)[0]
    heights = np.array([bar.get_height() for bar in axes.patches])
    np.testing.assert_allclose(heights / heights.max(), counts / counts.max())


def test_values_in_any_order_give_the_same_curve(table):
    model = fit(table, "y ~ x * m")
    one, two = (
        sh.maps.moderation(model, "x", "m", v, effects=["direct"]) for v in ([0, 1, 0.5], [0, 0.5, 1])
    )
    np.testing.assert_array_equal(lines(one[0]), lines(two[0]))


def test_a_category_has_a_point_for_each_level(table):
    model = fit(table, "y ~ x + x:C(region)")
    axes = sh.maps.moderation(model, "x", "region", effects=["direct"])[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a:b", "mid land", "north"]
    points = axes.containers[0].lines[0].get_ydata()
    expected = model.impacts(at={"region": ["a:b", "mid land", "north"]})
    rows = [expected.variables.index(f"x [region={level}]") for level in ("a:b", "mid land", "north")]
    np.testing.assert_allclose(points, expected.estimates[rows, 0])


def test_on_axes_that_are_given_and_with_another_moderator_held(table):
    model = fit(table, "y ~ x * m * v")
    axes = new_figure(3, 3).add_subplot()
    assert sh.maps.moderation(model, "x", "m", effects=["total"], at={"v": 1.0}, ax=axes) == [axes]
    assert axes.get_title(loc="left") == "Total"
    with pytest.raises(OptionError, match="this picture has 3 panels; ax= must be a sequence of 3 Axes"):
        sh.maps.moderation(model, "x", "m", at={"v": 1.0}, ax=axes)


def test_the_same_figure_is_the_same_file(table):
    model = fit(table, "y ~ x * m")
    one, two = (sh.maps.png(sh.maps.moderation(model, "x", "m"), 50) for _ in range(2))
    assert one == two


def test_what_cannot_be_drawn(table):
    model = fit(table, "y ~ x * m + z")
    with pytest.raises(OptionError, match=r"0 effects of 'z'.*It moderates x"):
        sh.maps.moderation(model, "z", "m")
    with pytest.raises(OptionError, match="in no interaction"):
        sh.maps.moderation(model, "x", "z")
    with pytest.raises(OptionError, match="'direct', 'indirect', 'total'"):
        sh.maps.moderation(model, "x", "m", effects=["long"])
    with pytest.raises(OptionError, match="Give values, such as"):
        sh.maps.moderation(fit(table[["y", "x", "m"]].copy(), "y ~ x + x:m"), "x", "m")
    with pytest.raises(NotFittedError):
        sh.maps.moderation(sh.SLX(W), "x", "m", [0, 1])


def test_observed_values_may_be_given(table):
    model = fit(table, "y ~ x + x:m")
    axes = sh.maps.moderation(model, "x", "m", observed=table["m"], effects="direct")[0]
    assert len(axes.patches) == 30


def said(panels):
    return " ".join(text.get_text() for text in panels[0].figure.texts)


def test_says_what_other_moderators_are_held_at(table):
    model = fit(table, "y ~ x * m + x:v + z")
    assert "At v = 0.5." in said(sh.maps.moderation(model, "x", "m", at={"v": 0.5, "x": 2}))
    panels = sh.maps.moderation(model, "x", "m", at={"v": 0.5}, title="Mine", note="My data")
    assert said(panels) == "Mine At v = 0.5. My data"
    axes = new_figure(3, 3).add_subplot()
    sh.maps.moderation(model, "x", "m", effects="total", at={"v": 0.5}, ax=axes)
    assert axes.get_xlabel() == "m\n(at v = 0.5)"


def test_a_long_title_stays_within_the_figure(table):
    table = table.rename(columns={"x": "physicians_a_thousand", "m": "share_of_digital_diagnosis"})
    model = fit(table, "y ~ physicians_a_thousand * share_of_digital_diagnosis")
    for effects in ("total", ("direct", "total")):
        panels = sh.maps.moderation(
            model, "physicians_a_thousand", "share_of_digital_diagnosis", effects=effects
        )
        figure = panels[0].figure
        box = figure.texts[0].get_window_extent(figure.canvas.get_renderer())
        assert box.x1 < figure.bbox.x1
        panel = figure.axes[0].get_tightbbox(figure.canvas.get_renderer())
        assert panel.y1 < box.y0


def test_two_levels_are_points_whatever_they_are_called(table):
    table = table.assign(port=(table["m"] > table["m"].mean()).astype(int))
    for formula, name in [
        ("y ~ x + x:C(port)", "port"),
        ("y ~ x + x:C(port)", "C(port)"),
        ("y ~ x + x:port", "port"),
    ]:
        model = fit(table, formula)
        axes = sh.maps.moderation(model, "x", name, effects=["direct"])[0]
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0", "1"]
        expected = model.impacts(at={name: [0, 1]})
        rows = [expected.variables.index(f"x [{name}={level}]") for level in (0, 1)]
        np.testing.assert_allclose(axes.containers[0].lines[0].get_ydata(), expected.estimates[rows, 0])


def test_the_range_comes_from_the_table_while_it_is_there(table):
    model = fit(table, "y ~ x + x:v")
    axes = sh.maps.moderation(model, "x", "v", effects="direct")[0]
    np.testing.assert_allclose(lines(axes)[[0, -1], 0], [table["v"].min(), table["v"].max()])


def test_misspelt_names(table):
    table = table.rename(columns={"x": "tertiary", "m": "digital"})
    model = fit(table, "y ~ tertiary * digital")
    with pytest.raises(OptionError, match="Did you mean 'digital'"):
        sh.maps.moderation(model, "tertiary", "digitl")
    with pytest.raises(OptionError, match="Did you mean 'tertiary'"):
        sh.maps.moderation(model, "tertary", "digital")
    with pytest.raises(OptionError, match="in no interaction"):
        sh.maps.moderation(fit(table, "y ~ tertiary + digital"), "tertiary", "digital")
