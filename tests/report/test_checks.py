"""Ladder, standard errors and groups in a study: the numbers of the API, in words that claim no more."""

from __future__ import annotations

import copy
import html
import json
import re

import numpy as np
import pandas as pd
import pytest

import spatialhealth as sh
from spatialhealth.errors import StudyError
from spatialhealth.report.check_words import grouped_words, std_error_words
from spatialhealth.report.check_words import test_words as ladder_words
from spatialhealth.report.checks import Compared, Grouped

FORMULA = "log(sales) ~ log(price / cpi) + log(ndi / cpi)"
STUDY = {
    "title": "Cigarettes",
    "data": {"dataset": "us_cigarettes"},
    "weights": {"kind": "contiguity"},
    "model": {"estimator": "SpatialDurbin", "formula": FORMULA, "effects": "two-way", "cov_type": "cluster"},
    "tests": {"ladder": True, "level": 0.01},
    "std_errors": {"cov_types": ["observed", "robust", "cluster", "driscoll-kraay"]},
    "regimes": [
        {"name": "Regions", "by": "region", "labels": {"Norteast": "North-East"}},
        {"name": "regions!", "by": "region", "pooled": True},
    ],
    "robustness": [
        {"name": "Robust", "cov_type": "robust"},
        {"name": "Error", "estimator": "SpatialError"},
        {"name": "Random", "estimator": "SpatialDurbinError", "effects": "random", "cov_type": "observed"},
        {"name": "SLX, one lag", "estimator": "SLX", "durbin": ["log(ndi / cpi)"]},
    ],
    "maps": {"outcome": False},
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("checks")


@pytest.fixture(scope="module")
def results(folder):
    return sh.Study(STUDY).run(folder / "one")


@pytest.fixture(scope="module")
def page(folder, results):
    return html.unescape((folder / "one" / "report.html").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def written(folder, results):
    return json.loads((folder / "one" / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def weights():
    panel, states = sh.datasets.load_cigarettes(), sh.datasets.load_states()
    return sh.weights.contiguity(states.loc[panel.index.unique("state")])


@pytest.fixture(scope="module")
def by_hand(weights):
    """The main model under each covariance, fitted without a study."""
    panel = sh.datasets.load_cigarettes()
    return {
        name: sh.SpatialDurbin(weights, effects="two-way", cov_type=name).fit_formula(FORMULA, panel)
        for name in ("cluster", "observed", "robust", "driscoll-kraay")
    }


def table(folder, name):
    return pd.read_csv(folder / "one" / "tables" / f"{name}.csv")


def test_the_ladder_is_that_of_the_api(folder, results, written, weights):
    panel = sh.datasets.load_cigarettes()
    ladder = sh.diagnostics.ladder(FORMULA, panel, weights, effects="two-way", level=0.01, cov_type="cluster")
    found = table(folder, "tests")
    np.testing.assert_allclose(found["statistic"], ladder.table["statistic"], rtol=1e-9)
    np.testing.assert_allclose(found["p_holm"], ladder.table["p_holm"], rtol=1e-8, atol=1e-300)
    assert found["decision"].tolist() == ladder.table["decision"].tolist()
    assert written["tests"]["suggested"] == ladder.choice
    assert written["tests"]["words"] == ladder.words
    assert len(written["tests"]["tests"]) == len(ladder.statistics)
    # the page has the paragraph in parts, and none of it is lost
    raw = (folder / "one" / "report.html").read_text(encoding="utf-8")
    told = re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", raw)))
    assert all(sentence in told for sentence in re.split(r"(?<=\.) (?=[A-Z])", ladder.words))


def test_standard_errors_are_those_of_a_fit_with_each_covariance(folder, results, page, by_hand, written):
    found = table(folder, "std_errors")
    assert list(found.columns[3:]) == ["cluster", "observed", "robust", "driscoll-kraay"]
    for name, model in by_hand.items():
        effects = model.impacts()
        np.testing.assert_allclose(found["estimate"], effects.estimates.ravel(), rtol=1e-8)
        np.testing.assert_allclose(found[name], effects.std_errors.ravel(), rtol=1e-8)
        records = pd.DataFrame(written["std_errors"]["effects"][name])
        np.testing.assert_allclose(records["std_error"], effects.std_errors.ravel(), rtol=1e-8)
    assert written["std_errors"]["own"] == "cluster"
    ratio = by_hand["robust"].impacts().std_errors / by_hand["cluster"].impacts().std_errors
    assert f"{ratio.min():.2f} to {ratio.max():.2f} times" in page


@pytest.mark.parametrize(("stem", "pooled"), [("regimes_regions", False), ("regimes_regions_2", True)])
def test_groups_are_those_of_the_api(folder, results, page, written, by_hand, stem, pooled):
    region = sh.datasets.load_states()["region"]
    groups = sh.regimes(by_hand["cluster"], by=region, pooled=pooled)
    effects, tests = table(folder, stem), table(folder, f"{stem}_tests")
    titles = list(groups.groups.titles)
    if not pooled:
        titles = ["North-East" if title == "region=Norteast" else title for title in titles]
    assert list(effects.columns[4::2])[: len(titles)] == titles
    for title, values, errors in zip(titles, groups.effects.values, groups.effects.std_errors, strict=True):
        np.testing.assert_allclose(effects[title], values.ravel(), rtol=1e-7)
        np.testing.assert_allclose(effects[f"{title} std_error"], errors.ravel(), rtol=1e-7)
    np.testing.assert_allclose(effects["chow"], groups.table["chow"], rtol=1e-6)
    np.testing.assert_allclose(tests["statistic"], groups.tests["statistic"], rtol=1e-6)
    coefficients = table(folder, f"{stem}_coefficients")
    np.testing.assert_allclose(coefficients[titles].T, groups.coefficients.values, rtol=1e-7)
    record = written["regimes"][int(pooled)]
    assert record["pooled"] is pooled
    assert [group["title"] for group in record["groups"]] == titles
    assert [group["units"] for group in record["groups"]] == list(groups.groups.sizes)
    np.testing.assert_allclose(record["tests"][0]["statistic"], groups.chow.value, rtol=1e-6)
    assert (
        f"(Chow (Wald) = {groups.chow.value:.4f}" in page
        or f"(Chow (Wald) = {groups.chow.value:,.0f}" in page
    )


def test_alternatives_change_covariance_and_estimator(results, weights):
    fits = {fit.name: fit for fit in results.fits}
    panel = sh.datasets.load_cigarettes()
    assert fits["Robust"].model.result_.cov_type == "robust"
    assert fits["Robust"].change == "cov_type: robust"
    error = sh.SpatialError(weights, effects="two-way").fit_formula(FORMULA, panel)
    assert fits["Error"].model.result_.cov_type == "cluster"
    assert fits["Error"].model.params_["lambda"] == pytest.approx(error.params_["lambda"], abs=1e-8)
    assert fits["Random"].model.result_.effects == "random"
    assert fits["SLX, one lag"].model.result_.lagged == ("log(ndi / cpi)",)
    assert fits["SLX, one lag"].change == "estimator: SLX; durbin: log(ndi / cpi)"


def test_the_same_study_gives_the_same_bytes(folder, results):
    sh.Study(STUDY).run(folder / "two")
    files = [path for path in sorted((folder / "one").rglob("*")) if path.is_file()]
    assert len(files) > 25
    for path in files:
        assert path.read_bytes() == (folder / "two" / path.relative_to(folder / "one")).read_bytes(), (
            path.name
        )


def test_every_section_and_figure_is_there(folder, results, page):
    for section in ("tests", "std-errors", "regimes-regions", "regimes-regions-2"):
        assert page.count(f'<section id="{section}"') == 1
    for stem in ("regimes_regions", "regimes_regions_2"):
        assert (folder / "one" / "figures" / f"{stem}.png").is_file()
    assert "http://" not in page and "https://" not in page


def test_nothing_is_tested_unless_it_is_asked_for(tmp_path):
    plain = {key: STUDY[key] for key in ("title", "data", "weights", "model", "maps")}
    results = sh.Study(plain).run(tmp_path)
    assert results.tested is None and results.comparison is None and results.regimes == ()
    content = json.loads((tmp_path / "results.json").read_text(encoding="utf-8"))
    assert content["tests"] is None and content["std_errors"] is None and content["regimes"] == []
    assert not {"tests.csv", "std_errors.csv"} & {path.name for path in (tmp_path / "tables").iterdir()}
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Which model" not in page and "Other standard errors" not in page


def test_a_dynamic_model_has_both_horizons(tmp_path):
    study = {
        "title": "Habits",
        "data": {"dataset": "us_cigarettes"},
        "weights": {"kind": "contiguity"},
        "model": {
            "estimator": "SpatialDurbin",
            "formula": "log(sales) ~ log(price / cpi)",
            "effects": "two-way",
            "dynamic": "time",
        },
        "impacts": {"orders": 2},
        "robustness": [{"name": "Without W x", "estimator": "SLX"}],
        "maps": {"effects": ["log(price / cpi)"]},
    }
    results = sh.Study(study).run(tmp_path)
    both = results.main.model.impacts()
    short, long = pd.read_csv(tmp_path / "tables/effects.csv"), pd.read_csv(tmp_path / "tables/long_run.csv")
    np.testing.assert_allclose(short["estimate"], both.short_run.estimates.ravel(), rtol=1e-9)
    np.testing.assert_allclose(long["estimate"], both.long_run.estimates.ravel(), rtol=1e-9)
    assert not np.allclose(short["estimate"], long["estimate"])
    assert results.alternatives[0].change == "estimator: SLX; without dynamic"


# ---- words ----


class Rows:
    """Effects with given totals, standard errors and intervals."""

    def __init__(self, std_errors, intervals):
        self.labels = {}
        self.variables = tuple("abcdefg"[: len(intervals)])
        self.std_errors = np.array(std_errors)
        self.table = pd.DataFrame(
            {
                "variable": self.variables,
                "effect": "total",
                "ci_low": [low for low, _ in intervals],
                "ci_high": [high for _, high in intervals],
            }
        )


def test_what_hangs_on_the_standard_errors_is_said_from_the_numbers():
    own = Rows([[1.0], [2.0], [0.0]], [(1, 2), (-1, 1), (3, 4)])
    other = Rows([[2.0], [3.0], [0.0]], [(-1, 4), (-2, 2), (2, 5)])
    said = std_error_words(Compared("observed", {"observed": own, "robust": other}, ()))
    assert said == [
        "Robust to heteroskedastic, non-normal errors: the standard errors of the effects are 1.50 to 2.00 times "
        "those of the model (observed information).",
        "The interval of the total effect excludes zero with observed, and includes it with robust: a.",
        "The interval of the total effect includes zero with both kinds of standard errors: b.",
        "The interval of the total effect excludes zero with both kinds of standard errors: c.",
    ]


def words_of(p_values, chow=0.5):
    """Sentences on groups whose total effects have these p values."""
    found = type("Regimes", (), {})()
    found.level = 0.95
    normal = sh.diagnostics.Statistic
    found.chow = normal(
        "Chow (Wald)", 3.0, chow, "all coefficients are the same in all groups of g", "chi-square", 2
    )
    found.lr = normal.not_applicable("Chow (LR)", "the same", "It does not exist.")
    found.effect_tests = {
        (name, effect): normal(name, 1.0, p, "same", "chi-square", 1)
        for name, p in p_values.items()
        for effect in ("direct", "total")
    }
    return grouped_words(Grouped("G", "g", found, ("g=1", "g=2"), ()))


def test_no_difference_is_claimed_that_is_not_there():
    said = words_of({"a": 0.2, "b": 0.9})
    assert (
        "is not rejected at the 5 per cent level (Chow (Wald) = 3.0000, chi-square(2), p = 0.500)" in said[0]
    )
    assert said[1] == (
        "Tested one by one at the 5 per cent level, no total effect is shown to differ between the groups, nor to be "
        "the same."
    )
    assert len(said) == 2


def test_a_difference_that_its_number_of_tests_explains_is_called_so():
    said = words_of({"a": 0.03, "b": 0.9, "c": 0.001}, chow=0.01)
    assert "is rejected at the 5 per cent level" in said[0]
    assert said[1] == (
        "Tested one by one at the 5 per cent level, the total effect differs between the groups for a (p = 0.030) "
        "and c (p = 0.001); for b (p = 0.900) no difference is shown. With Holm's correction for 3 tests none is "
        "shown for a either."
    )
    assert words_of({"a": 0.01})[1] == (
        "Tested at the 5 per cent level, the total effect differs between the groups for a (p = 0.010)."
    )
    assert words_of({"a": 0.01, "b": 0.02})[1].endswith(
        "What differs still does with Holm's correction for 2 tests."
    )


def test_another_model_than_the_tests_lead_to_is_named(results):
    said = ladder_words(results.tested, results.main)
    other = next(fit for fit in results.fits if fit.name == "SLX, one lag")
    choice = results.tested.ladder.choice
    own = type(results.tested.ladder.suggested).__name__ == "SpatialDurbin"
    assert (", the model of this study." in said[0]) == own
    assert f"({choice}). The model of this study is SLX" in ladder_words(results.tested, other)[0]


# ---- what is refused ----

TEXT = """title = "t"

[data]
dataset = "us_cigarettes"

[weights]
kind = "contiguity"

[model]
estimator = "SpatialDurbin"
formula = "log(sales) ~ log(price / cpi)"
effects = "entity"

[tests]
ladder = true

[std_errors]
cov_types = ["robust"]

[[regimes]]
name = "a"
by = "region"

[[robustness]]
name = "b"
effects = "time"
"""


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("ladder = true", 'ladder = "yes"', 15, "tests.ladder: found 'yes'. It must be true or false"),
        ("ladder = true", "lader = true", 15, r"tests.lader: there is no such key. Did you mean 'ladder'\?"),
        ("ladder = true", "ladder = true\nlevel = 5", 16, "tests.level: found 5. It must be a number between"),
        ('"entity"', '"random"', 15, "tests.ladder: its tests are for fixed effects"),
        ('"entity"', '"entity"\ndynamic = "time"', 16, "tests.ladder: its tests are for models without"),
        ('["robust"]', '"robust"', 18, "std_errors.cov_types: found 'robust'. It must be a list of texts"),
        ('["robust"]', '["robus"]', 18, r"std_errors.cov_types: 'robus' is not an option. Did you mean 'robust'\?"),
        ('["robust"]', '["observed"]', 18, "std_errors.cov_types: it names none other than the model's own"),
        ('["robust"]', "[]", 18, "std_errors.cov_types: it names none other"),
        ("cov_types = ", "cov_type = ", 18, r"std_errors.cov_type: there is no such key"),
        ('by = "region"', "", 20, r"regimes\[1\]: the key 'by' is missing"),
        ('by = "region"', 'by = "region"\npooled = 1', 23, r"regimes\[1\].pooled: found 1"),
        ('by = "region"', 'by = "region"\n[[regimes]]\nname = "a"\nby = "x"', 24,
         r"regimes\[2\].name: 'a' is the name"),
        ('effects = "time"', 'dynamic = "never"', 26, r"robustness\[1\].dynamic: 'never' is not an option"),
        ('effects = "time"', 'error_components = "kkp"', 26,
         r"robustness\[1\].error_components: SpatialDurbin has no option .*GeneralNesting"),
        ('estimator = "SpatialDurbin"', 'estimator = "SpatialError"\ndurbin = true', 11,
         "model.durbin: SpatialError has no option"),
    ],
)  # fmt: skip
def test_a_bad_key_is_named_with_its_line(tmp_path, old, new, line, said):
    assert TEXT.count(old) == 1
    path = tmp_path / "study.toml"
    path.write_text(TEXT.replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError, match=said) as caught:
        sh.report.read_study(path)
    assert str(caught.value).startswith(f"study.toml, line {line}: ")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ('by = "region"', 'by = "regoin"', 22,
         r"regimes\[1\].by: no column 'regoin' in table or layer. There are: .*region"),
        ('by = "region"', 'by = "price"', 20, r"regimes\[1\]: .*changes over time"),
        ('by = "region"', 'by = "geometry"', 22, r"regimes\[1\].by: no column 'geometry'"),
        ('by = "region"', 'by = "region"\nlabels = { Sout = "S" }', 23,
         r"regimes\[1\].labels.Sout: there is no such group"),
        ('by = "region"', 'by = "region"\nlabels = { South = "A", West = "A" }', 23,
         "two groups are called the same"),
    ],
)  # fmt: skip
def test_groups_that_the_data_do_not_have_are_refused(tmp_path, old, new, line, said):
    path = tmp_path / "study.toml"
    path.write_text(TEXT.replace(old, new).replace("ladder = true", "ladder = false"), encoding="utf-8")
    with pytest.raises(StudyError, match=said) as caught:
        sh.Study(path).run(tmp_path / "out")
    assert str(caught.value).startswith(f"study.toml, line {line}: ")


def test_a_covariance_that_the_data_do_not_allow_is_refused(tmp_path):
    study = copy.deepcopy({key: STUDY[key] for key in ("title", "weights", "maps")})
    study["data"] = {"dataset": "us_cigarettes", "where": "year == 80"}
    study["model"] = {"estimator": "SLX", "formula": "log(sales) ~ log(price / cpi)"}
    study["std_errors"] = {"cov_types": ["cluster"]}
    with pytest.raises(StudyError, match=r"std_errors.cov_types: SLX: cov_type='cluster' groups the periods"):
        sh.Study(study).run(tmp_path)
