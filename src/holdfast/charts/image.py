"""A figure as a file: a picture drawn by an installed Chromium, or one page of HTML that opens offline.

Nothing is fetched: Plotly's JavaScript comes out of the wheel, MathJax is left out, and the browser is told to stay silent.
"""

from __future__ import annotations

import html as markup
import json
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from holdfast.charts.palette import DARK, FONT, LIGHT, Mode, dark_of, recoloured
from holdfast.errors import EngineMissing, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

__all__ = ["browser", "html", "html_page", "png"]

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
SILENT = ("--disable-background-networking", "--disable-default-apps", "--disable-extensions", "--no-pings")
"""Flags beyond what kaleido gives: --headless --no-sandbox --disable-gpu --disable-component-update --disable-sync."""

FORMATS = ("png", "jpg", "jpeg", "webp", "svg", "pdf")


def browser() -> str:
    """The path of an installed Chromium or Chrome; EngineMissing names the mend when there is none.

    BROWSER_PATH in the environment says which one; otherwise the first on PATH.
    """
    given = os.environ.get("BROWSER_PATH")
    found = shutil.which(given) if given else next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        missing = f"no browser is at BROWSER_PATH={given}" if given else "pictures need Chromium or Chrome; none is here"
        raise EngineMissing(missing, "apt-get install chromium, or set BROWSER_PATH; --html needs no browser")
    return found


def png(
    figure: go.Figure,
    path: str | Path,
    width: int = 1200,
    height: int = 680,
    *,
    mode: Mode = "light",
    scale: float = 2,
) -> Path:
    """Draw a figure into a picture; the ending of the path names the format (png, jpg, webp, svg, pdf).

    width, height  CSS pixels · scale  image pixels for each of them · mode  "light" or "dark"
    Gives the path back. EngineMissing when kaleido or a browser is not installed; UsageError for an unknown ending.
    """
    target = Path(path)
    ending = target.suffix.lstrip(".").lower()
    if ending not in FORMATS:
        raise UsageError(f"a picture cannot be written as {target.name!r}", f"end it in .{', .'.join(FORMATS)}")
    engine = browser()
    try:
        from choreographer.browsers.chromium import Chromium
        from kaleido import calc_fig_sync  # type: ignore[import-untyped]
    except ImportError as error:
        raise EngineMissing("pictures need kaleido", "pip install 'holdfast[png]'; --html needs no browser") from error

    class Silent(Chromium):
        """Chromium that talks to nobody."""

        def get_cli(self) -> Any:
            return [*super().get_cli(), *SILENT]

    drawn = recoloured(figure, mode).to_plotly_json()
    drawn["layout"] = {**drawn["layout"], "paper_bgcolor": (LIGHT if mode == "light" else DARK).card}
    options = {"format": ending, "width": width, "height": height, "scale": scale}
    engine_options = {"path": engine, "browser_cls": Silent, "mathjax": False, "enable_sandbox": False, "headless": True}
    target.write_bytes(calc_fig_sync(drawn, opts=options, kopts=engine_options))
    return target


def html(figure: go.Figure, path: str | Path) -> Path:
    """Write a figure as one HTML file that opens offline, in the reader's light or dark mode; gives the path back."""
    target = Path(path)
    target.write_text(html_page(figure), encoding="utf-8")
    return target


def html_page(figure: go.Figure) -> str:
    """A figure as one HTML page with Plotly's JavaScript inside."""
    from plotly.offline import get_plotlyjs

    title = markup.escape(figure.layout.title.text or "Holdfast")
    described = markup.escape((figure.layout.meta or {}).get("description", "") or figure.layout.title.text or "A chart")
    return _PAGE.format(
        title=title,
        described=described,
        font=FONT,
        light=LIGHT,
        dark=DARK,
        plotly=get_plotlyjs(),
        figure=(figure.to_json() or "{}").replace("<", "\\u003c"),
        colours=json.dumps(dark_of()),
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{title}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><meta name="color-scheme" content="light dark">
<style>
body{{margin:0;padding:16px;box-sizing:border-box;min-height:100vh;background:{light.card};color:{light.ink};
font:15px/1.5 {font};font-variant-numeric:tabular-nums}}
#chart{{max-width:1240px;margin:auto;height:min(76vh,680px)}}
@media (prefers-color-scheme:dark){{body{{background:{dark.card};color:{dark.ink}}}}}
</style></head>
<body><div id="chart" role="img" aria-label="{described}"></div>
<noscript><p>JavaScript inside this file draws the picture; its numbers are in the table of the same answer.</p></noscript>
<script>{plotly}</script>
<script type="application/json" id="figure">{figure}</script>
<script type="application/json" id="colours">{colours}</script>
<script>
(function () {{
  var text = document.getElementById("figure").textContent;
  var dark = JSON.parse(document.getElementById("colours").textContent);
  var night = window.matchMedia("(prefers-color-scheme: dark)");
  function draw() {{
    var swap = function (colour) {{ return dark[colour.toLowerCase()] || colour; }};
    var figure = JSON.parse(night.matches ? text.replace(/#[0-9a-fA-F]{{6}}/g, swap) : text);
    Plotly.react("chart", figure.data, figure.layout, {{displaylogo: false, responsive: true, displayModeBar: false}});
  }}
  draw();
  night.addEventListener("change", draw);
}})();
</script></body></html>
"""
