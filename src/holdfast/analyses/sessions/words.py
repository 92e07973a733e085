"""What sessions say in words: how many end at once, on which page most are lost; and the remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.definitions import counted as number
from holdfast.analyses.definitions import percent
from holdfast.analyses.steps import BY_EVENT

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.sessions.tables import Counted

__all__ = ["TEXT", "notes", "words"]

TEXT = (
    "A session of a customer ends where the gap passes without a step; what happens to her or elsewhere, such as a refund, a "
    "mail or a ticket, is no step unless it is kept. Its landing page is the name of its first step, its "
    "exit page that of its last; a bounce is a session of exactly one step, and lasts no time. The bounce rate is bounces "
    "among the sessions that landed on a page, the exit rate sessions that ended with a page among those that saw it. A "
    "customer may have many sessions, so 95 % intervals follow customers (linearised variance of a ratio, Wilson's interval at "
    "the effective number of trials; plain Wilson where each has one). Median steps are of all sessions, median seconds of "
    "those that did not bounce. A page is above the average when the whole interval of its bounce rate is."
)
PAGES = ("path", "page", "url", "page_path", "screen", "title")


def words(counted: Counted, table: pa.Table) -> str:
    """Two sentences."""
    groups = [group for group in range(len(counted.segments)) if counted.n[group]]
    if not groups:
        return "Nobody took a step: there are no sessions."
    sessions = number(int(counted.sums[:, -1, 0].sum()), "session")
    who = number(int(counted.n.sum()), "customer")
    rates = {group: counted.average(group) for group in groups}
    if len(groups) > 1:
        largest = sorted(groups, key=lambda group: -int(counted.sums[group, -1, 0]))[:4]
        told = ", ".join(f"{counted.segments[group]} {_rate(rates[group])}" for group in largest)
        return f"{sessions} of {who}. Bounces, sessions of a single step: {told}."
    rows = table.to_pylist()
    rate = rates[groups[0]]
    on = number(len(rows), "page")
    return f"{sessions} of {who} began on {on}; {_rate(rate)} were bounces, of a single step. {_worst(rows, rate)}"


def _rate(rate: Any) -> str:
    return percent(float(rate.share[0]), float(rate.low[0]), float(rate.high[0]))


def _worst(rows: list[dict[str, Any]], rate: Any) -> str:
    """The page that loses the most sessions above the average, where it surely does."""
    above = [row for row in rows if row["low"] > rate.share[0]]
    if not above:
        return "No page is surely above that average."
    top = max(above, key=lambda row: float(row["above_average"]))
    lost = f"{top['bounces']:,} of {top['sessions']:,}, {percent(top['bounce_rate'], top['low'], top['high'])}"
    return f"Most are lost on {top['landing']}: {lost}, {top['above_average']:,.0f} more than the average page would lose."


def notes(table: pa.Table, small: int, page: str, properties: tuple[str, ...]) -> tuple[str, ...]:
    """How pages can be named, and small groups."""
    said = []
    if page == BY_EVENT:
        likely = next((name for name in properties if name.lower() in PAGES), None)
        how = (
            f"“name by” {likely} tells them by page"
            if likely
            else "give page events a property such as path: “name by” path tells them by page"
        )
        said.append(f"landing and exit pages are names of events here; {how}")
    few = sum(1 for count in table["customers"].to_pylist() if count < small)
    if few:
        said.append(f"{number(few, 'landing page')} of fewer than {small} customers: their intervals are wide")
    return tuple(said)
