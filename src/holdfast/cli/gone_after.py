"""`holdfast gone-after`: after how many days of silence a customer counts as gone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.cli.asking import analysis
from holdfast.cli.saying import kinds_in
from holdfast.cli.screen import table

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]


def _weekly(console: Console, said: Said) -> None:
    """A row a week is enough to read the curve; of several segments, a row each with its days."""
    if said.question["by"] is not None:
        columns, rows = said.extra["suggestions"]["columns"][:-1], [row[:-1] for row in said.extra["suggestions"]["rows"]]
        console.print(table(columns, rows, kinds_in(columns, rows)))
        return
    place = said.columns.index("day")
    rows = [row[:-1] for row in said.rows if row[place] % 7 == 0]
    console.print(table(said.columns[:-1], rows, said.kinds()[:-1], limit=30))


@analysis("gone-after", "gone_after:GoneAfter", view=_weekly)
def verb(**own: Any) -> dict[str, Any]:
    """After how many days without an order does a customer count as gone? A suggestion from your own data.

    With --by, each segment (product, country) has its own days. People: --people what=gone (or what=here) segment=France.
    """
    return own
