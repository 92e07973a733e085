"""`holdfast migration FIRST`: who moved between RFM segments from one date to another."""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.options import window_option
from holdfast.cli.views import crossed

__all__ = ["verb"]


@analysis("migration", "rfm.migration:RfmMigration", view=crossed("before", "after", "customers"))
@click.argument("first", metavar="DATE")
@click.option("--to", "second", default=None, metavar="DATE", help="The later date (default: the end of the data).")
@window_option
def verb(**own: Any) -> dict[str, Any]:
    """Who moved from which RFM segment to which between DATE and a later one, scored by the same cut points.

    People: --people before=Champions "after=At Risk"; Entered and Left are states too.
    """
    return own
