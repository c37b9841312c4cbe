"""Posterior probabilities: SDPDmod's published figures, invariances, simulated truths, refusals."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
from scipy.special import betaln, gammaln, softmax

import spatialhealth as sh
from spatialhealth.errors import OptionError, PriorWarning
from tests import small
from tests.refusal import refusal

PUBLISHED = json.loads((Path(__file__).parents[1] / "reference" / "sdpdmod_posteriors.json").read_text())
FORMULA = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
MODELS = ("OLS", "SLX", "SAR", "SDM", "SEM", "SDEM")
CASES = {"individual__uniform": ("entity", "uniform"), "twoways__beta": ("two-way", "beta")}
INCREMENT = 1e-3  # of blmpSDPD's grid


@pytest.fixture(scope="module")
def cigarettes():
    panel = sh.datasets.load_cigarettes()
    states = sh.datasets.load_states().loc[panel.index.unique("state")]
    return panel, sh.weights.contiguity(states)


def grid_version(panel, graph, effects, prior, lag_first=False):
    """blmpSDPD as it is written, on its grid: the abscissae, and the logarithms of the integrands.

    It lags what is demeaned, W demean(y); `lag_first` takes demean(W y).
    """
    operator = sh.SpatialOperator(graph)
    W = operator.matrix.toarray()
    wide = {
        name: values.unstack("year").loc[operator.ids].to_numpy().T
        for name, values in {
            "y": np.log(panel["sales"]),
            "p": np.log(panel["price"] / panel["cpi"]),
            "i": np.log(panel["ndi"] / panel["cpi"]),
        }.items()
    }
    T, n = wide["y"].shape

    def demean(v):
        v = v - v.mean(axis=0)
        return v - v.mean(axis=1, keepdims=True) if effects == "two-way" else v

    whole = np.stack([wide["y"], wide["p"], wide["i"]])
    columns = [np.stack([demean(each) for each in whole])]
    for _ in range(2):
        whole = whole @ W.T
        columns.append(np.stack([demean(each) for each in whole]) if lag_first else columns[-1] @ W.T)
    (y, Wy), (X, WX, WWX) = [c[0] for c in columns[:2]], [np.moveaxis(c[1:], 0, 2) for c in columns]
    roots = np.linalg.eigvals(W)
    low, high = (1 / roots.real.min(), 1.0) if prior == "uniform" else (-1.0, 1.0)
    rho = np.arange(low + INCREMENT, high - INCREMENT + 1e-12, INCREMENT)
    log_prior = np.full(len(rho), -np.log(high - low))
    if prior == "beta":
        log_prior = 0.01 * np.log1p(-(rho**2)) - 1.02 * np.log(2) - betaln(1.01, 1.01)
    lost = n + (T - 1 if effects == "two-way" else 0)
    found = {}
    for model in MODELS:
        durbin, error = model in ("SLX", "SDM", "SDEM"), model in ("SEM", "SDEM")
        Z = (np.concatenate([X, WX], axis=2) if durbin else X).reshape(n * T, -1)
        WZ = (np.concatenate([WX, WWX], axis=2) if durbin else WX).reshape(n * T, -1)
        a = (n * T - Z.shape[1] - lost) / 2

        def kernel(r, Z=Z, WZ=WZ, a=a, error=error):
            z, e = Z - r * WZ * error, (y - r * Wy).reshape(-1)
            left = e - z @ np.linalg.lstsq(z, e, rcond=None)[0]
            return (
                gammaln(a)
                - a * np.log(2 * np.pi)
                - np.linalg.slogdet(z.T @ z)[1] / 2
                - a * np.log(left @ left)
            )

        if model in ("OLS", "SLX"):
            found[model] = kernel(0.0)
        else:
            logdet = np.log(np.abs(1 - rho[:, None] * roots)).sum(axis=1)
            found[model] = np.array([kernel(r) for r in rho]) + T * logdet + log_prior
    return rho, found


@pytest.fixture(scope="module", params=CASES)
def case(request, cigarettes):
    effects, prior = CASES[request.param]
    return PUBLISHED[request.param], effects, prior


def stieltjes(rho, logs):
    """What blmpSDPD adds to the highest value in place of the logarithm of the integral: the integral of rho df."""
    f = np.exp(logs - logs.max())
    return logs.max() + float(((rho[1:] + rho[:-1]) * np.diff(f) / 2).sum())


def test_the_published_figures_follow_from_the_grid(case, cigarettes):
    published, effects, prior = case
    rho, found = grid_version(*cigarettes, effects, prior)
    values = {m: v if np.ndim(v) == 0 else stieltjes(rho, v) for m, v in found.items()}
    for model, value in values.items():
        # published with seven digits
        assert value == pytest.approx(
            published["log_marginal"][model.lower()], abs=1.1e-3 if value > 1e3 else 1e-4
        )
    for model, share in zip(values, softmax(list(values.values())), strict=True):
        assert share == pytest.approx(published["probability"][model.lower()], abs=5.1e-5)


def test_ours_is_the_same_integral_with_its_logarithm(case, cigarettes):
    published, effects, prior = case
    _, found = grid_version(*cigarettes, effects, prior, lag_first=True)
    with pytest.warns(PriorWarning):
        ours = sh.model_probabilities(
            FORMULA, *cigarettes, MODELS, effects=effects, coefficients="diffuse", prior=prior, correction="none",
            interval=(-1, 1) if prior == "beta" else None,
        )  # fmt: skip
    for row in ours.rows:
        logs = found[row.model]
        f = 0.0 if np.ndim(logs) == 0 else np.exp(logs - logs.max())
        trapezium = (
            logs if np.ndim(logs) == 0 else logs.max() + np.log(((f[1:] + f[:-1]) / 2).sum() * INCREMENT)
        )
        # the densities die out inside the grid, where the trapezoidal rule is exact to rounding
        assert row.log_marginal == pytest.approx(float(trapezium), abs=1e-9)
    # with entity effects probabilities are those published; with two-way effects W demean(y) moves them a little
    tolerance = 5.1e-5 if effects == "entity" else 1e-2
    for row, share in zip(ours.rows, ours.probabilities, strict=True):
        assert share == pytest.approx(published["probability"][row.model.lower()], abs=tolerance)


def simulated(model, weights, seed, effects="none", n_periods=6, **options):
    return sh.datasets.simulate(
        n_periods=n_periods,
        beta=(1.0, -0.5),
        weights=weights,
        model=model,
        effects=effects,
        random_state=seed,
        **options,
    )


def rings(n, reach):
    """Row-standardised W of a ring: the `reach` next units on either side."""
    W = sum(np.roll(np.eye(n), step, axis=1) for step in range(-reach, reach + 1) if step)
    return small.ids(n), sp.csr_matrix(W / W.sum(axis=1, keepdims=True))


CANDIDATES = {"near": rings(40, 1), "wide": rings(40, 4)}


@pytest.mark.parametrize("model", ["SAR", "SDM", "SEM", "SDEM"])
def test_the_true_model_and_the_true_weights_are_found_mostly(model):
    """Twelve panels: the true W nearly always, the true model in most."""
    # SDM and SDEM differ little where the spillovers do; and theta in proportion to beta would be near a SAR
    options = {"theta": (-0.5, 0.8), "n_periods": 15} if model in ("SDM", "SDEM") else {}
    options |= {"lambda_": 0.6} if model in ("SEM", "SDEM") else {}
    picked = []
    for seed in range(12):
        data = simulated(model, CANDIDATES["near"], seed, **options).data
        found = sh.model_probabilities("y ~ x1 + x2", data, CANDIDATES)
        picked.append((found.best.weights, found.best.model))
    assert sum(weights == "near" for weights, _ in picked) >= 11
    assert sum(chosen == model for _, chosen in picked) >= 9


@pytest.mark.parametrize("effects", ["none", "entity", "two-way"])
def test_units_of_measurement_do_not_matter(effects):
    data = simulated("SAR", CANDIDATES["near"], 1, effects).data
    one = sh.model_probabilities("y ~ x1 + x2", data, CANDIDATES, MODELS, effects=effects)
    other = data.assign(y=1e3 * data["y"] + 7, x1=data["x1"] / 1e4, x2=data["x2"] * 12 - 5)
    two = sh.model_probabilities("y ~ x1 + x2", other, CANDIDATES, MODELS, effects=effects)
    assert two.probabilities == pytest.approx(one.probabilities, abs=1e-9)
    assert [row.mean for row in two.rows] == pytest.approx(
        [row.mean for row in one.rows], abs=1e-9, nan_ok=True
    )


def test_with_diffuse_coefficients_they_do_and_a_warning_says_so():
    data = simulated("SAR", CANDIDATES["near"], 1).data

    def probabilities(frame, models):
        return sh.model_probabilities(
            "y ~ x1 + x2", frame, CANDIDATES["near"], models, coefficients="diffuse"
        ).probabilities

    scaled = data.assign(x1=data["x1"] * 1e3)
    with pytest.warns(PriorWarning, match="models with 3, 5 coefficients"):
        before = probabilities(data, ("SAR", "SDM"))[0]
    with pytest.warns(PriorWarning):
        after = probabilities(scaled, ("SAR", "SDM"))[0]
    # odds move by the scale of one regressor, for the one coefficient more that it has in SDM
    odds = [share / (1 - share) for share in (before, after)]
    assert odds[1] / odds[0] == pytest.approx(1e3, rel=1e-6)
    # among models with the same coefficients units do not matter, and there is no warning
    same = [probabilities(frame, ("SDM", "SDEM")) for frame in (data, scaled)]
    assert same[0] == pytest.approx(same[1], abs=1e-9)


def test_labels_and_order_do_not_matter():
    data = simulated("SDM", CANDIDATES["near"], 2).data
    one = sh.model_probabilities("y ~ x1 + x2", data, CANDIDATES["wide"])
    names, W = CANDIDATES["wide"]
    order = np.random.default_rng(0).permutation(len(names))
    renamed = {name: f"city {j}" for j, name in enumerate(names)}
    shuffled = ([renamed[names[j]] for j in order], W[order][:, order])
    frame = data.rename(index=renamed, level=0).sample(frac=1, random_state=0)
    two = sh.model_probabilities("y ~ x1 + x2", frame, shuffled)
    assert two.log_marginals == pytest.approx(one.log_marginals, abs=1e-8)


def test_the_table_sums_and_the_parts_agree(cigarettes):
    panel, W = cigarettes
    found = sh.model_probabilities(FORMULA, panel, {"queen": W, "same": W}, MODELS, effects="two-way")
    table = found.table
    assert list(table) == [
        "weights", "model", "log_marginal", "probability", "coefficients", "parameter", "mean", "std",
    ]  # fmt: skip
    assert table["probability"].sum() == pytest.approx(1, abs=1e-12)
    assert (table["model"] == "OLS").sum() == 1, "a model without W is there once"
    assert sum(found.by_model.values()) == pytest.approx(1, abs=1e-12)
    assert found.by_weights["queen"] == pytest.approx(found.by_weights["same"], abs=1e-12)
    assert list(table["coefficients"][:6]) == [2, 4, 2, 4, 2, 4]
    assert found.to_frame().equals(table)
    # the posterior of rho lies where the likelihood does; both are symmetric to within a tenth of an error
    fitted = sh.SpatialDurbin(W, effects="two-way").fit_formula(FORMULA, panel)
    row = found.rows[[r.model for r in found.rows].index("SDM")]
    assert row.mean == pytest.approx(fitted.rho_, abs=0.1 * fitted.std_errors_["rho"])
    assert row.std == pytest.approx(fitted.std_errors_["rho"], rel=0.02)


def test_engines_of_the_log_determinant_agree(cigarettes):
    panel, W = cigarettes
    by = [
        sh.model_probabilities(FORMULA, panel, W, effects="two-way", logdet=name) for name in ("eigen", "lu")
    ]
    assert by[0].log_marginals == pytest.approx(by[1].log_marginals, abs=1e-8)


def test_it_shows_itself(cigarettes):
    found = sh.model_probabilities(FORMULA, cigarettes[0], {"queen": cigarettes[1]}, effects="two-way")
    text = str(found)
    for part in (
        "Posterior model probabilities for log(sales)",
        "SDEM",
        "By model: SAR",
        "two-way, transformed away",
    ):
        assert part in text
    assert repr(found) == "<ModelProbabilities of 4 models, highest: SEM queen>"
    assert "<table>" in found._repr_html_() and r"\toprule" in found.to_latex()
    assert found.to_latex().count(r"\\") == 6


def test_isolates_are_named():
    W = np.zeros((6, 6))
    W[:4, :4] = small.lattice(2, 2)
    data = simulated("SAR", rings(6, 1), 0).data
    found = sh.model_probabilities("y ~ x1", data, {"few": (small.ids(6), W)})
    assert "Isolates: few 2 ('u04', 'u05')" in str(found)


def test_refusals(cigarettes):
    panel, W = cigarettes

    def ask(**options):
        return sh.model_probabilities(FORMULA, panel, options.pop("weights", W), **options)

    with refusal(OptionError, "models='SAC'", "'SDEM'"):
        ask(models=["SAC"])
    with refusal(OptionError, "each model once"):
        ask(models=["SAR", "SAR"])
    with refusal(OptionError, "each model once"):
        ask(models=[])
    with refusal(OptionError, "durbin=False"):
        ask(durbin=False)
    with refusal(OptionError, "coefficients='flat'", "'diffuse'"):
        ask(coefficients="flat")
    with refusal(OptionError, "effects='random'", "compare"):
        ask(effects="random")
    with refusal(OptionError, "prior='normal'"):
        ask(prior="normal")
    with refusal(OptionError, "shape=0"):
        ask(prior="beta", shape=0)
    with refusal(OptionError, "(-3, 1)", "admissible interval"):
        ask(interval=(-3, 1))
    with refusal(OptionError, "its lower end first"):
        ask(interval=(0.5, 0.1))
    with refusal(OptionError, "two numbers"):
        ask(interval="wide")
    with refusal(OptionError, "weights is empty"):
        ask(weights={})


def test_time_effects_with_weights_that_change_a_constant(cigarettes):
    panel, W = cigarettes
    operator = sh.SpatialOperator(W)
    halved = {"queen": (operator.ids, operator.matrix / 2)}
    with refusal(OptionError, "the rows of the W 'queen' do not sum to one", "correction='none'") as caught:
        sh.model_probabilities(FORMULA, panel, halved, effects="two-way")
    assert caught.value.__notes__ == ["with the weights 'queen'"]
    with refusal(OptionError, "SEM and SDEM", "leave SEM and SDEM out"):
        sh.model_probabilities(FORMULA, panel, halved, effects="two-way", correction="none")
    found = sh.model_probabilities(
        FORMULA, panel, halved, ("OLS", "SLX", "SAR", "SDM"), effects="two-way", correction="none"
    )
    assert found.probabilities.sum() == pytest.approx(1)


def test_one_regressor_and_a_cross_section():
    data = simulated("SAR", CANDIDATES["near"], 3, n_periods=1).data.droplevel(1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = sh.model_probabilities("y ~ x1 - 1", data, CANDIDATES, "SAR")
    assert isinstance(found.table, pd.DataFrame) and len(found.rows) == 2
    assert found.rows[0].coefficients == 1


def test_the_way_out_of_isolates_is_the_way_out():
    W = np.zeros((6, 6))
    W[:4, :4] = small.lattice(2, 2)
    weights = {"all": rings(6, 1), "few": (small.ids(6), W)}
    data = simulated("SAR", rings(6, 1), 0).data

    def ask(**options):
        return sh.model_probabilities("y ~ x1", data, weights, effects="two-way", **options)

    with refusal(
        OptionError, "2 units have no neighbour in the W 'few'", "['SAR', 'SDM'] and correction='none'"
    ):
        ask()
    with refusal(OptionError, "in the W 'few'", "leave SEM and SDEM out with models=['SAR', 'SDM']"):
        ask(correction="none")
    assert len(ask(models=["SAR", "SDM"], correction="none").table) == 4
