"""Names in Chinese: with a font, without one, and with nothing global changed."""

from __future__ import annotations

import warnings

import matplotlib
import pytest
from matplotlib.font_manager import fontManager
from matplotlib.text import Text

import spatialhealth as sh
from spatialhealth.errors import FontWarning
from spatialhealth.maps.fonts import font_for, plain_names
from tests.maps.squares import squares

NAMES = ["武汉", "长沙", "上海", "北京", "广州", "成都"]


def made_font(path, signs):
    """A font of squares that is called as a Chinese one, with a few signs."""
    fontTools = pytest.importorskip("fontTools.fontBuilder")
    from fontTools.pens.ttGlyphPen import TTGlyphPen

    builder = fontTools.FontBuilder(1000, isTTF=True)
    glyphs = [".notdef", *(f"g{ord(sign):x}" for sign in signs)]
    builder.setupGlyphOrder(glyphs)
    builder.setupCharacterMap({ord(sign): f"g{ord(sign):x}" for sign in signs})
    pen = TTGlyphPen(None)
    pen.moveTo((50, 0))
    for corner in [(50, 800), (950, 800), (950, 0)]:
        pen.lineTo(corner)
    pen.closePath()
    shape = pen.glyph()
    builder.setupGlyf(dict.fromkeys(glyphs, shape))
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 50)))
    builder.setupHorizontalHeader(ascent=880, descent=-120)
    builder.setupNameTable({"familyName": "Noto Sans SC", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture
def chinese(tmp_path):
    before = list(fontManager.ttflist)
    fontManager.addfont(made_font(tmp_path / "chinese.ttf", sorted(set("".join(NAMES)) | {"人", "口"})))
    yield
    fontManager.ttflist[:] = before


@pytest.fixture
def none():
    before = list(fontManager.ttflist)
    fontManager.ttflist[:] = [font for font in before if font.name.startswith("DejaVu")]
    yield
    fontManager.ttflist[:] = before


def test_a_font_is_found_by_the_signs_it_has():
    assert font_for("Wuhan", ["DejaVu Sans"]) == "DejaVu Sans"
    assert font_for("武", ["DejaVu Sans", "no such font"]) is None


def test_with_a_font_chinese_names_are_written(chinese):
    before = dict(matplotlib.rcParams)
    frame = squares().assign(called=NAMES)
    ax = sh.maps.choropleth(frame, "size", names="called", label="人口", title="人口")
    assert {text.get_text() for text in ax.texts} == set(NAMES)
    texts = [text for text in ax.figure.findobj(Text) if any(sign in text.get_text() for sign in "武人")]
    assert len(texts) >= 3
    assert all(text.get_fontfamily()[-1] == "Noto Sans SC" for text in texts)
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of each sign that it cannot draw
        sh.maps.png(ax, 50)
    assert dict(matplotlib.rcParams) == before


def test_without_a_font_the_ids_stand_for_the_names(none):
    frame = squares().assign(called=NAMES)
    with pytest.warns(FontWarning, match=r"'武汉'.*ids of the units stand for them.*fonts-noto-cjk"):
        ax = sh.maps.choropleth(frame, "size", names="called")
    assert {text.get_text() for text in ax.texts} == set(frame.index)
    with pytest.warns(FontWarning, match="boxes stand for them"):
        sh.maps.choropleth(frame, "size", title="人口")
    with pytest.warns(FontWarning):
        assert plain_names(["武汉", "Changsha"], ["wuhan", "cs"]) == ["wuhan", "Changsha"]
