"""The pages on interactions and on groups run, and find what the simulated panel was made with."""

from __future__ import annotations

import numpy as np

import spatialhealth as sh
from tests import brute, pages


def test_the_page_on_interactions_prints_what_it_shows(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    pages.run("interactions")
    printed = " ".join(capsys.readouterr().out.split())
    assert "log(tertiary) [digital=0.5, port_developed=1]" in printed
    assert pages.shown("interactions")
    for shown in pages.shown("interactions"):
        assert " ".join(shown.split()) in printed
    assert (tmp_path / "moderation.png").stat().st_size > 10_000


def test_the_page_on_groups_finds_the_difference_the_panel_was_made_with(capsys):
    names = pages.run("heterogeneity")
    printed = " ".join(capsys.readouterr().out.split())
    assert "Chow (Wald)" in printed and "W:digital [port_developed=1]" in printed
    assert pages.shown("heterogeneity")
    for shown in pages.shown("heterogeneity"):
        assert " ".join(shown.split()) in printed
    # the simulated panel differs by port_developed in the coefficient of log(tertiary)
    assert names["groups"].tests.loc["log(tertiary)", "p_value"] < 1e-6


def test_effects_at_values_are_those_the_panel_was_made_with():
    truth = sh.datasets.load_truth()
    W = sh.weights.contiguity(sh.datasets.load_cities())
    model = sh.SpatialDurbin(W, effects=truth["effects"], durbin=truth["durbin"])
    model.fit_formula(truth["formula"], sh.datasets.load_panel())
    effects = model.impacts(at={"digital": [0, 0.5, 1], "port_developed": [0, 1]})
    dense, true = model.result_.operator.matrix.toarray(), truth["params"]
    for digital in (0, 0.5, 1):
        for port in (0, 1):
            place = effects.variables.index(f"log(tertiary) [digital={digital}, port_developed={port}]")
            beta = 0.6 - 0.2 * digital + 0.15 * port
            expected = brute.mean_effects(dense, true["rho"], beta, true["W:log(tertiary)"])
            z = (effects.estimates[place] - expected) / effects.std_errors[place]
            assert np.abs(z).max() < 3  # one draw of the data: 18 figures of one model, highly correlated
