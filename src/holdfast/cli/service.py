"""`holdfast service`: support of new customers beside existing ones."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

__all__ = ["verb"]

_FIRST = ("who", "customers", "contacts", "per_hundred", "minutes_each", "cost")
_LATER = ("timed", "customer_months", "minutes", "contacting")


@analysis("service", "service:Service", view=chosen(*_FIRST, money=("cost",), hidden=_LATER))
@click.option("--contact", "contacts", multiple=True, metavar="EVENT", help="An event that is a contact; repeatable.")
@click.option("--minutes", default=None, metavar="NAME", help="The property that says how many minutes one took.")
@click.option("--new-days", type=click.IntRange(1, 3650), default=None, metavar="N", help="How long a customer is new (90).")
@click.option("--cost", type=click.FloatRange(0), default=None, metavar="MONEY", help="What one contact costs.")
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option("--show", type=click.Choice(["support", "compare", "claims"]), default=None, help="The main table (support).")
def verb(contacts: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Do new customers need more support than existing ones?

    Contacts are tickets, chats and calls in your events. People: --people who=new what=contacting.
    """
    return {**own, "contacts": contacts or None}
