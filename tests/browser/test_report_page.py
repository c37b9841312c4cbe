"""What a reader does with a report: sorts, copies, saves, prints; also by keyboard alone."""

from __future__ import annotations

import csv
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from tests.browser.on_map import CHOSEN, VALUES, column, middle

pytestmark = pytest.mark.browser


@pytest.fixture(params=["demo", "hospital"])
def report(request):
    return request.getfixturevalue(request.param)


def first_sortable(page):
    return page.locator("#effects .wide").first


def test_tables_sort_by_click_and_by_keyboard_and_go_back(visit, demo):
    page = visit(demo)
    wide = first_sortable(page)
    names = wide.locator("thead th").all_inner_texts()
    j = next(j for j, name in enumerate(names) if name.startswith("Estimate"))
    head = wide.locator("thead th").nth(j)

    def numbers():
        texts = wide.locator(f"tbody tr > :nth-child({j + 1})").all_inner_texts()
        return [float(text.replace("−", "-").replace(",", "")) for text in texts]

    start = numbers()
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending" and numbers() == sorted(start) != start
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending" and numbers() == sorted(start, reverse=True)
    page.wait_for_function("() => document.getElementById('said').textContent.includes('descending')")
    page.keyboard.press("Space")
    assert head.get_attribute("aria-sort") is None and numbers() == start
    other = wide.locator("thead th").first
    other.locator("button").click()
    assert wide.locator("[aria-sort]").count() == 1
    words = wide.locator("tbody tr > :first-child").all_text_contents()
    assert words == sorted(words)


def test_sorting_the_values_does_not_mix_up_the_map(visit, demo):
    page = visit(demo)
    units, values = column(page, VALUES, 0), column(page, VALUES, 1)
    page.click(f"{VALUES} summary")
    page.locator(f"{VALUES} thead button").nth(1).click()
    assert column(page, VALUES, 0) != units
    page.mouse.move(*middle(page, 100))
    assert page.inner_text(".shmap .tip") == f"{units[100]}\n{values[100]}"


def test_a_table_is_copied_as_columns_between_tabs(visit, demo):
    page = visit(demo)
    wide = first_sortable(page)
    button = wide.locator("xpath=preceding-sibling::div[1]").locator("button.copy")
    button.click()
    page.wait_for_function("() => document.getElementById('said').textContent === 'Copied.'")
    rows = list(csv.reader(page.evaluate("navigator.clipboard.readText()").splitlines(), delimiter="\t"))
    assert rows[0][:3] == ["Regressor", "Effect", "Estimate"]
    assert len(rows) == 1 + wide.locator("tbody tr").count()
    assert {len(row) for row in rows} == {len(rows[0])}
    with (demo.parent.parent / "tables" / "effects.csv").open() as file:
        written = list(csv.DictReader(file))
    assert [row[0] for row in rows[1:]] == [row["variable"] for row in written]
    assert [float(row[2]) for row in rows[1:]] == pytest.approx(
        [float(row["estimate"]) for row in written], abs=6e-5
    )


def test_regression_tables_and_bibtex_copy_too(visit, demo):
    page = visit(demo)
    page.click("#robustness details:has(table.regression) summary")
    page.locator("#robustness details:has(table.regression) button.copy").click()
    page.wait_for_function("() => document.getElementById('said').textContent === 'Copied.'")
    rows = page.evaluate("navigator.clipboard.readText()").rstrip("\n").split("\n")
    assert {len(row.split("\t")) for row in rows if row.count("\t")} == {6}
    page.get_by_role("button", name="Copy BibTeX").click()
    page.wait_for_function("() => navigator.clipboard.readText().then(text => text.startsWith('@'))")
    assert page.evaluate("navigator.clipboard.readText()") == page.text_content("[data-called=BibTeX] pre")


def test_every_figure_is_saved_from_the_page_itself(visit, demo, tmp_path):
    page = visit(demo)
    links = page.locator("figure .download")
    written = sorted(path.name for path in (demo.parent.parent / "figures").iterdir())
    assert sorted(links.evaluate_all("all => all.map(each => each.download)")) == written
    for j in range(links.count()):
        with page.expect_download() as download:
            links.nth(j).click()
        name = download.value.suggested_filename
        download.value.save_as(tmp_path / name)
        assert (tmp_path / name).read_bytes() == (demo.parent.parent / "figures" / name).read_bytes()


@pytest.mark.parametrize("width", [1200, 420])
def test_nothing_is_wider_than_the_screen_and_wide_tables_say_that_they_scroll(visit, report, width):
    page = visit(report, width)
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.wait_for_timeout(100)
    for wide in page.locator(".wide").all():
        over = wide.evaluate("each => each.scrollWidth > each.clientWidth + 1")
        hint = wide.locator("xpath=preceding-sibling::div[1]").locator(".more").inner_text()
        assert hint == ("Scroll sideways for more columns →" if over else "")
        assert wide.get_attribute("tabindex") == ("0" if over else None)


def test_no_table_is_cut_off_on_a_desk(visit, report):
    page = visit(report)
    page.eval_on_selector_all("details", "all => all.forEach(each => { each.open = true; })")
    cut = page.eval_on_selector_all(
        ".wide:not(.shmap .wide)",  # that of the map has a column for each variable
        """all => all.filter(each => each.scrollWidth > each.clientWidth + 1)
        .map(each => each.querySelector("caption").textContent)""",
    )
    assert cut == []


def test_a_long_name_takes_lines_rather_than_the_room_of_its_numbers(visit, demo):
    page = visit(demo)
    wide = first_sortable(page)
    before = wide.bounding_box()["width"]
    first = wide.locator("tbody th").first
    low = first.bounding_box()["height"]
    name = "log(tertiary) [digital=0.1, port_developed=1] less log(tertiary) [digital=0.9, port_developed=0]"
    again = wide.locator("tbody tr.again th").first
    for cell in (first, again):
        cell.evaluate("(cell, name) => { cell.textContent = name; }", name)
    assert first.bounding_box()["height"] > 1.5 * low
    assert again.bounding_box()["height"] == pytest.approx(low, abs=1), "a name out of sight takes no lines"
    assert wide.evaluate("each => each.scrollWidth") <= before + 1


def test_names_stay_in_sight_where_a_table_scrolls(visit, demo):
    page = visit(demo, 420)
    wide = first_sortable(page)
    wide.evaluate("each => { each.scrollLeft = 80; }")
    assert wide.evaluate("each => each.scrollLeft") == 80
    assert wide.locator("tbody th").first.bounding_box()["x"] == pytest.approx(
        wide.bounding_box()["x"], abs=1
    )


@pytest.mark.parametrize("width", [1200, 420])
def test_axe_finds_no_violation(visit, report, axe, width, request):
    page = visit(report, width)
    # thousands of cells that are all alike take axe half a minute: once is enough
    which = "details" if request.node.callspec.id == "demo-1200" else "details:not(.long)"
    page.eval_on_selector_all(which, "all => all.forEach(each => { each.open = true; })")
    page.focus(".shmap .stage")
    page.keyboard.press("n")
    page.locator("#effects thead button").first.click()
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 30
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []


def test_the_skip_link_leads_to_the_results(visit, demo):
    page = visit(demo)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    assert page.locator(".skip").bounding_box()["x"] >= 0
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_print_opens_what_is_folded_and_leaves_buttons_out(visit, report):
    page = visit(report)
    folded = page.locator("details:not(.long) table")
    assert folded.count() and not folded.first.is_visible()
    page.emulate_media(media="print")
    assert all(table.is_visible() and table.bounding_box()["height"] > 20 for table in folded.all())
    for query in ("button.copy", ".shmap .bar", "nav", ".download", ".shmap .keys", f"{VALUES} table"):
        assert not any(each.is_visible() for each in page.locator(query).all()), query
    assert page.locator(".printed").is_visible()
    assert page.locator(".shmap .stage svg").is_visible() and page.locator(".shmap .legend").is_visible()
    page.set_viewport_size({"width": 680, "height": 900})  # A4 less its margins
    page.wait_for_timeout(100)
    for table in page.locator("table").all():
        box = table.bounding_box()
        assert box is None or box["x"] + box["width"] <= 681, table.inner_text()[:80]


def test_without_script_everything_is_there(visit, hospital):
    page = visit(hospital, script=False)
    assert page.locator(".shmap .stage svg").is_visible() and page.locator(".shmap .legend li").count() > 1
    for query in (".shmap .bar", ".shmap .keys", CHOSEN):
        assert not page.locator(query).is_visible(), "what only a script can do is not offered"
    page.click(f"{VALUES} summary")
    assert page.locator(f"{VALUES} tbody tr").count() == page.locator(".shmap .view path").count()
    assert page.locator(f"{VALUES} tbody tr").nth(5).is_visible()
    assert all(image.is_visible() for image in page.locator("img").all())


class Counting(BaseHTTPRequestHandler):
    """Answer everything, and count."""

    asked = 0

    def do_GET(self):
        type(self).asked += 1
        self.send_response(204)
        self.end_headers()

    def log_message(self, *_):
        """Say nothing."""


def test_the_page_may_not_reach_the_network(visit, demo):
    """The page forbids it to itself, so that no text of a study can make it."""
    with HTTPServer(("127.0.0.1", 0), Counting) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}/x.png"
        page = visit(demo, network=True, allowed=address)
        refused = page.evaluate(
            """address => new Promise(done => {
            document.addEventListener('securitypolicyviolation', event => done(event.effectiveDirective));
            new Image().src = address; setTimeout(() => done('not refused'), 3000); })""",
            address,
        )
        server.shutdown()
        thread.join()
    assert refused == "img-src" and Counting.asked == 0
