"""The house look: five meanings in light and dark, text that can be read, figures as picture and as an offline page."""

from __future__ import annotations

import re
from pathlib import Path

import plotly.graph_objects as go
import pytest

from holdfast.charts import palette
from holdfast.charts.image import browser, html_page, png
from holdfast.charts.palette import DARK, LIGHT, SEQUENTIAL, contrast, dark_of, readable_on, recoloured, sequential, themed
from holdfast.charts.rfm import _DARK_TEXT, SEGMENT_COLOURS
from holdfast.errors import EngineMissing, UsageError

STEPS = [place / 50 for place in range(51)]


def luminance(colour: str) -> float:
    linear = []
    for place in (1, 3, 5):
        value = int(colour[place : place + 2], 16) / 255
        linear.append(value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4)
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def between(scale: tuple[str, ...], share: float) -> str:
    return palette._between(scale, share)


@pytest.mark.parametrize("mode", [LIGHT, DARK])
def test_text_and_the_five_meanings_stand_out_from_paper_and_card(mode):
    for ground in (mode.paper, mode.card):
        assert contrast(luminance(mode.ink), luminance(ground)) >= 12
        assert contrast(luminance(mode.soft), luminance(ground)) >= 4.5
        for meaning in (mode.kept, mode.new, mode.returned, mode.lost, mode.risk):
            assert contrast(luminance(meaning), luminance(ground)) >= 3


def test_numbers_in_a_heat_map_can_be_read_at_every_shade():
    for share in STEPS:
        assert contrast(luminance(readable_on(share)), luminance(between(SEQUENTIAL, share))) >= 4.5
        dark = dark_of().get(readable_on(share), readable_on(share))
        assert contrast(luminance(dark), luminance(between(palette._SEQUENTIAL_DARK, share))) >= 4


def test_the_words_on_each_segment_can_be_read_in_the_light_and_in_the_dark():
    swap = dark_of()
    for name, colour in SEGMENT_COLOURS.items():
        words = "#000000" if name in _DARK_TEXT else "#ffffff"
        assert contrast(luminance(words), luminance(colour)) >= 4.5, name
        darkened = swap.get(words, words), swap.get(colour.lower(), colour)
        assert contrast(*map(luminance, darkened)) >= 4.5, f"{name}, dark"


def test_the_green_scale_only_darkens():
    shades = [luminance(colour) for _, colour in sequential()]
    assert shades == sorted(shades, reverse=True)
    assert [share for share, _ in sequential()] == [place / 7 for place in range(8)]


def figure() -> go.Figure:
    made = go.Figure(go.Bar(x=["kept", "lost"], y=[1678, 236], marker={"color": [LIGHT.kept, LIGHT.lost]}))
    return themed(made, title="Who <stays>?", subtitle="of 1,914 customers")


def test_a_figure_in_the_dark_is_a_copy_with_each_house_colour_swapped():
    light = figure()
    dark = recoloured(light, "dark")
    assert list(dark.data[0].marker.color) == [DARK.kept, DARK.lost]
    assert dark.layout.font.color == DARK.ink
    assert list(light.data[0].marker.color) == [LIGHT.kept, LIGHT.lost]
    assert recoloured(light, "light") is light


def test_the_look():
    layout = figure().layout
    assert (layout.paper_bgcolor, layout.plot_bgcolor) == ("rgba(0,0,0,0)",) * 2
    assert (layout.font.color, layout.title.font.family) == (LIGHT.ink, palette.SERIF)
    assert layout.meta["description"] == "Who <stays>?. of 1,914 customers"


def test_a_long_subtitle_is_broken_into_lines():
    text = themed(go.Figure(), title="t", subtitle="word " * 60).layout.title.subtitle.text
    assert max(map(len, text.split("<br>"))) <= palette.LETTERS_A_LINE


def test_a_page_needs_nothing_from_outside():
    page = html_page(figure())
    assert "Plotly.react" in page
    assert "<title>Who &lt;stays&gt;?</title>" in page
    assert not re.search(r"<(script|link|img)[^>]+(src|href)=", page)
    assert "\\u003cstays" in page


def test_a_missing_browser_is_said_with_its_mend(tmp_path, monkeypatch):
    monkeypatch.setenv("BROWSER_PATH", "/nowhere/chrome")
    with pytest.raises(EngineMissing, match="apt-get install chromium"):
        png(figure(), tmp_path / "a.png")
    monkeypatch.delenv("BROWSER_PATH")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EngineMissing, match="none is here"):
        browser()


def test_an_unknown_ending_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"\.png"):
        png(figure(), tmp_path / "a.bmp")


def test_a_picture_is_drawn_by_a_real_browser(tmp_path: Path, needs):
    needs("png")
    data = png(figure(), tmp_path / "a.png", 400, 300).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert (int.from_bytes(data[16:20], "big"), int.from_bytes(data[20:24], "big")) == (800, 600)
