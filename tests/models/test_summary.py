"""What a summary says, in text, HTML and LaTeX."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import spatialhealth as sh
from tests import small
from tests.cases import ESTIMATORS

TITLES = {
    sh.SLX: "SLX model",
    sh.SpatialLag: "Spatial lag model (SAR)",
    sh.SpatialDurbin: "Spatial Durbin model (SDM)",
    sh.SpatialError: "Spatial error model (SEM)",
    sh.SpatialDurbinError: "Spatial Durbin error model (SDEM)",
    sh.SpatialCombined: "Spatial lag and error model (SAC)",
    sh.GeneralNesting: "General nesting spatial model (GNS)",
}
every_estimator = pytest.mark.parametrize("estimator", ESTIMATORS, ids=lambda e: e.__name__)

ODD = {"x": "beds & <b>doctors</b>_100%", "z": "cost_$#{a}^2~\\"}


def fact(text, label):
    """What stands beside a label."""
    return re.search(rf"^{re.escape(label)}\s\s+(.+)$", text, re.MULTILINE).group(1)


@every_estimator
@pytest.mark.parametrize("effects", ["none", "two-way"])
def test_facts(estimator, effects, weights, X, y):
    model = estimator(weights, effects=effects).fit(X, y)
    text = str(model.summary())
    assert fact(text, "Units (n)") == "12" and fact(text, "Periods (T)") == "6"
    assert fact(text, "Effects").startswith(effects)
    assert fact(text, "Likelihood of") == ("72 observations" if effects == "none" else "55 observations")
    assert fact(text, "Weights") == "34 links, row-standardised"
    assert fact(text, "Isolates") == "0"
    assert float(fact(text, "Log-likelihood")) == pytest.approx(model.loglik_, abs=1e-4)
    assert float(fact(text, "AIC")) == pytest.approx(model.aic_, abs=1e-3)
    assert float(fact(text, "BIC")) == pytest.approx(model.bic_, abs=1e-3)
    assert float(fact(text, "sigma2")) == pytest.approx(model.sigma2_, rel=1e-5)
    value, definition = fact(text, "Pseudo R2").split(" ", 1)
    assert float(value) == pytest.approx(model.pseudo_r2_, abs=1e-4)
    assert "squared correlation of outcome and reduced form" in definition
    assert ("effects out" in definition) is (effects != "none")


@every_estimator
def test_title_and_note(estimator, weights, X, y):
    text = str(estimator(weights).fit(X, y).summary())
    assert text.startswith(f"{TITLES[estimator]} of y")
    assert "Intervals at 95%." in text and "impacts()" in text
    model = estimator(weights).fit(X, y).result_
    assert ("Coefficients of a model with W y are not effects" in text) is model.has_lag
    spans = ", ".join(f"{name} in (-1.000, 1.000)" for name in model.spatial_names)
    assert ("Log-determinant" in text) is bool(spans)
    if spans:
        assert fact(text, "Log-determinant") == f"eigen (exact), {spans}"
        assert fact(text, "Covariance") == "observed information"


def test_a_model_of_ones_own_has_its_own_title(weights, X, y):
    class Mine(sh.SpatialDurbin):
        pass

    assert str(Mine(weights).fit(X, y).summary()).startswith("Mine of y")


def test_information_criteria_count_what_is_estimated(weights, X, y):
    model = sh.SpatialDurbin(weights).fit(X, y)
    assert model.aic_ == pytest.approx(2 * 7 - 2 * model.loglik_)  # 5 coefficients, rho, sigma2
    assert model.bic_ == pytest.approx(7 * np.log(72) - 2 * model.loglik_)
    plain = sh.SpatialDurbin(weights, effects="entity", correction="none").fit(X, y)
    assert plain.aic_ == pytest.approx(2 * (6 + 12) - 2 * plain.loglik_)
    corrected = sh.SpatialDurbin(weights, effects="entity").fit(X, y)
    assert corrected.aic_ == pytest.approx(2 * 6 - 2 * corrected.loglik_)
    assert corrected.bic_ == pytest.approx(6 * np.log(60) - 2 * corrected.loglik_)


def test_isolates_are_counted_and_named(X, y):
    W = small.lattice(3, 4)
    W[0], W[:, 0], W[11], W[:, 11] = 0.0, 0.0, 0.0, 0.0
    with pytest.warns(sh.errors.IsolateWarning):
        model = sh.SLX((small.ids(12), W)).fit(X, y)
    text = str(model.summary())
    assert fact(text, "Isolates") == "2 ('u00', 'u11')"
    assert "not row-standardised" in fact(text, "Weights")


@every_estimator
def test_frame(estimator, weights, X, y):
    model = estimator(weights).fit(X, y)
    frame = model.summary(level=0.9).to_frame()
    assert frame.columns.tolist() == ["estimate", "std_error", "z", "p_value", "ci_low", "ci_high"]
    assert frame.index.tolist() == model.params_.index.tolist() and frame.index.name == "parameter"
    np.testing.assert_array_equal(frame["estimate"], model.params_)
    np.testing.assert_array_equal(frame["std_error"], model.std_errors_)
    np.testing.assert_allclose(frame["z"], model.params_ / model.std_errors_)
    np.testing.assert_allclose(frame["p_value"], 2 * stats.norm.sf(frame["z"].abs()), rtol=1e-9)
    half = stats.norm.ppf(0.95) * model.std_errors_
    np.testing.assert_allclose(frame["ci_low"], model.params_ - half)
    np.testing.assert_allclose(frame["ci_high"], model.params_ + half)


def test_numbers_in_the_text_are_those_of_the_frame(weights, X, y):
    summary = sh.SpatialDurbin(weights).fit(X, y).summary()
    text, frame = str(summary), summary.to_frame()
    for name, row in frame.iterrows():
        cells = next(line for line in text.splitlines() if line.startswith(f"{name} ")).split()
        assert float(cells[1]) == pytest.approx(row["estimate"], abs=5e-5)
        assert float(cells[2]) == pytest.approx(row["std_error"], abs=5e-5)
        assert float(cells[3]) == pytest.approx(row["z"], abs=5e-3)
        assert cells[4] == ("<0.001" if row["p_value"] < 0.001 else f"{row['p_value']:.3f}")
    assert repr(summary) == text


@pytest.mark.parametrize("scale", [1e-8, 1e8])
def test_very_small_and_very_large_numbers_stay_readable(scale, weights, X, y):
    summary = sh.SLX(weights).fit(X, y * scale).summary()
    line = next(line for line in str(summary).splitlines() if line.startswith("x "))
    assert float(line.split()[1].replace(",", "")) == pytest.approx(
        summary.to_frame().loc["x", "estimate"], rel=1e-3
    )


@pytest.fixture
def odd(weights, X, y):
    """A summary of columns with awkward names."""
    return sh.SpatialDurbin(weights).fit(X.rename(columns=ODD), y.rename("visits <20%> & more")).summary()


def test_html_escapes_names(odd):
    page = odd._repr_html_()
    assert "beds &amp; &lt;b&gt;doctors&lt;/b&gt;_100%" in page
    assert "visits &lt;20%&gt; &amp; more" in page
    assert "<b>" not in page and "<20%>" not in page
    for tag in ("table", "tr", "td", "th", "thead", "tbody", "h4", "p"):
        assert len(re.findall(rf"<{tag}[ >]", page)) == page.count(f"</{tag}>") > 0
    tables = [row.count("<td") for row in re.findall(r"<tr>.*?</tr>", page)]
    assert tables.count(7) == 6 and "Log-likelihood" in page


def test_latex_is_balanced_and_escaped(odd):
    table = odd.to_latex()
    lines = table.splitlines()
    assert lines[0] == r"\begin{tabular}{lrrrrrr}" and lines[-1] == r"\end{tabular}"
    bare = re.sub(r"\\[{}]", "", table)
    depth = np.cumsum([{"{": 1, "}": -1}.get(c, 0) for c in bare])
    assert depth.min() >= 0 and depth[-1] == 0
    rest = re.sub(r"\\[&%_#${}]", "", re.sub(r"\\\\$", "", table, flags=re.MULTILINE))
    for sign in ("%", "_", "#"):
        assert sign not in rest
    assert r"beds \& \textless{}b\textgreater{}doctors\textless{}/b\textgreater{}\_100\%" in table
    assert rest.count("$") % 2 == 0
    rules = {r"\toprule", r"\midrule", r"\bottomrule", lines[0], lines[-1]}
    for line in (line for line in lines if line not in rules):
        assert line.endswith(r"\\")
        cells = len(re.findall(r"(?<!\\)&", line)) + 1
        assert cells == 7 or (cells == 2 and r"\multicolumn{6}{l}" in line)


def test_latex_says_the_same_as_the_text(weights, X, y):
    summary = sh.SpatialLag(weights).fit(X, y).summary()
    table = summary.to_latex()
    row = next(line for line in table.splitlines() if line.startswith("rho &"))
    estimate = float(row.split("&")[1].replace("$-$", "-"))
    assert estimate == pytest.approx(summary.to_frame().loc["rho", "estimate"], abs=5e-5)
    assert r"Log-likelihood & \multicolumn{6}{l}" in table
    assert isinstance(summary.to_frame(), pd.DataFrame)
