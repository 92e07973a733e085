"""`holdfast adoption`: who uses which platform or feature, since when, and do they stay?"""

from __future__ import annotations

from typing import Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.window_options import compared, named, window_options

__all__ = ["verb"]

_FIRST = {"value": "value", "customers": "customers", "share": "used_share", "only": "only"}


@analysis("adoption", "adoption:Adoption", view=compared(_FIRST))
@click.option("--of", default=None, metavar="NAME", help="platform, device, channel, any property, or event (default: found).")
@click.option("--period", type=click.Choice(["day", "week", "month", "quarter", "year"]), default=None, help="Of the curve.")
@window_options
def verb(**own: Any) -> dict[str, Any]:
    """Who uses which platform, device, channel or feature, since when, and do those who use it stay?

    People: --people value=mobile what="not used" (used, only, early, "not early and left", …), period=2024-03; or values=2.
    """
    return named(own)
