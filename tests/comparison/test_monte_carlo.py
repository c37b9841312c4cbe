"""Monte Carlo: what it reports is what the estimates are, beside a truth computed by brute force."""

from __future__ import annotations

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth.errors import (
    AlignmentError,
    CheckpointError,
    ConvergenceError,
    OptionError,
    SpecificationWarning,
)
from tests import brute, small
from tests.refusal import refusal

DESIGN = {"n_units": 25, "n_periods": 5, "model": "SDM", "rho": 0.5, "effects": "entity"}
MODELS = {"SAR": sh.SpatialLag(effects="entity"), "SDM": sh.SpatialDurbin(effects="entity")}


@pytest.fixture(scope="module")
def found():
    return sh.monte_carlo(MODELS, 40, level=0.9, random_state=3, **DESIGN)


def test_the_figures_are_those_of_the_estimates(found):
    seeds = np.random.SeedSequence(3).spawn(40)
    rho, error, effect = [], [], []
    for seed in seeds:
        y, x, ids, W = sh.datasets.simulate(**DESIGN, random_state=np.random.default_rng(seed)).arrays()
        model = sh.SpatialDurbin((ids, W), effects="entity").fit_arrays(y, x)
        rho.append(model.rho_)
        error.append(model.std_errors_["rho"])
        effect.append(model.impacts().estimates[0, 1])
    row = found.table.set_index(["model", "quantity"]).loc[("SDM", "rho")]
    rho, error = np.array(rho), np.array(error)
    miss = rho - 0.5
    inside = np.abs(miss) <= 1.6448536269514722 * error
    expected = {
        "truth": 0.5, "mean": rho.mean(), "bias": miss.mean(), "bias_se": rho.std(ddof=1) / np.sqrt(40),
        "rmse": np.sqrt((miss**2).mean()),
        "rmse_se": (miss**2).std(ddof=1) / np.sqrt(40) / 2 / np.sqrt((miss**2).mean()),
        "std_deviation": rho.std(ddof=1), "std_deviation_se": rho.std(ddof=1) / np.sqrt(78),
        "mean_std_error": error.mean(), "coverage": inside.mean(),
        "coverage_se": np.sqrt(inside.mean() * (1 - inside.mean()) / 40), "replications": 40, "failed": 0,
    }  # fmt: skip
    assert list(row.index) == list(expected)
    np.testing.assert_allclose(row.astype(float), list(expected.values()), rtol=1e-8)
    mean = found.table.set_index(["model", "quantity"]).loc[("SDM", "indirect: x1"), "mean"]
    assert mean == pytest.approx(np.mean(effect), rel=1e-8)


def test_the_truth_of_the_effects_is_that_of_brute_force(found):
    simulation = sh.datasets.simulate(**DESIGN, random_state=0)
    W = simulation.arrays()[3].toarray()
    table = found.table.set_index(["model", "quantity"])["truth"]
    for model in MODELS:
        for name, beta, theta in (("x1", 1.0, 0.5), ("x2", -0.5, -0.25)):
            exact = brute.mean_effects(W, 0.5, beta, theta)
            for effect, value in zip(("direct", "indirect", "total"), exact, strict=True):
                assert table[model, f"{effect}: {name}"] == pytest.approx(value, rel=1e-9)
    # what the simulation does not have is zero
    error = sh.monte_carlo(
        [sh.SpatialDurbin()], 4, random_state=1, n_units=16, n_periods=3, model="SEM", effects="none"
    )
    truth = error.table.set_index("quantity")["truth"]
    assert truth[["W:x1", "rho", "indirect: x1"]].tolist() == [0, 0, 0] and truth["constant"] == 1


def test_a_wrong_model_is_seen(found):
    table = found.table.set_index(["model", "quantity"])
    wrong, right = table.loc[("SAR", "rho")], table.loc[("SDM", "rho")]
    assert wrong["bias"] > 3 * wrong["bias_se"] and wrong["coverage"] < right["coverage"]
    assert abs(right["bias"]) < 4 * right["bias_se"]


def test_neither_jobs_nor_order_nor_folder_change_the_result(found, tmp_path):
    again = sh.monte_carlo(MODELS, 40, level=0.9, n_jobs=2, random_state=3, **DESIGN)
    assert again.table.equals(found.table)
    sh.monte_carlo(MODELS, 15, random_state=3, checkpoint=tmp_path, **DESIGN)
    files = set(tmp_path.glob("*.task"))
    assert len(files) == 15
    longer = sh.monte_carlo(MODELS, 40, level=0.9, random_state=3, checkpoint=tmp_path, **DESIGN)
    assert longer.table.equals(found.table) and len(set(tmp_path.glob("*.task")) - files) == 25
    with refusal(CheckpointError, "differ in the simulation"):
        sh.monte_carlo(MODELS, 15, random_state=3, checkpoint=tmp_path, **DESIGN | {"rho": 0.1})
    with refusal(OptionError, "monte_carlo: with checkpoint=, give a random_state"):
        sh.monte_carlo(MODELS, 15, checkpoint=tmp_path, **DESIGN)


def test_other_weights_than_those_of_the_simulation_are_aligned_by_label():
    units, W = small.ids(12), small.lattice(3, 4)
    turned = np.random.default_rng(0).permutation(12)
    own = ([units[j] for j in turned], W[turned][:, turned])
    options = {"random_state": 2, "weights": (units, W), "n_periods": 4, "effects": "none"}
    plain = sh.monte_carlo([sh.SpatialLag()], 6, **options).table
    same = sh.monte_carlo([sh.SpatialLag(own)], 6, **options).table
    np.testing.assert_allclose(plain["mean"], same["mean"], rtol=1e-7)
    with refusal(AlignmentError, "the weights of SpatialLag have other units"):
        sh.monte_carlo([sh.SpatialLag((small.ids(9), small.lattice(3, 3)))], 6, **options)


def test_panels_without_an_estimate_are_counted_and_said(monkeypatch):
    real, calls = sh.SpatialLag.fit_arrays, []

    def fit_arrays(self, *arguments, **options):
        calls.append(1)
        if len(calls) % every == 0:
            raise ConvergenceError("no maximum")
        return real(self, *arguments, **options)

    monkeypatch.setattr(sh.SpatialLag, "fit_arrays", fit_arrays)
    every = 5
    with pytest.warns(SpecificationWarning, match="could not be fitted to 2 of 10 simulated panels"):
        found = sh.monte_carlo({"SAR": sh.SpatialLag()}, 10, random_state=0, n_units=9, n_periods=3)
    assert found.table["failed"].eq(2).all() and found.table["replications"].eq(8).all()
    assert "SAR: FAILED on 2 panels" in str(found)
    every = 1
    with refusal(ConvergenceError, "monte_carlo: 'SAR' could be fitted to 0 of 10"):
        sh.monte_carlo({"SAR": sh.SpatialLag()}, 10, random_state=0, n_units=9, n_periods=3)


def test_the_engine_is_built_once_for_all_replications(monkeypatch):
    from spatialhealth.operator import operator as operators

    built, real = [], operators.engine
    monkeypatch.setattr(operators, "engine", lambda *arguments: built.append(1) or real(*arguments))
    sh.monte_carlo(MODELS, 5, random_state=0, **DESIGN)
    assert len(built) == 2  # for the fits of all models, and for the truth


def test_refusals():
    with refusal(OptionError, "replications=1 has no spread"):
        sh.monte_carlo(MODELS, 1)
    with refusal(OptionError, "monte_carlo:", "'units'", "arguments of datasets.simulate"):
        sh.monte_carlo(MODELS, 5, units=9)
    with refusal(OptionError, "simulate: model='SDN'"):
        sh.monte_carlo(MODELS, 5, model="SDN")
    with refusal(OptionError, "monte_carlo: 'SAR' is int"):
        sh.monte_carlo({"SAR": 1}, 5)


def test_it_shows_itself(found):
    text = str(found)
    assert text.startswith("40 simulated panels: model SDM, effects entity, errors normal")
    assert "Coverage of intervals at 90%. All data are simulated." in text
    assert repr(found) == "<MonteCarlo of 2 models, 40 replications: SAR, SDM>"
    assert "<table>" in found._repr_html_() and found.to_frame().equals(found.table)
