"""`holdfast customers`: find customers; with an id: one customer's timeline."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import asked
from holdfast.cli.options import Verb, analysis_options
from holdfast.errors import UsageError

__all__ = ["verb"]


@click.command("customers", cls=Verb)
@click.argument("customer", required=False)
@click.option("--search", default=None, metavar="TEXT", help="Only customers whose id holds this text.")
@click.option("--rfm", default=None, metavar="SEGMENT", help="Only this RFM segment, such as Champions.")
@click.option(
    "--sort", type=click.Choice(["revenue", "orders", "recent", "oldest"]), default=None, help="What comes first (revenue)."
)
@click.option("--limit", type=click.IntRange(1), default=None, metavar="N", help="How many rows (50; --csv: all).")
@analysis_options
def verb(customer: str | None, workspace: str, **options: Any) -> None:
    """The customers: orders, revenue, last order, RFM segment; most valuable first. With an id: all that this customer did."""
    own = {name: options.pop(name) for name in ("search", "rfm", "sort", "limit")}
    if customer is None:
        asked("customers:Customers", workspace, own, **options)
        return
    if options["whose"] == "accounts":
        raise UsageError("--accounts says nothing to one customer's timeline", "leave the id out, or leave --accounts out")
    from holdfast.cli.one_customer import show_customer

    show_customer(workspace, customer, json=options["json"], csv=options["csv"])
