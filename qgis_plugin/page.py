"""One self-contained page of HTML: tables, notes, versions, and the lines of Python that give the same."""

import html
import re
import sys

STYLE = (
    "body{font:14px/1.5 system-ui,sans-serif;max-width:60em;margin:2em auto;padding:0 1em;color:#222}"
    "table{border-collapse:collapse;margin:1em 0}td,th{padding:.2em .8em;"
    "border-bottom:1px solid #ddd;text-align:right}"
    "td:first-child,th:first-child{text-align:left;white-space:nowrap}h2{margin-top:1.6em;font-size:1.15em}"
    "pre{background:#f5f5f5;padding:1em;white-space:pre-wrap}p.note{color:#555}"
)


def table(rows, heading=None):
    """Give a table of texts and numbers."""
    lines = ["<table>"]
    if heading:
        lines.append("<tr>" + "".join(f"<th>{html.escape(str(each))}</th>" for each in heading) + "</tr>")
    lines += [
        "<tr>" + "".join(f"<td>{html.escape(_written(each))}</td>" for each in row) + "</tr>" for row in rows
    ]
    return "\n".join([*lines, "</table>"])


def _written(value):
    from spatialhealth._format import number

    return number(value) if isinstance(value, float) else str(value)


def versions():
    """Give the versions of what made the numbers."""
    import numpy
    import scipy
    from qgis.core import Qgis

    import spatialhealth

    python = ".".join(map(str, sys.version_info[:3]))
    return (
        f"spatialhealth {spatialhealth.__version__}, QGIS {Qgis.QGIS_VERSION}, Python {python}, "
        f"numpy {numpy.__version__}, scipy {scipy.__version__}"
    )


def page(title, sections, code):
    """Give the page.

    `sections` are pairs of a heading and HTML; `code` is the lines of Python that repeat the computation.
    """
    parts = [f"<h1>{html.escape(title)}</h1>"]
    for heading, body in sections:
        parts += [f"<h2>{html.escape(heading)}</h2>", body]
    parts += [
        "<h2>The same in Python</h2>",
        f"<pre>{html.escape(chr(10).join(code))}</pre>",
        f"<p class='note'>{html.escape(versions())}</p>",
    ]
    return (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{html.escape(title)}</title>"
        f"<style>{STYLE}</style></head><body>{chr(10).join(parts)}</body></html>"
    )


def below(body):
    """Give HTML of the package without its own heading, to stand below that of a section."""
    return re.sub(r"^<h4>.*?</h4>", "", body)


def read_code(path, unit):
    """Give the lines of Python that read a layer with its ids."""
    index = f".set_index({unit!r})" if unit else ""
    return [
        "import geopandas as gpd",
        "import spatialhealth as sh",
        "",
        f"layer = gpd.read_file({path!r}){index}",
    ]
