"""A grid as a table of a Word document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spatialhealth.errors import MissingLibraryError
from spatialhealth.report.grid import Grid, Row, true_minus

__all__ = ["grid_to_word"]

_GREEK = {"rho": "ρ", "lambda": "λ", "phi": "φ", "tau": "τ", "eta": "η"}
_UPRIGHT = 5  # columns of numbers that a page holds upright
_LARGE, _SMALL, _MANY = 10, 8, 8  # points; and columns from which on the small font is taken
_A4 = (210, 297, 20)  # millimetres: width, height, margin
_THICK, _THIN = 12, 6  # eighths of a point


def grid_to_word(grid: Grid, path: Any) -> Path:
    """Write a grid as a Word document, A4, on its side where the columns need it.

    Parameters
    ----------
    grid : Grid
    path : path-like
        Where to write; its folder must exist.

    Returns
    -------
    Path

    Raises
    ------
    MissingLibraryError
        If python-docx is not installed.
    """
    try:
        from docx import Document
    except ModuleNotFoundError:
        raise MissingLibraryError(
            "A Word document needs python-docx, which is not installed here. Install it (pip install python-docx), "
            "or save the table as .html, which Word opens too."
        ) from None
    document = Document()
    _page(document, len(grid.heads) > _UPRIGHT)
    if grid.caption:
        document.add_paragraph().add_run(true_minus(grid.caption)).bold = True
    _table(document, grid, _SMALL if len(grid.heads) >= _MANY else _LARGE)
    _set(document.add_paragraph(), true_minus(" ".join(grid.notes)), _SMALL)
    out = Path(path)
    document.save(str(out))
    return out


def _page(document: Any, sideways: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Mm

    section = document.sections[0]
    width, height, margin = _A4
    if sideways:
        section.orientation = WD_ORIENT.LANDSCAPE
        width, height = height, width
    section.page_width, section.page_height = Mm(width), Mm(height)
    for side in ("left", "right", "top", "bottom"):
        setattr(section, f"{side}_margin", Mm(margin))


def _table(document: Any, grid: Grid, points: int) -> None:
    heads = [["", *(true_minus(head) for head in grid.heads)]]
    titled = sum(bool(block.title) for block in grid.blocks)
    above = 1 if grid.spans else 0
    table = document.add_table(rows=above + 1 + titled + len(grid.rows), cols=len(grid.heads) + 1)
    table.autofit = True
    rows = list(table.rows)
    if above:
        _spans(rows[0], grid, points)
    for cell, text in zip(rows[above].cells, heads[0], strict=True):
        _set(cell.paragraphs[0], text, points, centred=True)
    for row in rows[: above + 1]:
        _repeated(row)
    _rule(rows[0], "top", _THICK)
    _rule(rows[above], "bottom", _THIN)
    place = above + 1
    for j, block in enumerate(grid.blocks):
        if j and not block.title:
            _rule(rows[place], "top", _THIN)
        if block.title:
            merged = rows[place].cells[0].merge(rows[place].cells[-1])
            _set(merged.paragraphs[0], true_minus(block.title), points, italic=True)
            place += 1
        for row in block.rows:
            _fill(rows[place], row, points)
            place += 1
    _rule(rows[-1], "bottom", _THICK)


def _spans(row: Any, grid: Grid, points: int) -> None:
    start = 1
    for text, width in grid.spans:
        merged = row.cells[start].merge(row.cells[start + width - 1])
        _set(merged.paragraphs[0], true_minus(text), points, centred=True)
        start += width


def _fill(line: Any, row: Row, points: int) -> None:
    label = _GREEK[row.label] if row.symbol else true_minus(row.label)
    cells = line.cells
    _set(cells[0].paragraphs[0], label, points)
    for cell, content in zip(cells[1:], row.cells, strict=True):
        _set(cell.paragraphs[0], true_minus(str(content)), points, centred=True)


def _set(paragraph: Any, text: str, points: int, *, centred: bool = False, italic: bool = False) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    run = paragraph.add_run(text)
    run.font.size = Pt(points)
    run.italic = italic
    paragraph.paragraph_format.space_after = Pt(0)
    paragraph.paragraph_format.space_before = Pt(0)
    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _rule(row: Any, side: str, weight: int) -> None:
    """Draw a rule along a row: Word has none of tables like these but cell by cell."""
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    for cell in row._tr.tc_lst:
        properties = cell.get_or_add_tcPr()
        borders = properties.find(qn("w:tcBorders"))
        if borders is None:
            borders = OxmlElement("w:tcBorders")
            properties.append(borders)
        line = OxmlElement(f"w:{side}")
        for name, value in (("val", "single"), ("sz", str(weight)), ("color", "auto")):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)


def _repeated(row: Any) -> None:
    """Repeat a row at the head of every page."""
    from docx.oxml import OxmlElement

    row._tr.get_or_add_trPr().append(OxmlElement("w:tblHeader"))
