"""`holdfast recommend`: what each customer would like next, what goes together, and how good such lists were."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked, order_lines
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.screen import table
from holdfast.cli.views import chosen
from holdfast.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said
    from holdfast.report.values import Kind

__all__ = ["verb"]

TABLES: dict[str, str | None] = {
    "map": "items", "offers": "customers", "opening": "customers", "popular": "customers", "recipe": "customers",
    "tenure": "premium",
    "customers": None, "items": None, "next": None, "premium": None, "cross-sell": None, "quality": None,
}  # fmt: skip
"""What --show names: a table of its own (None), or a further one of that table's answer."""

_BOUNDS = ("low", "high")
_LIFT = ("lift", "lift_low", "lift_high")


def _quality(console: Console, said: Said) -> None:
    """How each way of making lists did, in percent."""
    names = ["of", "method", "n", "recall", "recall_low", "recall_high", "ndcg", "ndcg_low", "ndcg_high"]
    at = [said.columns.index(name) for name in names]
    forms: list[Kind] = ["text", "text", "count", *["share"] * 6]  # type: ignore[list-item]
    console.print(table(names, [[row[place] for place in at] for row in said.rows], forms, said.currency))


_VIEWS = {
    "customers": chosen("customer", "rank", "name", "kind", "reason", hidden=("item", "score")),
    "items": chosen("name", "with_name", "customers", "n", "share", hidden=("item", "with_item", "orders", *_BOUNDS, *_LIFT)),
    "next": chosen("name", "next_name", "customers", "n", "share", hidden=("item", "next_item", *_BOUNDS, *_LIFT)),
    "premium": chosen(
        *("name", "price", "premium_name", "premium_price", "customers"), money=("price", "premium_price"),
        hidden=("item", "premium", "have_both", "n", "share", *_BOUNDS, *_LIFT),
    ),
    "cross-sell": chosen(
        "have_name", "offer_name", "customers", "n", "share", hidden=("have", "offer", "have_both", *_BOUNDS, *_LIFT)
    ),
    "quality": _quality,
}  # fmt: skip


@click.command("recommend", cls=Verb)
@analysis_options
@click.option("--show", type=click.Choice(sorted(TABLES)), default="customers", help="What to tell (customers).")
@click.option(
    "--kind", type=click.Choice(["best", "half", "again", "new"]), default=None,
    help="What a list holds: as did best in the past (best), half of it new, what she has (again), what she has not (new).",
)  # fmt: skip
@click.option("--customer", default=None, metavar="ID", help="The list of one customer.")
@click.option("--top", type=click.IntRange(1), default=None, metavar="N", help="Products in a list (10).")
@click.option(
    "--limit", type=click.IntRange(0), default=None, metavar="N", help="Customers or pairs in the table (50; --csv: all)."
)
@click.option("--exclude", multiple=True, metavar="ID", help="A product id that is no product, such as POST; repeatable.")
@click.option("--available", default=None, metavar="FILE", help="A file of the product ids that may be offered, one a line.")
@click.option("--catalogue", "catalogue_days", type=click.IntRange(1), default=None, metavar="DAYS",
              help="A product without a sale for so long is not offered (as the data say).")  # fmt: skip
@click.option("--test", "test_days", type=click.IntRange(1), default=None, metavar="DAYS",
              help="The last days that judge the lists (a sixth of the data).")  # fmt: skip
@click.option("--window", "window_days", type=click.IntRange(1), default=None, metavar="DAYS", help="How soon is next (90).")
@click.option("--least", type=click.IntRange(1), default=None, metavar="N", help="Customers that a pair needs.")
def verb(workspace: str, show: str, available: str | None, exclude: tuple[str, ...], **options: Any) -> None:
    """What would each customer like next: what she may buy again, what is new to her, what is popular; each with its reason.

    Never what she returned or what nobody buys any more. --show quality tells how good such lists were, beside popularity;
    items and next what goes together; premium and cross-sell whom to offer what. All lists: --csv lists.csv.

    People: --people item=85123A kind=new; of items: item=… with_item=…, of premium: item=… premium=…, of cross-sell: have=…
    offer=…; with what=have_both or what=n who else is counted. Lists of a segment: --where NAME=VALUE.
    """
    names = ("kind", "customer", "top", "limit", "catalogue_days", "test_days", "window_days", "least")
    own: dict[str, Any] = {name: options.pop(name) for name in names}
    own |= {"exclude": exclude or None, "available": _ids(available), "lines": order_lines}
    of = TABLES[show]
    own["show"] = of or show
    asked("recommend:Recommend", workspace, own, view=_VIEWS[of or show], show=show if of else None, **options)


def _ids(path: str | None) -> tuple[str, ...] | None:
    """The ids of a file, one a line; InputError where it cannot be read."""
    if path is None:
        return None
    try:
        rows = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}", "give a text file with a product id a line") from error
    found = tuple(row.strip() for row in rows if row.strip())
    if not found:
        raise InputError(f"{path} names no product", "give a text file with a product id a line")
    return found
