"""`holdfast paths`: where do people go from a step, what leads to one, and what lies between?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.screen import table
from holdfast.cli.step_options import naming, step_options, versus_option
from holdfast.cli.views import chosen, points

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said
    from holdfast.report.values import Kind

__all__ = ["verb"]

_NODES = chosen(
    *("segment", "layer", "node", "count", "share", "drop_off", "drop_rate", "customers"),
    hidden=("n", "came", "begins", "onward", "goes_on", "ends"),
)
_PATHS = chosen("segment", "path", "count", "customers", "share", hidden=("n", "steps"))
LINKS_SHOWN, WAYS_SHOWN = 4, 8


def _view(console: Console, said: Said) -> None:
    """The table that was asked for; links are drawn step by step, the largest of each."""
    shown = {"nodes": _NODES, "paths": _PATHS, "difference": _difference}.get(said.question["show"])
    if shown is not None:
        shown(console, said)
        return
    at = {name: place for place, name in enumerate(said.columns)}
    largest = max({row[at["segment"]]: row[at["n"]] for row in said.rows}.items(), key=lambda item: item[1])[0]
    rows = [row for row in said.rows if row[at["segment"]] == largest]
    names = ("layer", "from", "to", "count", "customers", "share", "onward_rate", "median_seconds")
    some = [row for layer in dict.fromkeys(row[at["layer"]] for row in rows) for row in _most(rows, at, layer)]
    kinds: list[Kind] = ["text", "text", "text", "count", "count", "share", "share", "seconds"]
    cells = [[f"{row[at[name]]}" if name == "layer" else row[at[name]] for name in names] for row in some]
    console.print(table(["step", "from", "to", "count", "customers", "share", "onward", "median time"], cells, kinds))
    _whole(console, said, largest)


def _most(rows: list[Any], at: dict[str, int], layer: int) -> list[Any]:
    """The largest links that leave a layer, and its largest drop-off."""
    own = sorted((row for row in rows if row[at["layer"]] == layer), key=lambda row: -row[at["count"]])
    most = WAYS_SHOWN if layer in (0, -1) else LINKS_SHOWN
    lost = next((row for row in own[most:] if row[at["to"]] == "(drop-off)"), None)
    return own[:most] if lost is None or any(row[at["to"]] == "(drop-off)" for row in own[:most]) else [*own[:most], lost]


def _whole(console: Console, said: Said, segment: str) -> None:
    """The most frequent whole paths of the largest segment, and what else there is to see."""
    from rich.text import Text

    paths = said.extra["paths"]
    at = {name: place for place, name in enumerate(paths["columns"])}
    rows = [
        [row[at[name]] for name in ("path", "count", "customers", "share")]
        for row in paths["rows"]
        if row[at["segment"]] == segment
    ]
    console.print()
    console.print(
        table(["most frequent whole paths", "count", "customers", "share"], rows[:6], ["text", "count", "count", "share"])
    )
    of = "" if said.question.get("by") is None else f" of {segment}"
    console.print(Text(f"the largest links{of}: all of them --csv PATH; --show nodes, paths or difference", style="dim"))


def _difference(console: Console, said: Said) -> None:
    """Two segments side by side, the largest differences of each layer first."""
    at = {name: place for place, name in enumerate(said.columns)}
    first = said.rows[0]
    rows = [
        [
            *(f"{row[at['layer']]}", row[at["from"]], row[at["to"]], row[at["share_a"]], row[at["share_b"]]),
            *(points(*(row[at[name]] for name in ("difference", "low", "high"))), row[at["p_adjusted"]]),
        ]
        for row in said.rows
    ]
    heads = ["step", "from", "to", f"{first[at['segment_a']]}", f"{first[at['segment_b']]}", "difference, points", "p adjusted"]
    console.print(table(heads, rows, ["text", "text", "text", "share", "share", "text", "p"]))


@analysis("paths", "paths:Paths", view=_view)
@click.option("--from", "start", multiple=True, metavar="STEP", help="Where paths begin: a step, a pattern, or 'A|B'.")
@click.option("--to", "end", multiple=True, metavar="STEP", help="Where they end; alone: the steps that led to it, backwards.")
@click.option("--through", multiple=True, metavar="STEP", help="A step on the way; may be given several times, in order.")
@click.option("--steps", type=int, default=None, metavar="N", help="How many steps are shown between (default 5).")
@click.option("--nodes", type=int, default=None, metavar="N", help="Names shown at each step (default 8); others: (other).")
@click.option("--longest", type=int, default=None, metavar="N", help="Steps of whole paths told apart (default: as --steps).")
@click.option("--most", "most_paths", type=int, default=None, metavar="N", help="Whole paths listed (default 20).")
@versus_option
@click.option(
    "--show", type=click.Choice(["links", "nodes", "paths", "difference"]), default=None, help="Which table (default: links)."
)
@step_options
def verb(start: tuple[str, ...], end: tuple[str, ...], through: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Where do people go from a step, what leads to a step, and what lies between?

    holdfast paths --from 'Cart Viewed' --to 'Order Completed' --unit sessions --png paths.png

    People: --people layer=1 from=cart "to=(drop-off)", layer=1 "node=(other)", "node=(no path)", or "path=home > cart".
    """
    own["naming"] = naming(own)
    anchors = {"start": _any_of(start), "end": _any_of(end), "through": tuple(_any_of((one,)) for one in through)}
    return {**own, **anchors}


def _any_of(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(part.strip() for text in texts for part in text.split("|") if part.strip())
