"""`holdfast rate`: the retention or churn rate of three figures, without any data (MISSION 2.1, 3.8, 3.9)."""

from __future__ import annotations

import click

from holdfast.cli.options import output_options

__all__ = ["verb"]


@click.command("rate")
@click.option("--start", type=int, required=True, metavar="S", help="Customers at the start.")
@click.option("--end", type=int, default=None, metavar="E", help="Customers at the end.")
@click.option("--new", type=int, default=None, metavar="N", help="Those at the end who were not there at the start.")
@click.option("--lost", type=int, default=None, metavar="LOST", help="Instead of end and new: those of the start who left.")
@output_options
def verb(start: int, end: int | None, new: int | None, lost: int | None, json: bool, csv: str | None) -> None:
    """The retention rate (E − N) / S, or with --lost the churn rate lost / S, with its interval.

    `holdfast rate --start 2000 --end 2400 --new 600` says 90 %.
    """
    from holdfast.analyses.definitions import percent
    from holdfast.analyses.rates import churn_rate, retention_rate
    from holdfast.cli.saying import Said, tell
    from holdfast.errors import UsageError

    if lost is not None and end is None and new is None:
        kind, found = "churn", churn_rate(start, lost)
    elif lost is None and end is not None and new is not None:
        kind, found = "retention", retention_rate(start, end, new)
    else:
        raise UsageError("give --end and --new, or --lost", "holdfast rate --start 2000 --end 2400 --new 600")
    told = percent(found.share, found.low, found.high) if found.share is not None else f"not known: {found.reason}"
    words = f"The {kind} rate is {told}: {found.hits:,} of {found.n:,} customers."
    asked = {"name": kind, "start": start, "end": end, "new": new, "lost": lost}
    row = [kind, found.hits, found.n, found.share, found.low, found.high]
    tell(Said(asked, words, ("rate", "customers", "n", "share", "low", "high"), [row]), json=json, csv=csv)
