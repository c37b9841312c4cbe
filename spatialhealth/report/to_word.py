"""A grid as a table of a Word document."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spatialhealth._format import true_minus
from spatialhealth.errors import MissingLibraryError
from spatialhealth.report.grid import GREEK, Grid, Row

__all__ = ["grid_to_word"]

_UPRIGHT = 5  # columns of numbers that a page holds upright
_FONT, _LARGEST, _SMALLEST = "Times New Roman", 10, 6  # points
_CHARACTER = 0.5 * 0.353  # millimetres that a character takes for every point of the font
_A4 = (210, 297, 20)  # millimetres: width, height, margin
_GAP = 3  # characters of room beside the longest text of a column
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
        from docx.shared import Pt
    except ModuleNotFoundError:
        raise MissingLibraryError(
            "A Word document needs python-docx, which is not installed here. Install it (pip install python-docx), "
            "or save the table as .html, which Word opens too."
        ) from None
    document = Document()
    width = _page(document, len(grid.heads) > _UPRIGHT)
    label, *others = _lengths(grid)
    parts = grid.split(others, width / _CHARACTER / _SMALLEST - label)
    points = min(_points(part, width) for part in parts)
    _plain(document, points)
    for part in parts:
        if part.caption:
            document.add_paragraph().add_run(true_minus(part.caption)).bold = True
        _table(document, part, width)
        _set(document.add_paragraph(), " ".join(part.notes)).font.size = Pt(points - 1)
    out = Path(path)
    document.save(str(out))
    return out


def _page(document: Any, sideways: bool) -> float:
    """Set up the page, and give the width of its text in millimetres."""
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
    return float(width - 2 * margin)


def _plain(document: Any, points: int) -> None:
    """Let every paragraph, the empty ones of empty cells too, be of one size and close to the next."""
    from docx.shared import Pt

    style = document.styles["Normal"]
    style.font.name, style.font.size = _FONT, Pt(points)
    style.paragraph_format.space_after = style.paragraph_format.space_before = Pt(0)
    style.paragraph_format.line_spacing = 1.0


def _table(document: Any, grid: Grid, width: float) -> None:
    above = 1 if grid.spans else 0
    titled = sum(bool(block.title) for block in grid.blocks)
    table = document.add_table(rows=above + 1 + titled + len(grid.rows), cols=len(grid.heads) + 1)
    widths = _widths(grid, width)
    _set_widths(table, widths)
    rows = list(table.rows)
    if above:
        _spans(rows[0], grid)
    for cell, head in zip(rows[above].cells[1:], grid.heads, strict=True):
        _set(cell.paragraphs[0], head, centred=True)
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
            _set(merged.paragraphs[0], block.title).italic = True
            place += 1
        for row in block.rows:
            _fill(rows[place], row, widths)
            place += 1
    _rule(rows[-1], "bottom", _THICK)


def _lengths(grid: Grid) -> list[int]:
    """Count the characters that each column needs, room to the next included."""
    first = max(len(row.label) for row in grid.rows)
    others = [
        max(len(head), *(len(str(row.cells[j])) for row in grid.rows)) for j, head in enumerate(grid.heads)
    ]
    return [length + _GAP for length in (first, *others)]


def _points(grid: Grid, room: float) -> int:
    """Give the largest size of the font in which a table is no wider than the text."""
    return min(max(int(room / sum(_lengths(grid)) / _CHARACTER), _SMALLEST), _LARGEST)


def _widths(grid: Grid, room: float) -> list[float]:
    """Share the width of the text among the columns by their longest text."""
    lengths = _lengths(grid)
    return [room * length / sum(lengths) for length in lengths]


def _set_widths(table: Any, widths: list[float]) -> None:
    """Set widths cell by cell: programs differ in where they read them."""
    from docx.shared import Mm

    table.autofit = False
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)


def _spans(row: Any, grid: Grid) -> None:
    start = 1
    for text, width in grid.spans:
        merged = row.cells[start].merge(row.cells[start + width - 1])
        _set(merged.paragraphs[0], text, centred=True)
        start += width


def _fill(line: Any, row: Row, widths: list[float]) -> None:
    from docx.enum.text import WD_TAB_ALIGNMENT
    from docx.shared import Mm

    _set(line.cells[0].paragraphs[0], GREEK[row.label] if row.symbol else row.label)
    for cell, content, width in zip(line.cells[1:], row.cells, widths[1:], strict=True):
        paragraph = cell.paragraphs[0]
        at_point = row.kind != "fact" and content.tail != "]"
        _set(paragraph, str(content), centred=not at_point)
        if at_point:  # in a cell, numbers go to a decimal tab of their own accord
            paragraph.paragraph_format.tab_stops.add_tab_stop(Mm(0.42 * width), WD_TAB_ALIGNMENT.DECIMAL)


def _set(paragraph: Any, text: str, *, centred: bool = False) -> Any:
    """Write into a paragraph, and give what was written."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    if centred:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
    return paragraph.add_run(true_minus(text))


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
