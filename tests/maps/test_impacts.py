"""Three maps of the effects of one regressor."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import AlignmentError, LabelError, OptionError


@pytest.fixture(scope="module")
def fitted():
    panel = sh.datasets.load_cigarettes()
    states = sh.datasets.load_states().loc[panel.index.unique("state")]
    model = sh.SpatialDurbin(weights=sh.weights.contiguity(states), effects="two-way")
    model.fit_formula("log(sales) ~ log(price / cpi) + log(ndi / cpi)", panel)
    return states, model.impacts()


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.SpatialHealthWarning")
def test_a_panel_with_holes_is_told_to_take_a_mean(fitted):
    states, _ = fitted
    panel = sh.datasets.load_cigarettes().drop(("Ohio", 70))
    model = sh.SpatialLag(sh.weights.contiguity(states), effects="entity", missing="unbalanced")
    effects = model.fit_formula("log(sales) ~ log(price / cpi)", panel).impacts()
    with pytest.raises(LabelError, match=r"local=effects\.local\('log\(price / cpi\)'\)\.groupby\(level=0\)"):
        sh.maps.impacts(states, effects, "log(price / cpi)")
    mean = effects.local("log(price / cpi)").groupby(level=0).mean()
    assert len(sh.maps.impacts(states, effects, "log(price / cpi)", local=mean)) == 3


def test_the_panels_show_own_received_and_emitted(fitted):
    states, effects = fitted
    panels = sh.maps.impacts(states, effects, "log(price / cpi)", k=3)
    said = [text.get_text() for text in panels[0].figure.texts]
    assert [ax.get_title(loc="left") for ax in panels] == ["Own", "Received", "Emitted"]
    assert "Effects of log(price / cpi) on log(sales), unit by unit" in said
    own, received, emitted = ([text.get_text() for text in ax.get_legend().get_texts()] for ax in panels)
    limits = [[text.split("  (")[0] for text in panel] for panel in (own, received, emitted)]
    assert limits[1] == limits[2] != limits[0]
    for panel in (own, received, emitted):
        panel = [text for text in panel if not text.startswith("interval")]
        assert sum(int(text.split("(")[1].rstrip(")")) for text in panel) == len(states)


def test_rows_of_the_frame_may_stand_in_any_order(fitted):
    states, effects = fitted
    figure = sh.maps.impacts(states, effects, "log(price / cpi)")
    turned = sh.maps.impacts(states[::-1], effects, "log(price / cpi)")
    there = figure[0].collections[0].get_facecolor()
    back = turned[0].collections[0].get_facecolor()
    np.testing.assert_array_equal(there, back[::-1])


def test_a_regressor_or_a_unit_that_is_not_there_is_named(fitted):
    states, effects = fitted
    with pytest.raises(OptionError, match=r"log\(ndi / cpi\)"):
        sh.maps.impacts(states, effects, "ndi")
    with pytest.raises(AlignmentError, match="'Ohio'"):
        sh.maps.impacts(states.drop("Ohio"), effects, "log(price / cpi)")


def test_effects_from_simulated_data_are_called_so():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(sh.weights.contiguity(cities), effects="two-way")
    model.fit_formula("log(inflow) ~ log(tertiary)", panel)
    assert "Data" in model.summary().facts
    assert model.summary().facts["Data"] == "simulated"
    figure = sh.maps.impacts(cities, model.impacts(), "log(tertiary)")
    assert any(text.get_text().startswith("Simulated data.") for text in figure[0].figure.texts)
    named = model.fit(panel[["tertiary"]].assign(tertiary=1.0 * panel["tertiary"]), panel["inflow"])
    assert named.result_.source == "simulated"


def test_the_horizon_of_a_dynamic_model_is_in_the_title():
    cities, panel = sh.datasets.load_cities(), sh.datasets.load_panel()
    model = sh.SpatialDurbin(sh.weights.contiguity(cities), effects="two-way", dynamic="time")
    effects = model.fit_formula("log(inflow) ~ log(tertiary) * digital", panel).impacts()
    for given, run in [(effects, "short"), (effects.short_run, "short"), (effects.long_run, "long")]:
        said = [text.get_text() for text in sh.maps.impacts(cities, given, "log(tertiary)")[0].figure.texts]
        assert f"Effects of log(tertiary) on log(inflow) in the {run} run, unit by unit" in said
    title = sh.maps.moderation(model, "log(tertiary)", "digital")[0].figure.texts[0].get_text()
    assert title == "Effects of log(tertiary) on log(inflow) in the short run by digital"
