"""`holdfast abandonment`: carts and checkouts left behind."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.step_options import gap_option, naming, naming_options
from holdfast.cli.views import chosen

__all__ = ["verb"]

_SHOWN = ("segment", "what", "period", "started", "bought", "abandoned", "rate", "customers", "value_left")
_HIDDEN = ("n", "in_progress", "customers_started", "customers_bought", "customers_in_progress", "valued", "state")


@analysis("abandonment", "abandonment:Abandonment", view=chosen(*_SHOWN, hidden=_HIDDEN))
@click.option("--cart", multiple=True, metavar="EVENT", help="What puts something into a cart.")
@click.option("--removed", multiple=True, metavar="EVENT", help="What takes something out of it.")
@click.option("--checkout", multiple=True, metavar="EVENT", help="A step of the checkout; give them in their order.")
@click.option("--orders", multiple=True, metavar="EVENT", help="What is an order.")
@click.option(
    "--window", default=None, metavar="SPAN", help="Left behind after '24 hours' (default), 7d, session without an order."
)
@click.option("--price", default=None, metavar="PROPERTY", help="What is put in is worth this (default: price or value).")
@click.option("--quantity", default=None, metavar="PROPERTY", help="How many are put in (default: quantity).")
@click.option(
    "--period", type=click.Choice(["day", "week", "month", "quarter", "year"]), default=None, help="By when it was opened."
)
@gap_option
@naming_options
def verb(**own: Any) -> dict[str, Any]:
    """Carts and checkouts left behind: how many, at which step, with how much inside, and whose?

    holdfast abandonment --window session --by platform

    People: --people what=cart outcome=abandoned period=2024-05 (bought, 'in progress', started); step=2: left at that step.
    """
    own["naming"] = naming(own)
    return {name: value for name, value in own.items() if value != ()}
