"""What are these figures made of?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.orders import Orders
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section
from holdfast.report.parts import lead, table
from holdfast.report.values import percent, shown

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["section"]


def section(asked: Asked) -> Section:
    """How much of what happened could be used, and what could not."""
    timelines, quality = asked.timelines, asked.quality
    covered = asked.ask(Orders()).definition.coverage
    facts: list[list[Any]] = [
        ["customers with an event", shown(timelines.customers, "count")],
        ["events of customers", shown(timelines.events, "count")],
    ]
    if quality.events is not None:
        facts.insert(0, ["events in the lake", shown(quality.events, "count")])
    facts.append(["orders that belong to a customer (coverage)", percent(covered)])
    facts += [[f"rows refused: {reason.replace('_', ' ')}", shown(count, "count")] for reason, count in quality.refused.items()]
    if not quality.refused:
        facts.append(["rows refused", "none"])
    parts: list[Markup] = [
        lead(
            f"{percent(covered)} of all orders belong to a customer; the others count in no rate."
            if covered is not None
            else "There are no orders."
        ),
        table(("what", "how many"), facts, ["text", "number"]),
    ]
    if quality.imports:
        parts += [tag("h3", "What was read"), table(_IMPORTS, quality.imports, ["text", "text", "count", "count", "count"])]
    return Section("quality", "What are these figures made of?", join(*parts), "Data quality", half=True)


_IMPORTS = ("file", "when", "events", "refused", "repeated rows")
