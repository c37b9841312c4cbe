"""One self-contained page of HTML: tables, notes, versions, and the lines of Python that give the same."""

import html
import re
import sys
from urllib.parse import unquote

LONG = 110  # characters of a line

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


def script(lines):
    """Give lines of Python with the imports that they need."""
    used = {"gpd": "import geopandas as gpd", "pd": "import pandas as pd", "sh": "import spatialhealth as sh"}
    text = "\n".join(lines)
    return [*(line for name, line in used.items() if re.search(rf"\b{name}\.", text)), "", *lines]


def read_lines(work, variable, name, fields=(), index="", geometry=True, lost=None, fids=False):
    """Give the lines of Python that read what a tool read from a source.

    `fields` and `geometry` are what the tool needs, and `index` is the field of ids, or several; with `fids` the ids
    are those of QGIS. `lost` are the fields that the tool asked values of, if it left features out.
    """
    fields = [*fields, *([index] if index and isinstance(index, str) else index)]
    layer, why = work.layer(name), work.beyond(name, fields)
    ids, shape, text = ", fid_as_index=True" if fids else "", ["geometry"], None
    if not why and layer.providerType() == "delimitedtext":
        text = _text(layer, variable, geometry)
        why = "" if text else "options of delimited text"
    if why:
        source = work.source(name)
        read, every = source.featureCount(), 0 if layer is None else layer.dataProvider().featureCount()
        lines = [
            f"# the tool read {read}{f' of {every}' if every > read else ''} features of {source.sourceName()!r} "
            f"({why}): read the same here",
            f"{variable} = gpd.read_file('A FILE OF THESE FEATURES'{ids})",
        ]
    elif text:
        call, shape, made, first = text
        lines = [f"{variable} = {call}"]
        if geometry:
            lines.append(f"{variable} = gpd.GeoDataFrame({variable}, {made})")
        if fids:
            lines.append(f"{variable}.index += {first}  # the line in the file, as QGIS counts")
    else:
        lines = [f"{variable} = {_file(layer, fields, ids)}"]
    calls = []
    if lost is not None:
        calls.append(f".dropna(subset={[*lost, *(shape if geometry else ())]!r})")
    if index:
        calls.append(f".set_index({index!r})")
    for call in calls:
        if "#" in lines[-1] or len(lines[-1] + call) > LONG:
            lines.append(f"{variable} = {variable}{call}")
        else:
            lines[-1] += call
    return lines


def _file(layer, fields, ids):
    """Give the call that reads a layer of OGR."""
    from qgis.core import QgsProviderRegistry

    source, provider = layer.source(), layer.dataProvider()
    parts = QgsProviderRegistry.instance().decodeUri("ogr", source)
    path, more = source.split("|")[0], ids
    if parts.get("layerName"):
        more += f", layer={parts['layerName']!r}"
    elif parts.get("layerId") is not None:
        more += f", layer={int(parts['layerId'])}"
    if layer.subsetString():
        more += f", where={layer.subsetString()!r}"
    if path.lower().endswith((".csv", ".tsv")):
        more += ", AUTODETECT_TYPE='YES'"
    key = [layer.fields()[place].name() for place in provider.pkAttributeIndexes()]
    tail = ""
    if not ids and set(key) & set(fields):
        more, tail = more + ", fid_as_index=True", f".rename_axis({key[0]!r}).reset_index()"
    if layer.crs() != provider.crs() and layer.crs().isValid():
        tail += f".set_crs({layer.crs().authid()!r}, allow_override=True)"
    return f"gpd.read_file({path!r}{more}){tail}"


def _text(layer, variable, geometry):
    """Give how pandas reads delimited text, or nothing if it does not read it alike.

    That is the call, the columns of the geometry, what makes it of them, and the line of the first row.
    """
    from qgis.core import QgsProviderRegistry

    path = QgsProviderRegistry.instance().decodeUri("delimitedtext", layer.source())["path"]
    pairs = (pair.partition("=") for pair in layer.source().partition("?")[2].split("&"))
    asked = {name: unquote(value) for name, _, value in pairs}
    mark = asked.get("delimiter", ",").replace("\\t", "\t")
    odd = {"xyDms", "skipEmptyFields", "trimFields"} & set(asked)
    odd = odd or asked.get("type", "csv") != "csv" or len(mark) > 1 or asked.get("escape", '"') != '"'
    if odd or asked.get("useHeader", "yes").lower().startswith("n"):
        return None
    skipped = int(asked.get("skipLines") or 0)
    found = (
        ("sep", mark, ","),
        ("decimal", asked.get("decimalPoint"), "."),
        ("quotechar", asked.get("quote"), '"'),
        ("encoding", asked.get("encoding"), "UTF-8"),
        ("skiprows", skipped, 0),
    )
    more = "".join(f", {name}={value!r}" for name, value, usual in found if value and value != usual)
    call = f"pd.read_csv({path!r}{more})"
    if "xField" in asked:
        places, columns = [asked["xField"], asked["yField"]], []
        # QGIS passes over rows without a place where it is asked for places
        call += f".dropna(subset={places!r})" if geometry else ""
        made = f"gpd.points_from_xy({', '.join(f'{variable}[{each!r}]' for each in places)})"
    else:
        columns = [asked.get("wktField", "")]
        if geometry and not columns[0]:
            return None
        made = f"gpd.GeoSeries.from_wkt({variable}[{columns[0]!r}])"
    return call, columns, f"geometry={made}, crs={layer.crs().authid()!r}", skipped + 2
