"""The package maketables reads models and effects by its plug-in interface."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest

import spatialhealth as sh
from tests import small

mt = pytest.importorskip("maketables")
from maketables.extractors import PluginExtractor, get_extractor  # noqa: E402


@pytest.fixture(scope="module")
def models():
    W, data = small.panel(seed=3)
    return [
        sh.SpatialDurbin(weights=W, effects="two-way").fit_formula("y ~ x + z", data),
        sh.SpatialError(weights=W, effects="entity", correction="none", cov_type="robust").fit_formula(
            "y ~ x", data
        ),
        sh.SLX(weights=W).fit_formula("y ~ z", data),
    ]


def test_models_are_read_by_the_plug_in_interface(models):
    for model in models:
        extractor = get_extractor(model)
        assert isinstance(extractor, PluginExtractor)
        table = extractor.coef_table(model)
        own = model.to_frame()
        assert table.index.tolist() == own.index.tolist()
        for theirs, ours in (("b", "estimate"), ("se", "std_error"), ("t", "z"), ("p", "p_value"),
                             ("ci95l", "ci_low"), ("ci95u", "ci_high")):  # fmt: skip
            assert table[theirs].tolist() == own[ours].tolist()
        assert extractor.depvar(model) == "y"
        assert extractor.stat(model, "N") == 72
        assert extractor.stat(model, "ll") == model.loglik_
        assert extractor.stat(model, "aic") == model.aic_
        assert extractor.stat(model, "no such") is None
    assert [get_extractor(model).fixef_string(model) for model in models] == ["entity+time", "entity", None]
    assert [get_extractor(model).stat(model, "rho") for model in models] == [models[0].rho_, None, None]
    assert [get_extractor(model).vcov_info(model)["vcov_type"] for model in models] == [
        "observed",
        "robust",
        "observed",
    ]


def test_a_table_of_theirs_holds_our_numbers(models):
    shown = mt.ETable(models, coef_fmt="b:.4f (se:.4f)").df
    cells = shown.loc["coef"]
    for j, model in enumerate(models):
        written = {text for text in cells.iloc[:, j] if text}
        wanted = {f"{row['estimate']:.4f} ({row['std_error']:.4f})" for _, row in model.to_frame().iterrows()}
        assert written == wanted
    fixed = shown.loc["fe"]
    assert fixed.loc["entity"].tolist() == ["x", "x", "-"] and fixed.loc["time"].tolist() == ["x", "-", "-"]
    stats = shown.loc["stats"]
    assert stats.loc["Units"].tolist() == ["12", "12", "12"]
    assert [float(text) for text in stats.loc["Log-likelihood"]] == [
        pytest.approx(m.loglik_, abs=5e-4) for m in models
    ]


def test_effects_are_read_too(models):
    effects = models[0].impacts()
    shown = mt.ETable([effects], coef_fmt="b:.4f").df.loc["coef"]
    own = effects.table.set_index(["variable", "effect"])["estimate"]
    assert shown.index.tolist() == [f"{variable} ({effect})" for variable, effect in own.index]
    assert shown.iloc[:, 0].tolist() == [f"{value:.4f}" for value in own]


def test_a_model_that_is_not_fitted_is_refused(models):
    with pytest.raises(TypeError, match="No extractor available for model type: SLX"):
        mt.ETable([sh.SLX(weights=models[0].weights)])


def test_beside_models_of_other_packages(models):
    import pandas as pd

    table = pd.DataFrame({"b": [1.0], "se": [0.5], "t": [2.0], "p": [0.0455]}, index=["x"])
    other = SimpleNamespace(__maketables_coef_table__=table, __maketables_depvar__="y")
    shown = mt.ETable([models[1], other], coef_fmt="b:.2f").df
    assert re.fullmatch(r"1\.00", shown.loc[("coef", "x")].iloc[1])
