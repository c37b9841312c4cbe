"""Lines of keys in a TOML text."""

from __future__ import annotations

import tomllib
from importlib.resources import files

from spatialhealth.report.lines import lines_of

TEXT = '''# [no.table]
title = "a = [b"   # x = 1
long = """
[no]
k = 2
"""

[data]
a.b = 1

  "quoted key" = 'x'
[[rob]]
name = "x"
weights = { kind = "knn",
  k = 6 }
[rob.more]
z=1
[[rob]] # [[rob]]
list = [ # [[
  "x]",
  'y'
]
last = """x\\"""" # t
end=1'''


def test_every_key_is_found_where_it_stands():
    assert lines_of(TEXT) == {
        "title": 2,
        "long": 3,
        "data": 8,
        "data.a.b": 9,
        "data.quoted key": 11,
        "rob[1]": 12,
        "rob[1].name": 13,
        "rob[1].weights": 14,
        "rob[1].more": 16,
        "rob[1].more.z": 17,
        "rob[2]": 18,
        "rob[2].list": 19,
        "rob[2].last": 23,
        "rob[2].end": 24,
    }


def test_every_key_of_the_demonstration_is_found():
    text = (files("spatialhealth.report") / "templates" / "demo.toml").read_text(encoding="utf-8")
    found = lines_of(text)
    rows = text.splitlines()
    content = tomllib.loads(text)
    for name, part in content.items():
        if isinstance(part, dict):
            assert rows[found[name] - 1] == f"[{name}]"
            for key in part:
                assert rows[found[f"{name}.{key}"] - 1].startswith(key)
        elif isinstance(part, list):
            for j, table in enumerate(part, 1):
                assert rows[found[f"{name}[{j}]"] - 1] == f"[[{name}]]"
                for key in table:
                    assert rows[found[f"{name}[{j}].{key}"] - 1].startswith(key)
        else:
            assert rows[found[name] - 1].startswith(name)
