"""A grid as HTML that brings its own looks, for notebooks, pages and mails."""

from __future__ import annotations

import html

from spatialhealth._format import true_minus
from spatialhealth.report.grid import GREEK, Block, Grid, Row

__all__ = ["grid_to_html", "html_page"]

_RULE = "1.5pt solid currentColor"
_THIN = "0.75pt solid currentColor"
_PAD = "padding:0.15em 0.7em"
_NO_WIDER = "width:0;min-width:100%"  # a long sentence must not make the table wider than its columns


def grid_to_html(grid: Grid) -> str:
    """Give a grid as an HTML table.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    str
    """
    tail = max((len(cell.tail) for row in grid.rows for cell in row.cells), default=0)
    caption = (
        f"<caption style='caption-side:top;text-align:left;padding-bottom:0.4em'>{_text(grid.caption)}</caption>"
        if grid.caption
        else ""
    )
    body = "".join(_block(block, j, tail, len(grid.heads) + 1) for j, block in enumerate(grid.blocks))
    notes = (
        f"<tfoot><tr><td colspan='{len(grid.heads) + 1}' style='text-align:left;border-top:{_RULE};{_PAD};"
        f"font-size:0.85em'><div style='{_NO_WIDER}'>{_text(' '.join(grid.notes))}</div></td></tr></tfoot>"
    )
    return (
        "<div class='wide' style='overflow-x:auto'><table class='regression' style='border-collapse:collapse;"
        f"border-top:{_RULE};border-bottom:0;font-variant-numeric:tabular-nums'>"
        f"{caption}<thead>{_heads(grid)}</thead>{body}{notes}</table></div>"
    )


def html_page(grid: Grid) -> str:
    """Give a page that holds nothing but the table.

    Parameters
    ----------
    grid : Grid

    Returns
    -------
    str
    """
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{_text(grid.caption or 'Regression table')}</title>\n</head>\n"
        f"<body style='font-family:system-ui,sans-serif'>\n{grid_to_html(grid)}\n</body>\n</html>\n"
    )


def _text(text: str) -> str:
    return html.escape(true_minus(text))


def _heads(grid: Grid) -> str:
    style = f"text-align:center;vertical-align:bottom;{_PAD}"
    spans = "".join(
        f"<th scope='colgroup' colspan='{width}' style='{style};border-bottom:{_THIN}'>{_text(text)}</th>"
        for text, width in grid.spans
    )
    upper = f"<tr><td></td>{spans}</tr>" if spans else ""
    heads = "".join(f"<th scope='col' style='{style}'>{_text(head)}</th>" for head in grid.heads)
    return f"{upper}<tr><td></td>{heads}</tr>"


def _block(block: Block, place: int, tail: int, columns: int) -> str:
    """Give the rows of a block; a thin rule sets it off from what stands above."""
    rows = [_row(row, tail) for row in block.rows]
    if block.title:
        rows.insert(
            0,
            f"<tr><th scope='rowgroup' colspan='{columns}' style='text-align:left;font-weight:normal;"
            f"font-style:italic;{_PAD}'>{_text(block.title)}</th></tr>",
        )
    rule = f" style='border-top:{_THIN}'" if place == 0 or not block.title else ""
    return f"<tbody{rule}>{''.join(rows)}</tbody>"


def _row(row: Row, tail: int) -> str:
    label = GREEK[row.label] if row.symbol else _text(row.label)
    kind = (
        f"<td style='{_PAD}'></td>"
        if row.kind == "bracket"
        else f"<th scope='row' style='text-align:left;font-weight:normal;white-space:nowrap;{_PAD}'>{label}</th>"
    )
    return f"<tr>{kind}{''.join(_cell(str(c.text), c.tail, row.kind, tail) for c in row.cells)}</tr>"


def _cell(text: str, tail: str, kind: str, width: int) -> str:
    """Give a cell; what hangs behind the digits has the same room in every row."""
    if kind == "fact":
        return f"<td style='text-align:center;white-space:nowrap;{_PAD}'>{_text(text)}</td>"
    room = f"<span style='display:inline-block;width:{0.5 * width:g}em;text-align:left'>{_text(tail)}</span>"
    return f"<td style='text-align:right;white-space:nowrap;{_PAD}'>{_text(text)}{room if text else ''}</td>"
