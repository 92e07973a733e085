"""`holdfast taste`: what each customer likes, when she comes, and when her next order is to be expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked, order_lines
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.screen import table
from holdfast.cli.views import chosen

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said
    from holdfast.report.values import Kind

__all__ = ["verb"]

FIRST = 6
_SHOWN = ("customer", "orders", "usual_days", "next_order", "due", "category", "product", "discount", "hour", "brand")
_OTHER = ("share", "low", "high", "index", "n")
_KINDS = ("category", "product", "brand", "channel", "hour", "day", "discount")
_HIDDEN = tuple(f"{kind}_{what}" for kind in _KINDS for what in _OTHER)
_CUSTOMERS = chosen(*_SHOWN, hidden=(*_HIDDEN, "revenue", "channel", "day", "waits", "own_median_days", "last_order"))


def tastes(console: Console, said: Said) -> None:
    """How many have which favourite, then the customers with most money."""
    whole = said.extra["favourites"]
    columns, seen, rows = whole["columns"], dict[Any, int](), []
    for row in whole["rows"]:
        seen[(row[0], row[1])] = seen.get((row[0], row[1]), 0) + 1
        if seen[(row[0], row[1])] <= FIRST:
            rows.append(row)
    begin = 0 if said.question.get("by") else 1
    names = columns[begin:]
    forms: tuple[Kind, ...] = ("text", "text", "text", "count", "count", "share", "share", "share")
    console.print(table(names, [row[begin:] for row in rows], forms[begin:], said.currency))
    console.print()
    _CUSTOMERS(console, said)


@click.command("taste", cls=Verb)
@click.option("--category", default=None, metavar="NAME", help="The property that holds the category (category).")
@click.option("--brand", default=None, metavar="NAME", help="The property that holds the brand (brand).")
@click.option("--channel", default=None, metavar="NAME", help="The property that holds the channel (channel, else source).")
@click.option("--discount", multiple=True, metavar="NAME", help="A property of orders that tells of a discount; repeatable.")
@click.option("--least", type=click.IntRange(1), default=None, metavar="N", help="Touches that a favourite needs (5).")
@click.option("--limit", type=click.IntRange(1), default=None, metavar="N", help="How many customers (50; --csv: all).")
@analysis_options
def verb(workspace: str, discount: tuple[str, ...], **options: Any) -> None:
    """What do customers like, when do they come, do they wait for discounts, and when do they order next?

    People: --people kind=category value=Shoes (kind hour, day, discount, due), with what=touched for all who touched it.
    """
    own = {name: options.pop(name) for name in ("category", "brand", "channel", "least", "limit")}
    own |= {"discount": discount or None, "lines": order_lines}
    asked("taste:Taste", workspace, own, view=tastes, **options)
