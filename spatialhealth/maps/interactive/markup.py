"""The HTML of a map to move about in: all of it is there without the script, which only makes it move."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Sequence
from importlib.resources import files

from spatialhealth.maps.interactive.outlines import Outlines
from spatialhealth.maps.interactive.theme import Painted
from spatialhealth.maps.layer import FADED
from spatialhealth.maps.style import EDGE, MISSING

__all__ = ["written"]

_WIDE = 700  # pixels that a map is about wide before a script measures it
_PRINTED = 100  # units; a longer table is read on the screen
_KEYS = (
    "Drag to move; + and − or Ctrl with the wheel to zoom; click a unit for all its values, a class for its units "
    "only. Keys, once the map has the focus: arrows, +, −, 0 for the whole map, n and p for the next and previous "
    "unit, Escape."
)
_UNPRINTED = "The values of the {:,} units are not printed; the page itself has them."
_TURNS = {"s": -45, "f": 0, "m": 45}


def written(
    outlines: Outlines, units: Sequence[str], themes: Sequence[Painted], title: str, source: str, height: int
) -> str:
    """Write the map.

    Parameters
    ----------
    outlines : Outlines
    units : sequence of str
        What each unit is called.
    themes : sequence of Painted
        The first is shown where there is no script.
    title, source : str
    height : int
        Pixels that the map is high at most.

    Returns
    -------
    str
        HTML.
    """
    data = json.dumps([theme.content for theme in themes], ensure_ascii=False, separators=(",", ":"))
    data = data.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    table = _table(units, themes)
    parts = (data, table, title, source, str(height), *outlines.paths)
    mark = "shmap" + hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]
    folder = files("spatialhealth.maps.interactive")
    style, script = (
        folder.joinpath(name).read_text(encoding="utf-8").strip() for name in ("map.css", "map.js")
    )
    first, long = themes[0], len(units) > _PRINTED
    return (
        f'<div id="{mark}" class="shmap" data-source="{html.escape(source)}">\n'
        f"<style>\n{style}\n{_rules(mark, themes)}</style>\n"
        + (f"<h2>{html.escape(title)}</h2>\n" if title else "")
        + _bar(mark, themes)
        + '<div class="sheet">\n<div class="stage">\n'
        + _svg(mark, outlines, len(units), themes, height)
        + '<p class="tip" aria-hidden="true" hidden></p>\n</div>\n<div class="side">\n'
        + f'<div aria-live="polite"><p class="head">{html.escape(first.theme.label)}</p>\n'
        + f'<p class="about note">{html.escape(first.theme.note)}</p></div>\n'
        + f'<ul class="legend">\n{_legend(first)}</ul>\n<p class="about">{len(units):,} units; in brackets, how many '
        + f'of each kind.{" " if source else ""}{html.escape(source)}</p>\n</div>\n</div>\n'
        + '<div class="chosen" aria-live="polite" hidden></div>\n'
        + f'<p class="about keys" id="{mark}-keys" hidden>{_KEYS}</p>\n'
        + f'<details class="values{" long" if long else ""}"><summary>The same as a table: {len(units):,} units'
        + f"</summary>\n{table}\n</details>\n"
        + (f'<p class="printed about">{_UNPRINTED.format(len(units))}</p>\n' if long else "")
        + f'<script type="application/json">{data}</script>\n'
        + f"<script>({script})(document.getElementById({json.dumps(mark)}));</script>\n</div>\n"
    )  # fmt: skip


def _rules(mark: str, themes: Sequence[Painted]) -> str:
    """Give the fills of the kinds of units; what is patterned refers to a pattern of this map."""
    most = max(len(theme.classes.labels) for theme in themes)
    plain = "".join(f".shmap .k{j}{{fill:var(--k{j})}}" for j in range(most))
    patterned = "".join(f"#{mark} .{name}{{fill:url(#{mark}-{name})}}" for name in _patterned(themes))
    return plain + patterned + "\n"


def _patterned(themes: Sequence[Painted]) -> list[str]:
    return sorted({kind for theme in themes for kind in theme.kinds if kind[0] != "k" or kind == "km"})


def _bar(mark: str, themes: Sequence[Painted]) -> str:
    """Give the controls, which the script shows."""
    menu = ""
    if len(themes) > 1:
        groups: dict[str, list[str]] = {}
        for j, each in enumerate(themes):
            option = f'<option value="{j}">{html.escape(each.theme.label)}</option>\n'
            groups.setdefault(each.theme.group, []).append(option)
        options = "".join(
            f'<optgroup label="{html.escape(name)}">\n{"".join(rows)}</optgroup>\n' if name else "".join(rows)
            for name, rows in groups.items()
        )
        menu = (
            f'<p><label for="{mark}-show">Show</label>\n<select id="{mark}-show">\n{options}</select></p>\n'
        )
    return (
        f'<div class="bar" hidden>\n{menu}<p><label for="{mark}-find">Find a unit</label>\n'
        f'<input id="{mark}-find" list="{mark}-units" autocomplete="off" spellcheck="false">'
        f'<datalist id="{mark}-units"></datalist></p>\n'
        '<p class="zoom"><button type="button" data-do="in" aria-label="Zoom in">+</button>'
        '<button type="button" data-do="out" aria-label="Zoom out">−</button>'
        '<button type="button" data-do="all">Whole map</button>'
        '<button type="button" data-do="save">Download map (SVG)</button></p>\n'
        '<p class="told" role="status"></p>\n</div>\n'
    )


def _svg(mark: str, outlines: Outlines, units: int, themes: Sequence[Painted], height: int) -> str:
    first, step = themes[0], outlines.width / _WIDE
    style = "".join(f"--k{j}:{colour};" for j, colour in enumerate(first.classes.colours))
    shapes = "\n".join(
        _shape(kind, path, outlines.radius) for kind, path in zip(first.kinds, outlines.paths, strict=True)
    )
    return (
        f'<svg viewBox="0 0 {outlines.width} {outlines.height}" role="img" '
        f'aria-label="Map of {units} units: {html.escape(first.theme.label)}" '
        f'style="max-height:min({height}px,78vh);{style}">\n'
        f"<defs>{''.join(_pattern(mark, name, step) for name in _patterned(themes))}</defs>\n"
        f'<g class="view">\n{shapes}\n</g>\n</svg>\n'
    )


def _shape(kind: str, path: str, radius: int) -> str:
    if radius and path:
        x, y = path.split(" ")
        return f'<circle class="{kind}" cx="{x}" cy="{y}" r="{radius}"/>'
    return f'<path class="{kind}" d="{path}"/>'


def _pattern(mark: str, name: str, step: float) -> str:
    """Give stripes for what lies below zero, dots for what is uncertain, hatching for what is missing."""
    kind = "m" if name == "km" else name[0]
    inside = {
        "s": f'<path class="k{name[1:]}" d="M0 0h6v6h-6z"/><path d="M0 0v6" stroke="#fff" stroke-width="2"/>',
        "f": f'<path class="k{name[1:]}" fill-opacity="{FADED}" d="M0 0h6v6h-6z"/>'
        f'<path d="M2 2h1.6v1.6h-1.6z" fill="{EDGE}"/>',
        "m": f'<path fill="{MISSING}" d="M0 0h6v6h-6z"/><path d="M0 0v6" stroke="{EDGE}" stroke-width="2"/>',
    }[kind]
    turn = _TURNS[kind]
    return (
        f'<pattern id="{mark}-{name}" width="6" height="6" patternUnits="userSpaceOnUse" '
        f'patternTransform="rotate({turn}) scale({step:.4g})">{inside}</pattern>'
    )


def _legend(theme: Painted) -> str:
    rows = []
    for kind, name, count in theme.legend:
        fill = ""
        if kind[:1] in ("k", "s") and kind != "km":
            fill = f' style="--fill:{theme.classes.colours[int(kind[1:])]}"'
        side = "m" if kind == "km" else kind[:1]
        rows.append(
            f'<li><span class="swatch {side}"{fill}></span>{html.escape(name)} '
            f'<span class="count">({count:,})</span></li>\n'
        )
    return "".join(rows)


def _table(units: Sequence[str], themes: Sequence[Painted]) -> str:
    """Give the values behind the map: one row a unit, one column a variable."""

    def column(theme: Painted) -> list[str]:
        kind = "" if theme.right else ' class="text"'
        return [f"<td{kind}>{html.escape(text)}</td>" for text in theme.texts]

    heads = "".join(f'<th scope="col">{html.escape(theme.theme.label)}</th>' for theme in themes)
    columns = [column(theme) for theme in themes]
    rows = "".join(
        f'<tr><th scope="row">{html.escape(unit)}</th>{"".join(cells)}</tr>'
        for unit, *cells in zip(units, *columns, strict=True)
    )
    caption = "The values of the map, one row a unit."
    return (
        f'<div class="wide" tabindex="0" role="group" aria-label="{caption}"><table><caption>{caption}</caption>'
        f'<thead><tr><th scope="col">Unit</th>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
