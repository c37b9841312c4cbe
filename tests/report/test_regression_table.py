"""Models side by side: every number of the table is the model's, in every format, and notes say what it is."""

from __future__ import annotations

import re
import subprocess
from html.parser import HTMLParser
from types import SimpleNamespace

import numpy as np
import pytest

import spatialhealth as sh
from spatialhealth._format import true_minus
from spatialhealth.errors import MissingLibraryError, NotFittedError, OptionError
from spatialhealth.report.grid import p_rounded, rounded
from tests import small
from tests.refusal import refusal

NUMBERS = ["estimate", "std_error", "z", "p_value", "ci_low", "ci_high"]
PANELS = ["Regressors", "Spatial lags of regressors", "Spatial parameters"]


@pytest.fixture(scope="module")
def sample():
    return small.panel(seed=3)


@pytest.fixture(scope="module")
def models(sample):
    """Models with and without rho, lambda, lags, a constant; of one regressor and of two; one pooled."""
    W, data = sample
    return {
        "OLS-like": sh.SLX(weights=W, effects="entity", durbin=["x"]).fit_formula("y ~ x", data),
        "SAR": sh.SpatialLag(weights=W, effects="entity").fit_formula("y ~ z + x", data),
        "SDM": sh.SpatialDurbin(weights=W, effects="two-way").fit_formula("y ~ x + z", data),
        "SEM": sh.SpatialError(weights=W, effects="entity", correction="none").fit_formula("y ~ x", data),
        "SAC": sh.SpatialCombined(weights=W).fit_formula("y ~ x + z", data),
        "SDEM": sh.SpatialDurbinError(weights=W, cov_type="robust").fit_formula("y ~ z", data),
    }


def figure(text):
    """The number in a cell, whatever format it was written for."""
    found = re.search(r"-?\d[\d.,]*(?:e[+-]?\d+)?", text.replace("−", "-").replace("$-$", "-"))
    return float(found[0].replace(",", ""))


def rows_of_html(text):
    class Reader(HTMLParser):
        def __init__(self):
            super().__init__()
            self.rows = []

        def handle_starttag(self, tag, attrs):
            if tag == "tr":
                self.rows.append([])
            if tag in ("td", "th"):
                self.rows[-1].append("")

        def handle_data(self, content):
            if self.rows and self.rows[-1]:
                self.rows[-1][-1] += content

    reader = Reader()
    reader.feed(text)
    return reader.rows


def rows_of_latex(text):
    body = text[text.index(r"\midrule") : text.rindex(r"\bottomrule")]
    lines = [line.removesuffix(r" \\") for line in body.splitlines() if "&" in line]
    plain = [re.sub(r"\\multicolumn\{\d\}\{.\}\{(.*?)\}(?= &|$)", r"\1", line) for line in lines]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", line)] for line in plain]


def rows_of_markdown(text):
    return [
        [cell.strip() for cell in line.strip("|").split(" | ")]
        for line in text.splitlines()[2:]
        if "|" in line
    ]


def test_every_number_is_that_of_its_model(models):
    decimals = 5
    frame = sh.report.table(models, decimals=decimals).to_frame()
    half = 0.5 * 10.0**-decimals * (1 + 1e-9)
    seen = 0
    for name, model in models.items():
        result = model.result_
        lags = {f"W:{x}" for x in result.lagged}
        for term, own in model.to_frame().iterrows():
            panel = PANELS[2] if term in ("rho", "lambda") else PANELS[1] if term in lags else PANELS[0]
            assert abs(figure(frame.at[(panel, term, "estimate"), name]) - own["estimate"]) <= half
            assert abs(figure(frame.at[(panel, term, "bracket"), name]) - own["std_error"]) <= half
            seen += 1
        for label, value in (("LogL", result.loglik), ("AIC", result.aic), ("BIC", result.bic),
                             ("Pseudo R2", result.pseudo_r2)):  # fmt: skip
            assert abs(figure(frame.at[("", label, "fact"), name]) - value) <= half
        assert frame.at[("", "N", "fact"), name] == "12"
        assert frame.at[("", "T", "fact"), name] == "6"
        assert frame.at[("", "Observations", "fact"), name] == "72"
    estimates = frame.xs("estimate", level="kind")
    assert (estimates != "").to_numpy().sum() == seen, "what a model has not is blank"
    assert frame.loc[("", "Model", "fact")].tolist() == ["SLX", "SAR", "SDM", "SEM", "SAC", "SDEM"]
    assert frame.loc[("", "Effects", "fact")].tolist() == [
        "entity",
        "entity",
        "two-way",
        "entity",
        "none",
        "none",
    ]
    assert frame.loc[("", "Correction", "fact")].tolist() == ["Lee-Yu", "Lee-Yu", "Lee-Yu", "none", "", ""]
    assert frame.loc[("", "Covariance", "fact")].tolist() == ["least squares", *["observed"] * 4, "robust"]


def test_rows_stand_by_panel_and_the_constant_is_last_of_its(models):
    frame = sh.report.table(models).to_frame().xs("estimate", level="kind")
    assert frame.index.tolist() == [
        ("Regressors", "x"), ("Regressors", "z"), ("Regressors", "constant"),
        ("Spatial lags of regressors", "W:x"), ("Spatial lags of regressors", "W:z"),
        ("Spatial parameters", "rho"), ("Spatial parameters", "lambda"),
    ]  # fmt: skip
    assert frame.at[("Spatial parameters", "rho"), "SEM"] == ""
    assert frame.at[("Spatial parameters", "lambda"), "SAR"] == ""
    assert frame.at[("Spatial parameters", "lambda"), "SEM"] != ""


@pytest.mark.parametrize("impacts", [False, "below", "beside"])
@pytest.mark.parametrize("brackets", ["se", "ci"])
def test_every_format_says_the_same(models, impacts, brackets):
    some = {name: models[name] for name in (("SDM",) if impacts == "beside" else ("SAR", "SDM"))}
    table = sh.report.table(some, stars=True, impacts=impacts, brackets=brackets)
    shown = [row.cells for row in table.grid.rows]
    wanted = [[str(cell) for cell in cells] for cells in shown]
    html = [row[1:] for row in rows_of_html(table.to_html()) if len(row) == len(shown[0]) + 1]
    assert html[1:] == [[true_minus(text) for text in row] for row in wanted]
    markdown = [row[1:] for row in rows_of_markdown(table.to_markdown()) if not row[0].startswith("**")]
    assert [[re.sub(r"\\(.)", r"\1", cell).removesuffix(" |") for cell in row] for row in markdown] == wanted
    latex = [row[1:] for row in rows_of_latex(table.to_latex())]
    plain = [[re.sub(r"\$|\^\{(\**)\}", r"\1", cell.replace("{,}", ",")) for cell in row] for row in latex]
    assert plain == wanted
    text = str(table)
    for cells in wanted:
        assert re.search(r"\s+".join(re.escape(cell) for cell in cells if cell), text)


def test_digits_are_in_line_in_the_text(models):
    lines = str(sh.report.table({"SDM": models["SDM"]}, stars=True, facts=[])).splitlines()
    rows = [line for line in lines if re.search(r"\d\.\d{3}(\*|\)|$)", line) and "p <" not in line]
    assert len(rows) == 2 * len(models["SDM"].params_)
    assert len({line.rindex(".") for line in rows}) == 1


@pytest.mark.parametrize(
    ("value", "decimals", "text"),
    [
        (0.12345, 3, "0.123"), (0.1235, 3, "0.123"), (0.12351, 3, "0.124"), (-0.5, 0, "-5.0e-01"), (1.5, 0, "2"),
        (2.5, 0, "2"), (1234.5678, 2, "1,234.57"), (0.0, 3, "0.000"), (-0.0, 3, "0.000"), (0.0004999, 3, "5.0e-04"),
        (0.0005001, 3, "0.001"), (-1.23e-7, 3, "-1.2e-07"), (2.5e9, 2, "2.50e+09"), (999999999.4, 0, "999,999,999"),
        (float("nan"), 3, ""),
    ],
)  # fmt: skip
def test_the_rule_of_rounding(value, decimals, text):
    assert rounded(value, decimals) == text


def test_the_rule_of_p_values():
    values = (0.04321, 0.0009999, 0.001, 1.0, 0.0, float("nan"))
    assert [p_rounded(p, 3) for p in values] == ["0.043", "<0.001", "0.001", "1.000", "<0.001", ""]


def test_brackets(models):
    model = models["SDM"]
    own = model.to_frame(level=0.9).loc["W:z"]
    cells = {
        kind: sh.report.table(model, brackets=kind, decimals=4, level=0.9)
        .to_frame()
        .at[(PANELS[1], "W:z", "bracket"), "(1)"]
        for kind in ("se", "z", "t", "p", "ci")
    }
    assert cells == {
        "se": f"({own['std_error']:.4f})",
        "z": f"({own['z']:.4f})",
        "t": f"({own['z']:.4f})",
        "p": f"({own['p_value']:.4f})",
        "ci": f"[{own['ci_low']:.4f}, {own['ci_high']:.4f}]",
    }
    notes = sh.report.table(model, brackets="ci", level=0.9).grid.notes
    assert "90 % confidence intervals in brackets." in notes


def of_p_values(values):
    """A table of effects with the p values asked for."""
    import pandas as pd

    n = len(values)
    columns = {name: np.ones(n) for name in NUMBERS} | {"p_value": values}
    return pd.DataFrame({"variable": [f"v{j}" for j in range(n)], "effect": ["direct"] * n, **columns})


def test_stars_are_for_p_values_below_their_level():
    frame = of_p_values([0.1, 0.0999, 0.05, 0.0499, 0.01, 0.0099, np.nan])
    shown = sh.report.table(frame, stars=True).to_frame().xs("estimate", level="kind")["(1)"]
    assert [text.count("*") for text in shown] == [0, 1, 1, 2, 2, 3, 0]
    own = sh.report.table(frame, stars=(0.05, 0.001))
    assert [text.count("*") for text in own.to_frame().xs("estimate", level="kind")["(1)"]] == [
        0,
        0,
        0,
        1,
        1,
        1,
        0,
    ]
    assert "* p < 0.05, ** p < 0.001." in own.grid.notes
    without = sh.report.table(frame)
    assert "*" not in str(without), "off unless asked for"


def test_effects_below_and_beside_are_those_of_the_model(models):
    model = models["SDM"]
    effects = model.impacts().table.set_index(["effect", "variable"])
    below = sh.report.table(model, impacts=True, decimals=4).to_frame()["(1)"]
    beside = sh.report.table({"SDM": model}, impacts="beside", decimals=4).to_frame()
    for effect in ("direct", "indirect", "total"):
        for name in ("x", "z"):
            own = effects.loc[(effect, name)]
            for cell in (
                below[(f"{effect.capitalize()} effects", name, "estimate")],
                beside.at[("Regressors", name, "estimate"), f"SDM: {effect.capitalize()}"],
            ):
                assert abs(figure(cell) - own["estimate"]) <= 0.5001e-4
            error = beside.at[("Regressors", name, "bracket"), f"SDM: {effect.capitalize()}"]
            assert error == below[(f"{effect.capitalize()} effects", name, "bracket")]
            assert abs(figure(error) - own["std_error"]) <= 0.5001e-4
    assert beside.at[("Spatial parameters", "rho", "estimate"), "SDM: Total"] == ""
    assert beside.at[("", "N", "fact"), "SDM: Direct"] == ""


def test_no_effect_by_construction_is_a_zero_without_error(models):
    for brackets in ("se", "z", "p", "ci"):
        shown = sh.report.table(models["SEM"], impacts=True, brackets=brackets, stars=True).to_frame()["(1)"]
        assert shown[("Indirect effects", "x", "estimate")] == "0.000"
        assert shown[("Indirect effects", "x", "bracket")] == ""


def test_random_effects_and_dynamics_have_panels_of_their_own():
    W, data = small.panel(4, 5, periods=8, seed=3)
    random = sh.SpatialLag(weights=W, effects="random").fit_formula("y ~ x", data)
    dynamic = sh.SpatialLag(weights=W, effects="entity", dynamic="both").fit_formula("y ~ x", data)
    table = sh.report.table({"RE": random, "dynamic": dynamic}, impacts=True)
    frame = table.to_frame()
    kept = frame.xs("estimate", level="kind")
    assert kept.index.tolist()[:6] == [
        ("Regressors", "x"), ("Regressors", "constant"), ("Lagged outcome", "tau"), ("Lagged outcome", "eta"),
        ("Spatial parameters", "rho"), ("Random effects (their variance over sigma2)", "phi"),
    ]  # fmt: skip
    assert ("Total effects, long-run", "x") in kept.index and kept.at[
        ("Total effects, long-run", "x"), "RE"
    ] == ""
    assert kept.at[("Lagged outcome", "tau"), "dynamic"] == f"{dynamic.params_['tau']:.3f}"
    assert frame.loc[("", "Effects", "fact")].tolist() == ["random", "entity"]
    assert frame.loc[("", "Correction", "fact")].tolist() == ["", "Yu-de Jong-Lee"]
    assert frame.loc[("", "T", "fact")].tolist() == ["8", "7"]
    assert "φ" in table.to_html() and r"$\phi$" in table.to_latex()
    heads = sh.report.table({"dynamic": dynamic}, impacts="beside").grid.heads
    assert heads[:3] == ("Coefficients", "Direct, short-run", "Indirect, short-run")


def test_effects_at_values_of_a_moderator_have_panels_of_their_own(sample):
    W, data = sample
    model = sh.SpatialDurbin(weights=W, effects="entity").fit_formula(
        "y ~ x * m", data.rename(columns={"z": "m"})
    )
    effects = model.impacts(at={"m": [0, 0.5]})
    frame = sh.report.table({"at": effects}, decimals=6).to_frame().xs("estimate", level="kind")
    own = effects.table.set_index(["m", "effect"])["estimate"]
    assert abs(figure(frame.at[("Total effects, m = 0.5", "x"), "at"]) - own[(0.5, "total")]) < 1e-6
    assert abs(figure(frame.at[("Direct effects, m = 0", "x"), "at"]) - own[(0.0, "direct")]) < 1e-6


def test_models_without_a_likelihood_leave_its_rows_blank(models, sample):
    W, data = sample
    moments = sh.SpatialIV(weights=W, effects="entity").fit_formula("y ~ x + z", data)
    table = sh.report.table({"IV": moments, "SAR": models["SAR"]}, impacts=True)
    frame = table.to_frame()
    assert frame.at[("", "LogL", "fact"), "IV"] == "" and frame.at[("", "LogL", "fact"), "SAR"] != ""
    assert frame.at[("", "Covariance", "fact"), "IV"] == "classical"
    assert frame.at[("Spatial parameters", "rho", "estimate"), "IV"] == f"{moments.rho_:.3f}"


def test_an_estimate_without_an_error_has_no_brackets():
    frame = of_p_values([np.nan, np.nan]).assign(std_error=[np.nan, 0.0])
    for brackets in ("se", "z", "p", "ci"):
        shown = sh.report.table(frame, brackets=brackets, stars=True).to_frame()["(1)"]
        assert shown.tolist() == ["1.000", "", "1.000", ""]


@pytest.mark.filterwarnings("ignore::spatialhealth.errors.GapsWarning")
def test_observations_are_those_observed(sample):
    W, data = sample
    holes = data.drop(index=data.index[[3, 20, 41]])
    blank = data.assign(y=data["y"].mask(np.arange(len(data)) % 10 == 0))
    common = {"weights": W, "effects": "entity"}
    left = sh.SpatialLag(**common, correction="none", missing="unbalanced").fit_formula("y ~ x", holes)
    guessed = sh.SpatialLag(**common, missing="likelihood").fit_formula("y ~ x", blank)
    table = sh.report.table([left, guessed])
    assert table.to_frame().loc[("", "Observations", "fact")].tolist() == ["69", "64"]
    assert "Compare LogL, AIC, BIC only" in table.grid.notes[-1]


def test_what_no_moderator_moves_stands_under_the_plain_effects(sample):
    W, data = sample
    at = sh.SpatialDurbin(W, effects="entity").fit_formula("y ~ x * z + q", data.assign(q=data["x"] ** 2))
    effects = at.impacts(at={"z": [0, 1]})
    plain = sh.SpatialDurbin(W, effects="entity").fit_formula("y ~ x", data)
    for form in ("below", "beside"):
        table = sh.report.table({"SDM": plain, "at": effects}, impacts=form)
        assert "nan" not in str(table)
        panels = table.numbers.groupby("panel")["term"].agg(set)
        assert panels["Direct effects"] == {"x", "q"}
        assert panels["Direct effects, at[z] = 1"] == {"x"}


def test_the_note_says_which_column_is_a_bootstrap(models):
    sdm = models["SDM"]
    columns = {"SDM": sdm, "boot": sh.impacts.bootstrap(sdm, draws=9, random_state=0)}
    columns["drawn"] = sdm.impacts(method="simulate", draws=20, random_state=0)
    notes = sh.report.table(columns, impacts=True).grid.notes
    assert (
        "Inference on effects: SDM by the delta method; boot from 9 bootstrap samples; drawn from 20 draws."
        in notes
    )
    assert "Inference on effects from 9 bootstrap samples." in sh.report.table(columns["boot"]).grid.notes


def test_a_model_that_is_not_fitted_is_named(models):
    with refusal(NotFittedError, "table: 'SLX' cannot be shown", "has not been fitted yet"):
        sh.report.table({"SDM": models["SDM"], "SLX": sh.SLX()})


def test_effects_of_ones_own_making(models):
    effects = models["SDM"].impacts(method="simulate", draws=200, random_state=1)
    alone = sh.report.table({"effects": effects})
    assert set(alone.to_frame().index.get_level_values("panel")) == {
        "Direct effects",
        "Indirect effects",
        "Total effects",
        "",
    }
    both = sh.report.table({"SDM": effects}, impacts=True)
    assert "Inference on effects from 200 draws." in both.grid.notes
    numbers = both.numbers.set_index(["panel", "term"])
    assert numbers.at[("Spatial parameters", "rho"), "estimate"] == models["SDM"].rho_
    own = effects.table.set_index(["effect", "variable"]).at[("total", "z"), "std_error"]
    assert numbers.at[("Total effects", "z"), "std_error"] == own
    contrast = sh.report.table({"difference": models["SDM"].impacts().contrast("x - z")})
    assert ("Total effects", "x - z", "estimate") in contrast.to_frame().index
    with pytest.raises(OptionError, match=r"are at 95%, those of the table at 90%"):
        sh.report.table([effects], level=0.9)


def test_numbers_are_unrounded(models):
    numbers = sh.report.table(models, impacts=True).numbers.set_index(["model", "panel", "term"])
    for name, model in models.items():
        for term, own in model.to_frame().iterrows():
            found = numbers.xs((name, term), level=("model", "term"))
            assert found.loc[found.index.isin(PANELS), NUMBERS].iloc[0].tolist() == own.tolist()


def test_names_order_and_drop(models):
    pair = {name: models[name] for name in ("SDM", "SAC")}
    table = sh.report.table(
        pair,
        names={"x": "Beds", "W:z": "Rent next door", "rho": "W y"},
        order=["z"],
        drop=["constant"],
        impacts=True,
    )
    rows = table.to_frame().xs("estimate", level="kind").index.tolist()
    assert rows[:5] == [
        ("Regressors", "z"), ("Regressors", "Beds"), ("Spatial lags of regressors", "Rent next door"),
        ("Spatial lags of regressors", "W:Beds"), ("Spatial parameters", "W y"),
    ]  # fmt: skip
    assert ("Total effects", "Beds") in rows
    assert "In the models but not shown: constant." in table.grid.notes
    gone = sh.report.table(models["SDM"], drop=["x"]).to_frame().index.get_level_values("row")
    assert not {"x", "W:x"} & set(gone)


def test_facts_and_tests(models):
    test = SimpleNamespace(value=12.3456, p_value=0.0004)
    none = SimpleNamespace(value=float("nan"), p_value=float("nan"))
    pair = {name: models[name] for name in ("SAR", "SDM")}
    table = sh.report.table(pair, facts=["sigma2", "n"], tests={"LR": [None, test], "Hausman": {"SAR": none}})
    facts = table.to_frame().xs("fact", level="kind")
    assert facts.index.get_level_values("row").tolist() == ["sigma2", "N", "LR", "Hausman"]
    assert facts.loc[("", "LR")].tolist() == ["", "12.346 (<0.001)"]
    assert facts.loc[("", "Hausman")].tolist() == ["not applicable", ""]
    assert figure(facts.at[("", "sigma2"), "SDM"]) == round(models["SDM"].sigma2_, 3)


def test_notes_say_what_the_numbers_are_not(models, sample):
    W, data = sample
    warning = "Coefficients of a model with a spatial lag of the outcome (rho) are not effects."
    compare = (
        "Compare LogL, AIC, BIC only between models with the same outcome, data, effects and correction."
    )
    alone = sh.report.table(models["SDM"]).grid.notes
    assert warning in alone and compare not in alone and "Outcome: y." in alone
    assert warning not in sh.report.table(models["SDM"], impacts=True).grid.notes
    assert warning not in sh.report.table(models["SEM"]).grid.notes
    assert compare in sh.report.table(models).grid.notes
    assert compare not in sh.report.table(models, facts=["n"]).grid.notes
    other = sh.SpatialLag(weights=W, effects="entity").fit_formula("log(y**2) ~ x", data)
    outcomes = sh.report.table([models["SAR"], other]).to_frame().loc[("", "Outcome", "fact")]
    assert outcomes.tolist() == ["y", "log(y ** 2)"]


def test_simulated_data_are_called_so(sample):
    W, data = sample
    data = data.copy()
    data.attrs["source"] = "simulated"
    model = sh.SpatialLag(weights=W).fit_formula("y ~ x", data)
    assert "Data are simulated." in sh.report.table(model).grid.notes
    data.attrs["source"] = "ministry"
    model = sh.SpatialLag(weights=W).fit_formula("y ~ x", data)
    assert "simulated" not in " ".join(sh.report.table(model).grid.notes)


AWKWARD = r"50% of <b>a_b</b> & {c} | \d $ # ~ ^ *e* [f] `g`"


@pytest.fixture(scope="module")
def awkward(models):
    return sh.report.table(
        {AWKWARD: models["SDM"]},
        names={"x": AWKWARD, "z": "[0, 1] or *"},
        caption=AWKWARD,
        notes=AWKWARD,
        stars=True,
    )


def test_signs_of_html_are_escaped(awkward):
    text = awkward.to_html()
    assert "<b>" not in text and "50% of &lt;b&gt;a_b&lt;/b&gt; &amp; {c}" in text


def test_signs_of_markdown_are_escaped(awkward):
    lines = [line for line in awkward.to_markdown().splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {3}
    assert r"\<b\>a\_b\</b\>" in awkward.to_markdown()


def test_signs_of_latex_are_escaped(awkward):
    text = awkward.to_latex()
    assert (
        r"50\% of \textless{}b\textgreater{}a\_b\textless{}/b\textgreater{} \& \{c\} \textbar{} "
        r"\textbackslash{}d \$ \# \textasciitilde{} \textasciicircum{} *e* [f] `g`" in text
    )
    assert "\n{}[0, 1] or * &" in text, "a bracket at the start of a row would be read as the row's argument"


def wide(models, times):
    return {f"{name} {j}": model for j in range(times) for name, model in models.items()}


def test_a_wide_table_is_split_and_loses_no_column(models):
    many = wide(models, 4)
    text = sh.report.table(many, caption="Many", label="tab:many").to_latex()
    heads = re.findall(r"\\multicolumn\{1\}\{c\}\{([\w-]+ \d)\}", text)
    assert heads == list(many)
    assert text.count(r"\begin{table}") > 1 and text.count(r"\label{tab:many}") == 1
    assert text.count("(continued)") == text.count(r"\begin{table}") - 1


def test_columns_under_one_heading_stay_together(models):
    text = sh.report.table(wide(models, 2), impacts="beside").to_latex()
    assert all(part.count("Coefficients") == part.count("Total") for part in text.split(r"\begin{table}"))


LATEX = subprocess.run(["sh", "-c", "command -v pdflatex"], capture_output=True).returncode == 0


@pytest.mark.skipif(not LATEX, reason="pdflatex is not installed")
def test_latex_compiles_and_nothing_is_wider_than_the_page(models, awkward, tmp_path):
    some = {name: models[name] for name in ("SAR", "SDM")}
    tables = [
        sh.report.table(some, stars=True), sh.report.table(some, impacts="beside", brackets="ci", stars=True),
        sh.report.table(wide(models, 3), impacts=True, brackets="ci", decimals=6), awkward,
        sh.report.table(some, impacts=True, brackets="p", decimals=1),
    ]  # fmt: skip
    long = sh.report.Table("orders", "Orders", models["SDM"].impacts().by_order(12))
    assert r"\begin{longtable}" in long.to_latex()
    broad = sh.report.Table("orders", "Orders", models["SDM"].impacts().by_order(1))
    source = "\n\n".join(table.to_latex() for table in (*tables, long, broad))
    packages = r"\usepackage{booktabs,dcolumn,graphicx,longtable}"
    (tmp_path / "a.tex").write_text(
        rf"\documentclass[a4paper]{{article}}{packages}\begin{{document}}{source}\end{{document}}",
        encoding="utf-8",
    )
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "a.tex"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-2000:]
    log = (tmp_path / "a.log").read_text(encoding="latin-1")
    assert "Overfull" not in log and "too large" not in log


def test_word_reads_back(models, tmp_path):
    docx = pytest.importorskip("docx")
    table = sh.report.table(
        {"SAR": models["SAR"], "SDM": models["SDM"]}, stars=True, caption="Two", notes="Mind."
    )
    path = table.save(tmp_path / "two.docx")
    document = docx.Document(str(path))
    (read,) = document.tables
    rows = [[cell.text for cell in row.cells] for row in read.rows]
    assert rows[0] == ["", "SAR", "SDM"]
    body = [row[1:] for row in rows[1:] if len(set(row)) > 1 or row[0] == ""]
    assert body == [[true_minus(str(cell)) for cell in row.cells] for row in table.grid.rows]
    assert sum(row[0] == "ρ" for row in rows) == 1
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts[0] == "Two" and texts[-1].endswith("Mind.")
    section = document.sections[0]
    assert (round(section.page_width.mm), round(section.page_height.mm)) == (210, 297)


def test_a_wide_word_table_lies_on_its_side_and_is_split(models, tmp_path):
    docx = pytest.importorskip("docx")
    many = wide(models, 4)
    document = docx.Document(str(sh.report.table(many).to_word(tmp_path / "many.docx")))
    section = document.sections[0]
    assert section.page_width > section.page_height
    heads = [cell.text for part in document.tables for cell in part.rows[0].cells[1:]]
    assert heads == list(many) and len(document.tables) > 1
    room = section.page_width - section.left_margin - section.right_margin
    for part in document.tables:
        assert sum(cell.width for cell in part.rows[0].cells) <= room * 1.001


def test_word_without_its_library(models, tmp_path, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "docx", None)
    with pytest.raises(MissingLibraryError, match=r"pip install python-docx"):
        sh.report.table(models["SDM"]).to_word(tmp_path / "a.docx")


@pytest.mark.parametrize(
    ("ending", "start"),
    [
        (".tex", "% \\usepackage"),
        (".html", "<!doctype html>"),
        (".md", "|"),
        (".txt", "---"),
        (".csv", "model,panel,term"),
    ],
)
def test_save_writes_what_the_ending_names(models, tmp_path, ending, start):
    path = sh.report.table(models["SDM"]).save(tmp_path / f"table{ending}")
    text = path.read_text(encoding="utf-8")
    assert text.startswith(start) and text.endswith("\n")


def test_save_and_word_refuse_other_endings(models, tmp_path):
    table = sh.report.table(models["SDM"])
    with pytest.raises(OptionError, match=r"must end in \.tex, \.html, \.md, \.txt, \.csv or \.docx"):
        table.save(tmp_path / "a.pdf")
    with pytest.raises(OptionError, match=r"must end in \.docx"):
        table.to_word(tmp_path / "a.doc")


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"brackets": "sd"}, "brackets='sd' is not an option"),
        ({"brackets": None}, "brackets=None is not an option"),
        ({"impacts": "above"}, "impacts='above' is not an option"),
        ({"stars": (0.01, 0.05)}, "from the largest to the smallest"),
        ({"stars": 0.05}, "from the largest to the smallest"),
        ({"stars": (1.5,)}, "strictly between 0 and 1"),
        ({"level": 95}, "strictly between 0 and 1"),
        ({"decimals": -1}, "whole number from 0 to 12"),
        ({"decimals": 2.0}, "whole number from 0 to 12"),
        (
            {"names": {"q": "Q"}},
            "names names 'q', which no model has. There are: 'x', 'z', 'W:x', 'W:z', 'rho'",
        ),
        ({"order": "x"}, "order='x' must be a sequence of texts"),
        ({"drop": ["q"]}, "drop names 'q'"),
        ({"facts": ["r2"]}, "facts='r2' is not an option"),
        ({"tests": {"LR": []}}, "'LR' needs one entry for each of the 1 models"),
        ({"tests": {"LR": {"SAR": None}}}, "is for 'SAR'; the models are '\\(1\\)'"),
        ({"tests": {"LR": [3.0]}}, "a test is a float"),
        ({"notes": 3}, "notes=3 must be a sequence of texts"),
    ],
)
def test_wrong_options_are_named(models, options, match):
    with pytest.raises(OptionError, match=match):
        sh.report.table(models["SDM"], **options)


def test_what_is_no_model_is_refused(models, sample):
    with pytest.raises(OptionError, match="there is no model"):
        sh.report.table([])
    with pytest.raises(OptionError, match=r"'\(2\)' is a str"):
        sh.report.table([models["SDM"], "SAR"])
    with pytest.raises(NotFittedError):
        sh.report.table([sh.SLX(weights=sample[0])])


def test_a_result_alone_will_do(models):
    model = models["SDM"]
    assert str(sh.report.table(model.result_, impacts=True)) == str(sh.report.table(model, impacts=True))
