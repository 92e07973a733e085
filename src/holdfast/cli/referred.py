"""`holdfast referred`: customers whom others brought, beside the rest."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.extra_views import Further, followed_by
from holdfast.cli.views import chosen
from holdfast.errors import UsageError

__all__ = ["verb"]

_FIRST = ("group", "source", "customers", "bought_share", "again_share", "kept_share", "value", "cost")
_LATER = ("bought", "bought_n", "again", "again_n", "kept", "kept_n", "value_n", "cost_n", "id", "about")
_LESS = Further("compare", "Referred against others:", ("measure", "said", "times"))


@analysis("referred", "referred:Referred", view=followed_by(chosen(*_FIRST, money=("value", "cost"), hidden=_LATER), _LESS))
@click.option("--source", default=None, metavar="NAME", help="The property that tells where a customer came from.")
@click.option("--referred", multiple=True, metavar="VALUE", help="Its value that means referred; repeatable.")
@click.option("--days", type=click.IntRange(1, 3650), default=None, metavar="N", help="The first days (90).")
@click.option("--spent", multiple=True, metavar="SOURCE=MONEY", help="Spent on winning a source's customers; repeatable.")
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Days of silence after which a customer is gone."
)
@click.option(
    "--show", type=click.Choice(["groups", "compare", "sources", "claims"]), default=None, help="The main table (groups)."
)
def verb(referred: tuple[str, ...], spent: tuple[str, ...], **own: Any) -> dict[str, Any]:
    """Do customers whom others brought stay longer and bring more?

    --show sources: a row a source, with --spent what each buyer cost. People: --people group=referred what=again.
    """
    return {**own, "referred": referred or None, "spent": tuple(map(_spent, spent)) or None}


def _spent(text: str) -> tuple[str, float]:
    name, sign, money = text.rpartition("=")
    try:
        if sign:
            return name, float(money)
    except ValueError:
        pass
    raise UsageError(f"{text!r} is no source with its money", "write it as --spent friend=500")
