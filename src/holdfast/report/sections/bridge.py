"""Where did the last complete month go?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.bridge import Bridge
from holdfast.report.markup import join
from holdfast.report.page import Section
from holdfast.report.parts import answer_table, folded, foot, hint, lead
from holdfast.report.pictures import Step, bridge
from holdfast.report.values import percent, shown

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["net_growth", "section"]


def section(asked: Asked) -> Section | None:
    """Where the last complete month went; None where there is nothing that counts."""
    if not asked.counts:
        return None
    answer = asked.ask(Bridge())
    row = asked.row(answer)
    parts = []
    if row is None:
        parts.append(lead(answer.words))
    else:
        parts += [lead(net_growth(row)), hint("start + new + returned − lost = end")]
        steps = [
            Step("start", row["start"], shown(row["start"], "count"), "ink", total=True),
            Step("new", row["new"], f"+{row['new']:,}", "new"),
            Step("returned", row["returned"], f"+{row['returned']:,}", "returned"),
            Step("lost", -row["lost"], f"−{row['lost']:,}", "lost"),
            Step("end", row["end"], shown(row["end"], "count"), "ink", total=True),
        ]
        moved = ", ".join(f"{name} {row[name]:,}" for name in ("start", "new", "returned", "lost", "end"))
        said = f"Bridge of {row['period']}: {moved}"
        parts.append(bridge(steps, said))
    parts += [folded("all months", answer_table(answer)), foot(answer, "bridge")]
    return Section("bridge", f"Where did {asked.month_name} go?", join(*parts), "Bridge", half=True)


def net_growth(row: dict[str, Any]) -> str:
    """Whether the bucket fills or leaks: the month's net growth."""
    change = row["end"] - row["start"]
    won = row["new"] + row["returned"]
    grew = f"The base {'grew' if change > 0 else 'shrank' if change < 0 else 'stayed as it was'}"
    by = f" by {abs(change):,} customers, {percent(abs(change) / row['start'])}" if change else ""
    return f"{grew}{by}: {won:,} came or came back for the {row['lost']:,} who left."
