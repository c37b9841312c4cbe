"""The county studies: the definitions of the variables, and what an independent program found with them."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path

import pytest

import spatialhealth as sh
from spatialhealth._stats import holm

EXAMPLES = Path(__file__).parents[2] / "examples" / "us_counties"
pytestmark = pytest.mark.skipif(
    "SPATIALHEALTH_DATA" not in os.environ,
    reason="SPATIALHEALTH_DATA does not name a folder with the county files, and tests download nothing",
)


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return sh.Study(EXAMPLES / "study.toml").run(tmp_path_factory.mktemp("counties"))


def test_the_cross_section_agrees_with_an_independent_run(results):
    effects = results.main.effects.table.set_index(["variable", "effect"])["estimate"]
    assert results.main.model.rho_ == pytest.approx(0.65827, abs=5e-6)
    assert effects["log(1 + beds_high)"].to_dict() == pytest.approx(
        {"direct": -0.2941, "indirect": -0.2652, "total": -0.5593}, abs=1e-4
    )


def test_all_counties_are_in_and_three_stand_alone(results):
    operator = results.main.model.result_.operator
    assert operator.n == 3108
    assert sorted(operator.isolates) == ["25019", "36085", "53055"]
    assert any("25019" in text for text in results.main.warnings)


def test_rates_are_per_thousand_mean_residents(results):
    table = results.main.data.table
    data = sh.datasets.fetch_us_counties()
    people = data.population.loc["06037"]
    late = people.loc[2011:]
    residents = people["population"].mean()
    row = table.loc["06037"]
    assert row["migration"] == pytest.approx(late["domestic_migration"].mean() / residents * 1000)
    natural = late["births"].mean() - late["deaths"].mean()
    assert row["natural_increase"] == pytest.approx(natural / residents * 1000)
    beds = data.facilities.query("fips == '06037' and type == 'GENERAL ACUTE CARE' and beds_staffed >= 200")
    assert row["beds_high"] == beds["beds_staffed"].sum()
    used = ["use_general", "use_critical"]  # of counties that have such hospitals
    assert table.drop(columns=used).notna().all(axis=None)
    hospitals = data.facilities.query("fips == '06037' and type == 'GENERAL ACUTE CARE'")
    known = hospitals[(hospitals["beds_staffed"] > 0) & hospitals["occupancy"].notna()]
    in_use = (known["beds_staffed"] * known["occupancy"]).sum()
    assert row["use_general"] == pytest.approx(100 * in_use / known["beds_staffed"].sum())
    assert table[used].notna().all(axis=1).sum() == 146


def test_what_the_readme_says_of_the_cross_section(results):
    assert results.tested.ladder.choice == "SDM"
    assert "no test can tell whether SEM is" in results.tested.ladder.why
    found = results.regimes[0]
    assert found.titles == ("Northeast", "Midwest", "South", "West")
    assert found.regimes.groups.sizes == (217, 1055, 1422, 414)
    assert (found.regimes.chow.value, found.regimes.chow.df) == (pytest.approx(153.115, abs=1e-3), 36)
    tests = found.regimes.effect_tests
    assert tests["log(1 + beds_high)", "total"].p_value == pytest.approx(0.344, abs=1e-3)
    assert tests["log(1 + beds_critical)", "total"].p_value == pytest.approx(0.017, abs=1e-3)
    totals = [test.p_value for (_, effect), test in tests.items() if effect == "total"]
    assert sorted(holm(totals))[2] == pytest.approx(0.0499, abs=1e-4)
    ratio = (
        results.comparison.effects["robust"].std_errors / results.comparison.effects["observed"].std_errors
    )
    assert 1.9 < ratio.max() < 2


def test_the_panel_starts_each_year_with_the_population_of_the_year_before(tmp_path):
    results = sh.Study(EXAMPLES / "panel.toml").run(tmp_path)
    table = results.main.data.table
    people = sh.datasets.fetch_us_counties().population
    assert len(table) == 3108 * 9
    assert table.at[("06037", 2011), "population_start"] == people.at[("06037", 2010), "population"]
    rate = people.at[("06037", 2015), "domestic_migration"] / people.at[("06037", 2014), "population"] * 1000
    assert table.at[("06037", 2015), "migration"] == pytest.approx(rate)
    assert any("Lee and Yu" in text for text in results.main.warnings)
    assert results.main.model.rho_ == pytest.approx(0.36017, abs=1e-4)
    # what the README says of standard errors and regions
    effects = results.comparison.effects
    ratio = effects["cluster"].std_errors / effects["observed"].std_errors
    assert (ratio.min(), ratio.max()) == (pytest.approx(1.70, abs=5e-3), pytest.approx(2.90, abs=5e-3))
    excludes = {
        name: found.table.query("variable == 'log(population_start)' and effect == 'total'")["p_value"].item()
        < 0.05
        for name, found in effects.items()
    }
    assert excludes == {"cluster": False, "observed": True, "robust": True, "driscoll-kraay": False}
    chow = results.regimes[0].regimes.chow
    assert (chow.value, chow.df) == (pytest.approx(52.532, abs=1e-3), 15)


def test_the_four_questions_say_no_more_than_the_counties_can(tmp_path):
    content = tomllib.loads((EXAMPLES / "hospital.toml").read_text(encoding="utf-8"))
    content["robustness"], content["tests"] = [], {"ladder": False}
    content["hospital"]["imbalance"]["samples"] = 39
    found = sh.Study(content).run(tmp_path).hospital
    assert found.imbalance.units == 146
    assert [each.finding for each in found.answers if each.holds] == ["gap"]
    assert found.answers[2].estimate == pytest.approx(-0.2758, abs=1e-4)
    assert found.empowerment.attraction is None and found.empowerment.gap is None
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert all(limit.replace("'", "&#39;") in page for limit in content["hospital"]["limits"])
    assert "The data do not say" in page and "4. Scenarios and triage" in page
    assert "Only 146 of the 3,108 units have both tiers with a known use" in page
