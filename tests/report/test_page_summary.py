"""The head of the page: numbers from the results, and no more certainty than their intervals have."""

from __future__ import annotations

import re

import numpy as np
import pytest

from spatialhealth.report.run import run
from spatialhealth.report.study_file import study_of
from spatialhealth.report.summary import interval_words, summary_words
from spatialhealth.report.terms import named_table
from tests.report.null_panel import null_panel

STUDY = {
    "title": "Summary",
    "data": {"layer": "cities.gpkg", "table": "panel.csv", "id": "city", "time": "year"},
    "weights": {"kind": "contiguity"},
    "model": {
        "estimator": "SpatialDurbin",
        "formula": "log(inflow) ~ log(tertiary) + digital",
        "effects": "two-way",
    },
    "impacts": {"contrasts": ["log(tertiary) - digital"]},
    "maps": {"outcome": False},
}
CLAIMS = ("is higher by", "is lower by", "leaves zero out")


def results_of(folder, layer, panel, **changes):
    layer.drop(columns=["name"]).to_file(folder / "cities.gpkg")
    panel.to_csv(folder / "panel.csv")
    study = STUDY | {
        "data": STUDY["data"] | {"layer": str(folder / "cities.gpkg"), "table": str(folder / "panel.csv")}
    }
    return run(study_of(study | changes))


def numbers(text):
    return [
        float(found.replace("−", "-").replace(",", ""))
        for found in re.findall(r"[−-]?\d[\d,]*\.?\d*(?:e[−-]?\d+)?", text)
    ]


def near(value, said):
    return any(other == pytest.approx(value, rel=6e-3, abs=1e-12) for other in said)


@pytest.fixture(scope="module", params=range(6))
def null(request, tmp_path_factory):
    """A study of data in which nothing depends on anything, with an alternative."""
    folder = tmp_path_factory.mktemp(f"null{request.param}")
    layer, panel = null_panel(request.param, years=range(2011, 2016))
    rows = [{"name": "near", "weights": {"kind": "knn", "k": 4}}]
    return results_of(folder, layer, panel, robustness=rows)


def test_it_claims_exactly_what_the_intervals_leave_out(null):
    said = summary_words(null)
    table = named_table(null.main.effects).set_index(["variable", "effect"])
    contrast = null.contrasts.set_index("effect")
    for name, text in zip(["contrast", *null.main.effects.variables], said, strict=False):
        rows = contrast if name == "contrast" else table.loc[name]
        unsure = {effect: bool(row["ci_low"] <= 0 <= row["ci_high"]) for effect, row in rows.iterrows()}
        told = text.split("in every unit,")[-1]
        assert any(claim in told for claim in CLAIMS) != unsure["total"], text
        assert ("includes zero" in text.split("Direct, from")[0]) is unsure["total"], text
        if name == "contrast":
            continue
        tail = text.split("of all others:")[1]
        parts = [effect for effect in ("direct", "indirect") if unsure[effect]]
        assert ("of both include zero" in tail) is (len(parts) == 2)
        assert [part for part in ("direct", "indirect") if f"the {part} effect includes" in tail] == (
            parts if len(parts) == 1 else []
        )


def test_where_nothing_is_found_nothing_is_said_to_be(null):
    unsure = named_table(null.main.effects)
    unsure = unsure[(unsure["effect"] == "total") & (unsure["ci_low"] <= 0) & (unsure["ci_high"] >= 0)]
    said = " ".join(summary_words(null))
    assert "significant" not in said
    assert said.count("the data do not say whether") == len(unsure)


def test_every_number_is_that_of_the_results(null):
    said = summary_words(null)
    table = named_table(null.main.effects)
    for name, text in zip(null.main.effects.variables, said[1:], strict=False):
        found = [abs(value) for value in numbers(text)]
        for _, row in table[table["variable"] == name].iterrows():
            for key in ("estimate", "ci_low", "ci_high"):
                assert near(abs(row[key]), found), (name, row["effect"], key)
    found = [abs(value) for value in numbers(said[0])]
    assert all(
        near(abs(value), found)
        for value in null.contrasts[["estimate", "ci_low", "ci_high"]].to_numpy().ravel()
    )


def test_a_true_effect_is_told_with_its_side():
    study = {key: value for key, value in STUDY.items() if key != "data"} | {
        "data": {"dataset": "hospital_panel"}
    }
    said = summary_words(run(study_of(study)))
    assert re.match(
        r"log\(tertiary\) − digital, total effects: 0\.\d+ \(.* to .*\); its interval leaves zero out, on the "
        r"positive side\.", said[0],
    )  # fmt: skip
    assert "Where tertiary is higher by 1 % in every unit, inflow is higher by 1." in said[1]
    assert "Where digital is higher by one in every unit, log(inflow) is higher by" in said[2]


def test_alternatives_are_counted(null):
    frame = null.to_frame()
    last = summary_words(null)[-1]
    for name in null.main.effects.variables:
        main, other = (
            frame[(frame["variable"] == name) & (frame["effect"] == "total")]
            .set_index("alternative").loc[["Main model", "near"]].itertuples()
        )  # fmt: skip
        held = other.ci_low > 0 if main.estimate > 0 else other.ci_high < 0
        assert f"{name} in {int(held)} of 1" in last


def test_products_are_read_together_and_models_without_spillover_say_so():
    study = {key: value for key, value in STUDY.items() if key not in ("data", "impacts")}
    study |= {"data": {"dataset": "hospital_panel"}}
    model = {"formula": "log(inflow) ~ log(gdp) + log(tertiary) * digital", "estimator": "SpatialError"}
    said = summary_words(run(study_of(study | {"model": study["model"] | model})))
    assert said[0].endswith("This model has no indirect effects.")
    assert said[1].startswith("log(tertiary), digital, log(tertiary):digital are made of the same")
    assert len(said) == 2


@pytest.mark.parametrize(
    ("low", "high", "unsure"), [(-1.0, 2.0, True), (0.0, 2.0, True), (0.1, 2.0, False), (-2.0, -0.1, False)]
)
def test_an_interval_that_includes_zero_is_called_so(low, high, unsure):
    text = interval_words({"estimate": (low + high) / 2, "ci_low": low, "ci_high": high})
    assert text.endswith("an interval that includes zero") is unsure


def test_a_dynamic_model_speaks_of_the_short_run():
    study = {key: value for key, value in STUDY.items() if key not in ("data", "impacts")}
    study |= {"data": {"dataset": "hospital_panel"}, "model": STUDY["model"] | {"dynamic": "time"}}
    said = summary_words(run(study_of(study)))
    assert all(text.startswith("In the short run: where") for text in said)
    assert np.isfinite(numbers(said[0])).all()
