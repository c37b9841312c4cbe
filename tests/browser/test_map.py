"""What a reader does with a map to move about in, in a report and on a page of its own; also by keyboard alone."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

import pytest

from tests.browser.on_map import CHOSEN, VALUES, colours, column, counted, legend, middle, shown, transform

pytestmark = pytest.mark.browser
NAME = f"{CHOSEN} .head"


@pytest.fixture(params=["demo", "hospital", "explored"])
def anywhere(request):
    return request.getfixturevalue(request.param)


@pytest.fixture(params=["hospital", "explored"])
def several(request):
    """Pages with numbers, clusters and what is uncertain."""
    return request.getfixturevalue(request.param)


def select(page, beginning):
    labels = page.locator(".shmap option").all_inner_texts()
    j = next(j for j, label in enumerate(labels) if beginning in label)
    page.select_option(".shmap select", str(j))
    return j


def test_hover_shows_the_unit_and_its_value(visit, anywhere):
    page = visit(anywhere)
    units, values = column(page, VALUES, 0), column(page, VALUES, 1)
    for j in (3, 100):
        page.mouse.move(*middle(page, j))
        assert page.locator(".shmap .tip").is_visible()
        assert page.inner_text(".shmap .tip") == f"{units[j]}\n{values[j]}"
        assert page.locator(".shmap .mark.over").count() == 1
    page.mouse.move(1, 1)
    assert not page.locator(".shmap .tip").is_visible() and not page.locator(".shmap .mark").count()


def test_what_is_told_of_one_variable_or_place_goes_with_it(visit, explored):
    page = visit(explored)
    for act in (lambda: page.select_option(".shmap select", "1"), lambda: page.keyboard.press("ArrowLeft")):
        page.focus(".shmap .stage")
        page.mouse.move(*middle(page, 100))
        assert page.locator(".shmap .tip").is_visible()
        # no pointer moves from here on
        page.evaluate(
            "addEventListener('pointermove', event => event.stopImmediatePropagation(), { capture: true })"
        )
        act()
        assert not page.locator(".shmap .tip").is_visible() and not page.locator(".shmap .mark").count()
        page.reload()


def test_a_chosen_unit_is_seen_on_light_and_on_dark(visit, explored):
    page = visit(explored)
    page.focus(".shmap .stage")
    page.keyboard.press("n")
    strokes = page.eval_on_selector_all(
        ".shmap .mark.picked",
        "all => all.map(each => [getComputedStyle(each).stroke, getComputedStyle(each).strokeWidth])",
    )
    assert strokes == [["rgb(255, 255, 255)", "6px"], ["rgb(213, 94, 0)", "3px"]]
    page.keyboard.press("Escape")
    assert not page.locator(".shmap .mark").count()


def test_every_variable_changes_map_legend_and_value(visit, several):
    page = visit(several)
    options = page.locator(".shmap option")
    seen = set()
    for j in range(options.count()):
        page.select_option(".shmap select", str(j))
        label = options.nth(j).inner_text()
        assert page.inner_text(".shmap .side .head") == label
        assert label in page.get_attribute(".shmap .stage svg", "aria-label")
        kinds, counts = shown(page), counted(page)
        rows = page.eval_on_selector_all(".shmap .legend button", "all => all.map(each => each.dataset.kind)")
        # the legend counts what is drawn, and those that are faint once more
        drawn = [
            sum(kind[0] == "f" if row == "f" else kind != "km" and kind[1:] == row[1:] for kind in kinds)
            if row != "km" else kinds.count("km")
            for row in rows
        ]  # fmt: skip
        assert drawn == counts
        swatches = page.eval_on_selector_all(
            ".shmap .swatch.k", "all => all.map(each => getComputedStyle(each).backgroundColor)"
        )
        plain = {
            fill for fill, kind in zip(colours(page), kinds, strict=True) if kind[0] == "k" and kind != "km"
        }
        assert plain <= set(swatches)
        seen.add((tuple(kinds), tuple(legend(page))))
    # received and emitted may agree in classes with nothing else
    assert len(seen) == options.count()


def test_what_is_uncertain_is_pale_and_dotted_and_said(visit, several):
    page = visit(several)
    scenario = select(page, "change of")
    kinds = shown(page)
    faint = next(j for j, kind in enumerate(kinds) if kind[0] == "f")
    mark = page.get_attribute(".shmap", "id")
    assert colours(page)[faint] == f'url("#{mark}-{kinds[faint]}")'
    assert legend(page)[-1].startswith("interval includes zero")
    page.mouse.move(*middle(page, faint))
    value = column(page, VALUES, scenario + 1)[faint]
    assert page.inner_text(".shmap .tip").endswith(f"\n{value} (interval includes zero)")


def test_clusters_have_the_colours_of_the_printed_map_and_stripes_where_they_are_low(visit, several):
    page = visit(several)
    place = select(page, "Clusters")
    names, kinds = column(page, VALUES, place + 1), shown(page)
    found = dict(zip(names, kinds, strict=True))
    order = ("not significant", "low-high", "high-low", "low-low", "high-high")
    for j, name in enumerate(order):
        assert name not in found or found[name] == f"{'s' if name.startswith('low') else 'k'}{j}"
    fills = dict(zip(names, colours(page), strict=True))
    plain = {
        "not significant": "rgb(247, 247, 247)",
        "high-high": "rgb(202, 0, 32)",
        "high-low": "rgb(244, 165, 130)",
    }
    drawn = {name: fill for name, fill in fills.items() if name in plain}
    assert drawn and drawn.items() <= plain.items()


def test_a_class_is_singled_out_and_let_go(visit, anywhere):
    page = visit(anywhere)
    button = page.locator(".shmap .legend button").first
    count = counted(page)[0]
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "true"
    assert sum(not kind.endswith("off") for kind in shown(page)) == count
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-pressed") == "false"
    assert not any(kind.endswith("off") for kind in shown(page))


def test_zoom_and_pan_by_mouse(visit, anywhere):
    page = visit(anywhere)
    assert transform(page) == [0, 0, 1]
    x, y = middle(page, 100)
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.keyboard.up("Control")
    _, _, scale = transform(page)
    assert scale == pytest.approx(2.718, abs=0.01)
    # what was under the pointer still is
    assert middle(page, 100) == pytest.approx([x, y], abs=8)
    before = middle(page, 100)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 30, y + 10)
    page.mouse.move(x + 60, y + 20)
    page.mouse.up()
    transform(page)
    assert middle(page, 100) == pytest.approx([before[0] + 60, before[1] + 20], abs=1)
    assert not page.locator(CHOSEN).is_visible(), "a drag is no click"
    page.click("[data-do=all]")
    assert transform(page) == [0, 0, 1]


def test_the_wheel_alone_scrolls_a_page_that_scrolls(visit, demo):
    page = visit(demo)
    page.mouse.move(*middle(page, 100))
    before = page.evaluate("scrollY")
    page.mouse.wheel(0, 200)
    page.wait_for_function(f"() => scrollY > {before}")
    assert transform(page) == [0, 0, 1]


def test_the_wheel_alone_enlarges_where_nothing_scrolls(visit, explored):
    page = visit(explored)
    page.mouse.move(*middle(page, 100))
    page.mouse.wheel(0, -300)
    assert transform(page)[2] == pytest.approx(2.718, abs=0.01)


def test_the_map_by_keyboard_alone(visit, anywhere):
    page = visit(anywhere)
    page.focus("[data-do=save]")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "stage"
    page.keyboard.press("+")
    zoomed = transform(page)
    assert zoomed[2] == pytest.approx(1.6)
    for key, way in {
        "ArrowLeft": (1, 0),
        "ArrowRight": (-1, 0),
        "ArrowUp": (0, 1),
        "ArrowDown": (0, -1),
    }.items():
        before = transform(page)
        page.keyboard.press(key)
        after = transform(page)
        moved = tuple((b > a) - (b < a) for a, b in zip(before[:2], after[:2], strict=True))
        assert moved == way, key
    page.keyboard.press("-")
    assert transform(page)[2] == pytest.approx(1)
    page.keyboard.press("n")
    page.keyboard.press("n")
    assert page.inner_text(NAME) == column(page, VALUES, 0)[1]
    page.keyboard.press("p")
    assert page.inner_text(NAME) == column(page, VALUES, 0)[0]
    page.keyboard.press("0")
    assert transform(page) == [0, 0, 1]
    page.keyboard.press("Escape")
    assert not page.locator(CHOSEN).is_visible()


def test_a_unit_is_found_by_its_name(visit, anywhere):
    page = visit(anywhere)
    field = page.get_by_label("Find a unit")
    field.fill("guangzhou")
    page.keyboard.press("Enter")
    field.blur()
    assert page.inner_text(NAME).startswith("Guangzhou")
    assert transform(page)[2] > 1
    row = column(page, VALUES, 0).index(page.inner_text(NAME))
    cells = page.locator(f"{VALUES} tbody tr").nth(row).locator("td").all_text_contents()
    told = page.locator(f"{CHOSEN} dd").all_inner_texts()
    assert [text.removesuffix(" (interval includes zero)") for text in told] == [
        cell or "no value" for cell in cells
    ]
    field.fill("Atlantis")
    page.keyboard.press("Enter")
    field.blur()
    assert page.locator(".shmap .told").inner_text() == "No unit is called so."


def test_a_click_chooses(visit, anywhere):
    page = visit(anywhere)
    page.mouse.click(*middle(page, 42))
    assert page.inner_text(NAME) == column(page, VALUES, 0)[42]


def test_the_map_is_saved_as_it_is_shown(visit, several, tmp_path):
    page = visit(several)
    place = select(page, "change of")
    label = page.locator(".shmap option").nth(place).inner_text()
    page.click("[data-do=in]")
    with page.expect_download() as download:
        page.click("[data-do=save]")
    assert download.value.suggested_filename.endswith(".svg")
    download.value.save_as(tmp_path / "map.svg")
    root = ElementTree.parse(tmp_path / "map.svg").getroot()
    space = "{http://www.w3.org/2000/svg}"
    texts = [text.text for text in root.iter(f"{space}text")]
    rows = len(legend(page))
    assert texts[0] == label and texts[-rows:] == legend(page)
    assert "Simulated" in " ".join(texts[1:-rows])  # what it is of, and where from
    # no style of the page goes with it: every unit has a colour of its own, or a pattern that is in the file
    patterns = {f"url(#{pattern.get('id')})" for pattern in root.iter(f"{space}pattern")}
    shapes = next(root.iter(f"{space}g")).findall(f"{space}path")
    assert len(shapes) == len(shown(page))
    assert all(shape.get("fill") in patterns or shape.get("fill").startswith("#") for shape in shapes)
    assert {shape.get("fill") for shape in shapes} & patterns
    inside = [part.get("fill") for pattern in root.iter(f"{space}pattern") for part in pattern]
    assert not any("var(" in (fill or "") for fill in inside)


def test_units_without_geometry_and_points(visit, spots):
    page = visit(spots)
    assert legend(page)[-1] == "no geometry (1)" and page.locator(".shmap .view circle").count() == 306
    page.focus(".shmap .stage")
    page.keyboard.press("n")
    assert page.inner_text(NAME).endswith("(no geometry)") and not page.locator(".shmap .mark").count()
    size = "document.querySelector('.shmap .view circle').getBoundingClientRect().width"
    before = page.evaluate(size)
    page.keyboard.press("+")
    transform(page)
    assert page.evaluate(size) == pytest.approx(before, rel=0.01), "points part when they are enlarged"
    assert page.locator(".shmap select").count() == 0, "one variable needs no menu"


@pytest.mark.parametrize("width", [1200, 420])
def test_a_page_of_its_own_fits_and_axe_finds_no_violation(visit, explored, axe, width):
    page = visit(explored, width)
    page.click(f"{VALUES} summary")
    page.focus(".shmap .stage")
    page.keyboard.press("n")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    assert len(found["passes"]) > 20
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in found["violations"]] == []


def test_a_page_of_its_own_prints_and_works_without_script(visit, explored):
    page = visit(explored)
    page.emulate_media(media="print")
    for query in (".bar", ".keys", VALUES, ".tip"):
        assert not page.locator(query).first.is_visible(), query
    assert page.locator(".shmap .legend li").first.is_visible() and page.locator(".printed").is_visible()
    page = visit(explored, script=False)
    assert page.locator(".shmap .stage svg").is_visible() and len(legend(page)) > 1
    for query in (".bar", ".keys", CHOSEN):
        assert not page.locator(query).is_visible(), "what only a script can do is not offered"
    page.click(f"{VALUES} summary")
    assert len(column(page, VALUES, 0)) == len(shown(page))
