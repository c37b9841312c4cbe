"""The methods section: it says what was used and nothing else, and cites works that are in the list."""

from __future__ import annotations

import re

import pytest

from spatialhealth.report.methods import methods_of
from spatialhealth.report.references import bibtex, cited, library, listed
from spatialhealth.report.run import run
from spatialhealth.report.study_file import study_of

STUDY = {
    "title": "Methods",
    "data": {"dataset": "us_cigarettes"},
    "weights": {"kind": "contiguity"},
    "model": {"estimator": "SpatialDurbin", "formula": "log(sales) ~ log(price / cpi)", "effects": "two-way"},
    "maps": {"outcome": False},
}


def said(model=(), **tables):
    return methods_of(run(study_of(STUDY | {"model": STUDY["model"] | dict(model)} | tables)))


@pytest.mark.parametrize(
    ("model", "keys", "words"),
    [
        ({}, {"lesage_pace_2009", "elhorst_2014", "lee_2004", "lee_yu_2010"}, "A spatial Durbin model"),
        ({"correction": "none"}, {"elhorst_2014"}, "(no correction)"),
        ({"estimator": "SLX"}, {"halleck_vega_elhorst_2015"}, "by least squares"),
        ({"estimator": "SpatialError"}, {"anselin_1988"}, "A spatial error model"),
        ({"estimator": "SpatialLag", "effects": "random"}, {"ord_1975", "elhorst_2003"}, "units are random"),
        (
            {"estimator": "SpatialError", "effects": "random", "error_components": "kkp"},
            {"kapoor_2007"},
            "units are random",
        ),
        ({"cov_type": "robust"}, {"lee_2004"}, "robust to heteroskedastic, non-normal errors"),
        ({"cov_type": "cluster"}, {"arellano_1987"}, "clustered by unit"),
        ({"cov_type": "driscoll-kraay"}, {"driscoll_kraay_1998"}, "Driscoll-Kraay"),
        ({"dynamic": "time"}, {"yu_2008"}, "The outcome of the period before is among the regressors."),
        ({"logdet": "lanczos"}, {"ubaru_2017"}, "lanczos (stochastic"),
    ],
)
def test_what_was_used_is_said_and_cited(model, keys, words):
    found = said(model)
    assert keys <= set(found.keys)
    assert words in " ".join(found.paragraphs)


def test_what_was_not_used_is_not_cited():
    found = said({"correction": "none"})
    unused = {
        "lee_yu_2010",
        "yu_2008",
        "ubaru_2017",
        "anselin_1996",
        "chow_1960",
        "fu_lu_2025",
        "arellano_1987",
    }
    assert not unused & set(found.keys)


def test_tests_groups_and_alternatives():
    found = said(
        tests={"ladder": True},
        std_errors={"cov_types": ["cluster"]},
        robustness=[{"name": "knn", "weights": {"kind": "knn", "k": 4}}],
        impacts={"method": "simulate", "draws": 50, "random_state": 1, "level": 0.9},
    )
    text = " ".join(found.paragraphs)
    assert {"anselin_1996", "debarsy_ertur_2010", "elhorst_2010", "arellano_1987"} <= set(found.keys)
    assert "90% intervals from 50 draws of the estimates" in text
    assert "1 alternatives" not in text and "One alternative changes" in text


def test_every_citation_in_the_text_is_in_the_list_and_in_the_bibtex():
    found = said(tests={"ladder": True})
    text = " ".join(found.paragraphs)
    assert len(found.references) == len(set(found.keys))
    assert all(cited(key) in text for key in found.keys)
    entries = re.findall(r"@(\w+)\{(\w+),", found.bibtex)
    assert {key for _, key in entries} == set(found.keys)


def test_the_library_is_whole():
    works = library()
    text = bibtex(works)
    assert len(works) == text.count("@") > 25
    for key, work in works.items():
        assert re.fullmatch(r"[a-z_]+_\d{4}", key) and key.endswith(work.fields["year"])
        assert {"author", "year", "title"} < set(work.fields)
        assert ({"journal", "volume", "pages"} <= set(work.fields)) != ("publisher" in work.fields)
        assert all(re.fullmatch(r"[^,]+, [A-Z][^,]*", author) for author in work.authors)
        assert work.entry.count("{") == work.entry.count("}")
    # a text cites by names and year, which must tell works apart
    assert len({work.cited for work in works.values()}) == len(works)


def test_lines_of_the_list():
    assert listed(["lee_yu_2010", "anselin_1996"]) == [
        "Anselin, L., Bera, A. K., Florax, R. and Yoon, M. J. (1996). Simple diagnostic tests for spatial "
        "dependence. Regional Science and Urban Economics 26, 77–104.",
        "Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models with fixed effects. "
        "Journal of Econometrics 154, 165–185.",
    ]
    assert cited("anselin_1996") == "Anselin et al. 1996"
