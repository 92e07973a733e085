"""Do referred customers stay longer and bring more? (MISSION 4.3, 2.7)

A customer's source is the first value known of the property that tells it. Referred customers stand beside all others: how many
order at all, order again, are still customers, and what they bring in their first days. Who was referred differs from others in
more than that, so this is "together with", not "because of".
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.claims import claims_table
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.referred.sources import BY, REFERRERS, Source, found_source
from holdfast.analyses.referred.tables import COMPARE, GROUPED, GROUPS, SOURCES, Bought, chosen, compared, row_of, words
from holdfast.analyses.referred.walk import BoughtStep
from holdfast.analyses.scope import Condition, Scope
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["Referred"]

MOST_SOURCES = 200
WHATS = ("customers", "bought", "again", "kept")


@dataclass(frozen=True)
class Referred(Question):
    """Do customers whom others brought stay longer and bring more?

    source    the property that tells where a customer came from; None: found by its usual names
    referred  its values that mean referred; empty: those that speak of it (friend, referral, word of mouth, invite, …)
    days      the first days: money counts so long, and "again" means within them
    spent     (source, money spent on winning its customers in all), for the cost of each
    gone_after  days after which a customer is gone; None: as the settings say, else suggested
    as_of, where, moment  as in every question
    show      the main table: "groups", "compare", "sources", "claims"

    Table groups: referred, others and not known (whose source nothing tells; one with others where only referred customers
    have the property), and Sources: a row a source: customers; bought, again, kept, each with its n (whom it can be said of),
    share and interval; value and orders (mean money and orders of the first days per buyer known for so long) with low and
    high, value_n; cost per buyer of the sources in spent, with low and high, cost_n. Compare: referred against others, more
    (the difference) with low and high, times, and the same said in words.
    People: group="referred" | "others" | "not known", source="friend", what="customers" | "bought" | "again" | "kept".
    """

    source: str | None = None
    referred: tuple[str, ...] = ()
    days: int = 90
    spent: tuple[tuple[str, float], ...] = ()
    gone_after: int | None = None
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    show: Literal["groups", "compare", "sources", "claims"] = "groups"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, ("groups", "compare", "sources", "claims"))
        if not 1 <= self.days <= 3_650:
            raise UsageError(f"days cannot be {self.days}", "give 1 to 3650 days, such as 90")
        if any(money < 0 for _, money in self.spent):
            raise UsageError("money spent cannot be below 0", "such as spent=(('friend', 500),)")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out sources and orders; the rest is counting."""
        as_of, source = timelines.as_of(self.as_of), found_source(timelines.meta, self.source, self.referred)
        scope = Scope(None, self.where, self.moment).ready(timelines, as_of)
        made: dict[str, pa.Table] = {
            "groups": GROUPED.empty_table(),
            "compare": COMPARE.empty_table(),
            "sources": SOURCES.empty_table(),
        }
        said, notes, rules, n = _NOTHING, tuple[str, ...](), dict[str, Any](), 0
        if source is not None:
            bought = self._bought(timelines, source)
            rows, less = self._rows(bought, source), self._compared(bought, source)
            made["groups"], made["compare"] = pa.Table.from_pylist(rows, GROUPED), pa.Table.from_pylist(less, COMPARE)
            made["sources"] = pa.Table.from_pylist(self._sources(bought, source), SOURCES)
            said, n = words(rows, less, source), len(bought.source)
            notes = _notes(rows, bought, source, timelines.settings.small_group)
            rules = {"source": source.name, "referred": ", ".join(np.array(source.labels)[source.sent][:8])}
            rules |= {"first days": self.days, "gone after": f"{bought.gone} days", "refunds": timelines.settings.refunds}
        made["claims"] = claims_table("referral")
        return Answer(
            question=self,
            words=said,
            table=made[self.show],
            definition=defined(
                timelines, as_of, title="Do referred customers stay longer and bring more?", text=_TEXT,
                rules=rules | scope_rules(scope, "first event"), n=n,
            ),
            source=timelines,
            notes=notes,
            extra={name: table for name, table in made.items() if name != self.show},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who came by referral or otherwise, or from a source; and of them who bought, bought again, is still a customer."""
        checked_cell(cell, "group", "source", "what")
        source = found_source(timelines.meta, self.source, self.referred)
        if source is None:
            return People((), cell)
        group, name, what = cell.get("group"), cell.get("source"), cell.get("what", "customers")
        for kind, value, known in (
            ("group", group, GROUPS),
            ("source", name, source.labels),
            ("kind of customer", what, WHATS),
        ):
            if value is not None and value not in known:
                raise UnknownName(kind, str(value), known)
        bought = self._bought(timelines, source)
        inside = chosen(bought, source, group, name)
        if what != "customers":
            inside = inside & bought.who(what)[1]
        return People(tuple(sorted(bought.ids.filter(pa.array(inside)).to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Referred against others: the shares with their intervals."""
        from holdfast.charts.bars import interval_bars

        table = answer.table if self.show == "groups" else answer.extra["groups"]
        names = {"bought": "ordered at all", "again": "ordered again", "kept": "still a customer"}
        bars = [
            (f"{names[what]}, {row['group']}", row[f"{what}_share"], row[f"{what}_share_low"], row[f"{what}_share_high"])
            for what in names
            for row in table.to_pylist()
            if row["group"] != "not known" and row[f"{what}_share"] is not None
        ]
        title = "Referred customers beside others"
        return interval_bars(bars, title=title, subtitle=answer.words, unit="share", order="as given")

    def _bought(self, timelines: Timelines, source: Source) -> Bought:
        as_of = timelines.as_of(self.as_of)
        scope = Scope(None, self.where, self.moment).ready(timelines, as_of)
        step = BoughtStep(scope, as_of, timelines.settings.refunds, source.name, self.days)
        gone = resolve_gone_after(timelines, as_of, self.gone_after).days
        rows = timelines.walk(step).rows
        return Bought(**rows, end=day_of(as_of.last), days=self.days, gone=gone, staying=self._staying(timelines, rows["ids"]))

    def _staying(self, timelines: Timelines, ids: Any) -> npt.NDArray[np.bool_] | None:
        """Whose contract runs at the as-of; None without a contract base."""
        if timelines.settings.base != "contract":
            return None
        found = Bridge("month", None, None, self.as_of).people(timelines, what="end").ids
        return np.asarray(pc.is_in(ids, pa.array(found, pa.string())).to_numpy(zero_copy_only=False))

    def _compared(self, bought: Bought, source: Source) -> list[dict[str, Any]]:
        sides = (chosen(bought, source, "referred", None), chosen(bought, source, "others", None))
        return compared(bought, sides, self.days)

    def _rows(self, bought: Bought, source: Source) -> list[dict[str, Any]]:
        told = dict(self.spent)
        named = np.array([name in told for name in source.labels])
        rows = []
        for group, codes in source.groups.items():
            inside = chosen(bought, source, group, None)
            money = [told[source.labels[code]] for code in np.flatnonzero(codes & named)]
            row = row_of(bought, inside, sum(money) if money else None, named[bought.source])
            if group != "not known" or row["customers"]:
                rows.append({"group": group} | row)
        return rows

    def _sources(self, bought: Bought, source: Source) -> list[dict[str, Any]]:
        """A row a source, largest first."""
        for name, _ in self.spent:
            if name not in source.labels:
                raise UnknownName(f"value of {source.name}", name, source.labels[1:])
        told, counts = dict(self.spent), np.bincount(bought.source, minlength=len(source.labels))
        codes = sorted(np.flatnonzero(counts), key=lambda code: -counts[code])[:MOST_SOURCES]
        found = []
        for code in codes:
            inside = bought.source == code
            row = row_of(bought, inside, told.get(source.labels[code]), inside)
            found.append({"source": source.labels[code], "referred": bool(source.sent[code])} | row)
        return found


_NOTHING = (
    "Nothing in the data tells who came by referral: bring in a property such as channel, utm_source or referred_by, "
    "or name one."
)


def _notes(rows: list[dict[str, Any]], bought: Bought, source: Source, small: int) -> tuple[str, ...]:
    notes = ["who was referred differs from others in more than that: together with, not because of"]
    few = [row["group"] for row in rows if 0 < row["customers"] < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few)}")
    if not source.sent.any():
        notes.append(f"no value of {source.name} speaks of referral: “referred” names those that do, such as friend")
    if source.doubtful:
        notes.append(f"{', '.join(source.doubtful)} may mean a link on another website, not a friend: “referred” says which do")
    if bought.by_orders:
        notes.append(f"{source.name} is known of buyers alone, so it says nothing of who orders at all")
    if bought.late:
        said = f"{counted(bought.late, 'buyer')} told {source.name} only after the day of the first order"
        notes.append(f"{said}: who comes back has more time to tell it")
    return tuple(notes)


_TEXT = (
    "A customer's source is the first value known of the property before the as-of; referred are those whose value means it; "
    "those without a value are a group of their own, unless only referred customers have one. "
    "Bought: share with a counting order. Again: share of the buyers known for the first days with a second order within them. "
    "Kept: share of the buyers known for gone after days with an order within the last such days; on a contract "
    "base the share of buyers whose contract runs at the as-of. Value: mean net money of the "
    f"first days per buyer known for so long. Looked for: {', '.join((*REFERRERS, *BY)[:9])} and the like. Differences: "
    "Newcombe's interval for shares, Welch's for money."
)
