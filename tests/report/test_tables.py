"""Tables: digits, escapes, headings."""

from __future__ import annotations

import numpy as np
import pandas as pd

from spatialhealth.report.tables import Table, number, p_value

FRAME = pd.DataFrame(
    {
        "variable": ["a_b", "a_b", "<i>&"],
        "effect": ["direct", "total", "direct"],
        "estimate": [1 / 3, -2.0, np.nan],
        "p_value": [0.04321, 1e-9, np.nan],
        "n": [3108, 1, 2],
    }
)
TABLE = Table("name", "A caption with < and &", FRAME)


def test_csv_has_all_digits_and_reads_back():
    lines = TABLE.to_csv().splitlines()
    assert lines[0] == "variable,effect,estimate,p_value,n"
    assert lines[1] == "a_b,direct,0.333333333333,0.04321,3108"


def test_latex_is_escaped_and_has_the_rules_of_booktabs():
    text = TABLE.to_latex()
    assert r"\begin{tabular}{llrrr}" in text
    assert r"a\_b & direct & 0.3333 & 0.043 & 3,108 \\" in text
    assert r"a\_b & total & $-$2.0000 & \textless{}0.001 & 1 \\" in text
    assert r"\textless{}i\textgreater{}\& & direct &  &  & 2 \\" in text
    assert text.count("rule") == 3


def test_html_is_escaped_and_has_headings():
    text = TABLE.to_html()
    assert "<caption>A caption with &lt; and &amp;</caption>" in text
    assert '<th scope="col">Regressor</th>' in text
    assert '<th scope="row">&lt;i&gt;&amp;</th>' in text
    assert text.count('class="again"') == 1


def test_numbers_are_written_for_a_reader():
    assert [number(x) for x in (0.0, -0.0, 12.34567, 123456.7, -0.00012)] == [
        "0.0000", "0.0000", "12.3457", "123,457", "−1.200e−04",
    ]  # fmt: skip
    assert p_value(0.9996) == "1.000"
