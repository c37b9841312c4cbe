"""Where things are on a map to move about in, and what it shows."""

from __future__ import annotations

import re

__all__ = ["CHOSEN", "VALUES", "colours", "column", "counted", "legend", "middle", "shown", "transform"]

CHOSEN = ".shmap .chosen"
VALUES = ".shmap .values"


def shown(page):
    """Give how each unit is drawn: its kind, and whether others are singled out."""
    return page.eval_on_selector_all(
        ".shmap .view > *", "shapes => shapes.map(shape => shape.getAttribute('class'))"
    )


def colours(page):
    return page.eval_on_selector_all(
        ".shmap .view > *", "shapes => shapes.map(shape => getComputedStyle(shape).fill)"
    )


def legend(page):
    return page.locator(".shmap .legend li").all_inner_texts()


def counted(page):
    """Give how many units each row of the legend says that it has."""
    return [int(re.search(r"\(([\d,]+)\)$", text)[1].replace(",", "")) for text in legend(page)]


def middle(page, j):
    """Give a point of the screen inside a unit."""
    page.locator(".shmap .stage").scroll_into_view_if_needed()
    return page.evaluate(
        """j => { const shape = document.querySelector('.shmap .view').children[j], box = shape.getBBox();
        const at = new DOMPoint(box.x + box.width / 2, box.y + box.height / 2).matrixTransform(shape.getScreenCTM());
        return [at.x, at.y]; }""",
        j,
    )


def transform(page):
    """Give how far the map is moved right and down, and how much it is enlarged."""
    page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    found = re.match(
        r"translate\((\S+) (\S+)\) scale\((\S+)\)", page.get_attribute(".shmap .view", "transform")
    )
    return [float(each) for each in found.groups()]


def column(page, table, j):
    return page.eval_on_selector_all(
        f"{table} tbody tr", f"rows => rows.map(row => row.cells[{j}].textContent)"
    )
