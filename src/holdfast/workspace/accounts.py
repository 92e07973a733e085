"""The firms of a workspace as customers: the same events, the same questions, but whoever belongs to one firm is one customer.

    shop.accounts.personas()          of firms
    shop.accounts.people(question, …) the firms behind a number

Which firm an event belongs to is told in `holdfast.events.accounts`. The timelines of firms have a store of their own in the
folder accounts, level with the lake. All of it is built again whenever the lake is ahead, since one `group` call can move any
number of earlier events. That costs as much as the first building of the timelines.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.workspace import stored
from holdfast.workspace.questions import Questions

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.events.identity import Evidence
    from holdfast.events.lake import Lake
    from holdfast.settings import Settings
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["Accounts"]


@dataclass(frozen=True)
class Accounts(Questions):
    """The firms that customers belong to, to be asked whatever customers are asked.

    folder    where their timelines are kept
    lake      the events
    settings  of the workspace
    """

    folder: Path
    lake: Lake
    settings: Settings

    @property
    def timelines(self) -> Timelines:
        """The timelines of the firms, up to date with the lake: mapped, or built first if need be."""
        return stored.opened(self.folder, self.lake, self.settings, build=_whole)

    def order_lines(self) -> OrderLines:
        """The product lines of all orders in the lake, read anew, each with the firm that ordered."""
        from holdfast.timelines.order_lines import LINE_COLUMNS, OrderLines

        lake = self.lake.pinned()
        return OrderLines.of(_events(lake, lake.evidence(), (*LINE_COLUMNS, "properties")))


def _whole(lake: Lake, settings: Settings) -> tuple[Timelines, Evidence]:
    from holdfast.timelines.timelines import Timelines

    evidence = lake.evidence()
    return Timelines.build(_events(lake, evidence, stored.COLUMNS), settings), evidence


def _events(lake: Lake, evidence: Evidence, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """All events of the lake, as done by the firms."""
    from holdfast.events.accounts import ACCOUNT_COLUMNS, Belonging, of_accounts
    from holdfast.events.identity import AliasMap

    aliases = AliasMap.of(evidence)
    belonging = Belonging.of(lake.scan(ACCOUNT_COLUMNS), aliases)
    yield from of_accounts(lake.scan(columns), belonging, aliases)
