"""Do new customers need more support than existing ones? (MISSION 2.5)

A customer is new on the first days from her first counting order on, and existing after them, except while she is gone.
Contacts with support are counted against the months that she was one or the other.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.claims import claims_table
from holdfast.analyses.complaints import matching
from holdfast.analyses.definitions import counted, defined, scope_rules
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.scope import Condition, Scope
from holdfast.analyses.service.tables import COMPARE, SUPPORT, WHO, Contacts, compared, row_of, words
from holdfast.analyses.service.walk import ServiceStep
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment, property_name
from holdfast.timelines.zone import day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["CONTACTS", "MINUTES", "Service"]

CONTACTS = (
    *("Ticket Opened", "Ticket Created", "Support Requested", "Chat Started", "Conversation Started", "Call Received"),
    *("Support *", "Complaint *"),
)
"""Events, or patterns of names, that are a contact of a customer with support."""

_LATER = re.compile(r" (Closed|Resolved|Solved|Ended|Answered|Rated|Updated|Assigned|Escalated|Reopened)$", re.IGNORECASE)
"""Endings of events that tell more of a contact that has begun already; counted only where they are named."""

MINUTES = ("support_minutes", "handle_minutes", "handling_minutes", "minutes")
"""Usual names of the property that says how many minutes a contact took."""

WHATS = ("customers", "contacting")


@dataclass(frozen=True)
class Service(Question):
    """How much support do new customers need, and how much existing ones?

    contacts  events, or patterns of names, that are a contact; empty: CONTACTS
    minutes   the property that says how long one took; None: found by its usual names
    new_days  a customer is new on so many days from her first counting order on
    cost      money of one contact; None: as the settings say (costs: contact)
    gone_after  days after which a customer is gone; None: as the settings say, else suggested
    as_of, where, moment  as in every question, at the first counting order
    show      the main table: "support", "compare", "claims"

    Table support: a row for new and for existing: who, customers, contacting (customers with a contact), contacts,
    customer_months, per_hundred (contacts per 100 customer months) with low and high, timed (contacts whose minutes are known),
    minutes_each with low and high, minutes and cost (per 100 customer months) with low and high. Compare: new less existing.
    Intervals follow the customers. People: who="new" | "existing", what="customers" | "contacting".
    """

    contacts: tuple[str, ...] = ()
    minutes: str | None = None
    new_days: int = 90
    cost: float | None = None
    gone_after: int | None = None
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    show: Literal["support", "compare", "claims"] = "support"

    def __post_init__(self) -> None:
        checked_choice("show", self.show, ("support", "compare", "claims"))
        if not 1 <= self.new_days <= 3_650:
            raise UsageError(f"new_days cannot be {self.new_days}", "give 1 to 3650 days, such as 90")
        if self.cost is not None and self.cost < 0:
            raise UsageError(f"cost cannot be {self.cost}", "give the money of one contact, 0 or more")

    def answer(self, timelines: Timelines) -> Answer:
        """One walk lays out contacts and days."""
        as_of, names = timelines.as_of(self.as_of), self._names(timelines.meta)
        step = self._step(timelines, as_of)
        found = self._found(timelines, step)
        cost = dict(timelines.settings.costs).get("contact") if self.cost is None else self.cost
        rows = [row_of(found, place, cost) for place in range(len(WHO))] if names else []
        less = compared(found) if names else []
        made = {
            "support": pa.Table.from_pylist(rows, SUPPORT),
            "compare": pa.Table.from_pylist(less, COMPARE),
            "claims": claims_table("service"),
        }
        rules = {
            "contacts": ", ".join(names) or "none in the data",
            "new": f"{self.new_days} days",
            "gone after": f"{step.gone} days",
        }
        rules |= {"minutes": step.minutes[0] if step.minutes else "not known", "refunds": timelines.settings.refunds}
        return Answer(
            question=self,
            words=words(rows, less, names),
            table=made[self.show],
            definition=defined(
                timelines, as_of, title="Do new customers need more support than existing ones?", text=_TEXT,
                rules=rules | scope_rules(step.scope), n=len(found.days), names=(ORDER, *names),
            ),
            source=timelines,
            notes=_notes(rows, found, timelines.settings.small_group),
            extra={name: table for name, table in made.items() if name != self.show},
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who was a new or an existing customer, or who of them contacted support."""
        checked_cell(cell, "who", "what")
        who, what = cell.get("who", "new"), cell.get("what", "customers")
        for kind, value, known in (("kind of customer", who, WHO), ("count", what, WHATS)):
            if value not in known:
                raise UnknownName(kind, str(value), known)
        found = self._found(timelines, self._step(timelines, timelines.as_of(self.as_of)))
        column = (found.days if what == "customers" else found.contacts)[:, WHO.index(who)]
        return People(tuple(sorted(found.ids.filter(pa.array(column > 0)).to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Contacts per hundred customer months, new and existing."""
        from holdfast.charts.bars import interval_bars

        table = answer.table if self.show == "support" else answer.extra["support"]
        rows = [row for row in table.to_pylist() if row["per_hundred"] is not None]
        return interval_bars(
            [(f"{row['who']} customers", row["per_hundred"], row["per_hundred_low"], row["per_hundred_high"]) for row in rows],
            title="Support for new and for existing customers", subtitle=answer.words, unit="contacts per 100 customer months",
        )  # fmt: skip

    def _names(self, meta: Meta) -> tuple[str, ...]:
        """The events of the data that are contacts."""
        found = matching(meta, self.contacts or CONTACTS)
        if not self.contacts:
            found = tuple(name for name in found if not _LATER.search(name))
        if self.contacts and not found:
            raise UnknownName("event", self.contacts[0], meta.events[1:])
        return found

    def _step(self, timelines: Timelines, as_of: AsOf) -> ServiceStep:
        meta = timelines.meta
        contact = np.zeros(max(len(meta.events), 1), np.bool_)
        contact[1:] = np.isin(np.array(meta.events[1:]), self._names(meta))
        return ServiceStep(
            Scope(None, self.where, self.moment).ready(timelines, as_of), as_of, timelines.settings.refunds, contact,
            self._minutes(meta), self.new_days, resolve_gone_after(timelines, as_of, self.gone_after).days, day_of(as_of.last),
        )  # fmt: skip

    def _minutes(self, meta: Meta) -> tuple[str, npt.NDArray[np.float64]] | None:
        """The property that says how long a contact took, and the minutes by its value code."""
        known = {name.lower(): name for name in meta.properties}
        name = (
            property_name(meta, self.minutes) if self.minutes else next((known[one] for one in MINUTES if one in known), None)
        )
        if name is None:
            return None
        return name, np.array([_number(value) for value in meta.properties[name]])

    def _found(self, timelines: Timelines, step: ServiceStep) -> Contacts:
        tally = timelines.walk(step)
        return Contacts(**tally.rows, outside=int(tally.sums["outside"][0]))


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return value if 0 < value < float("inf") else 0.0


def _notes(rows: list[dict[str, Any]], found: Contacts, small: int) -> tuple[str, ...]:
    if not rows:
        return ()
    notes = []
    if found.outside:
        notes.append(
            f"{counted(found.outside, 'contact')} of buyers came before the first order or while they were gone: left out"
        )
    if not any(row["timed"] for row in rows):
        notes.append("how long a contact took is not in the data: bring in a property such as support_minutes")
    if all(row["cost"] is None for row in rows):
        notes.append("say what a contact costs, by “cost” here or by contact under [costs] in holdfast.toml")
    few = [row["who"] for row in rows if 0 < row["contacting"] < small]
    if few:
        notes.append(f"fewer than {small} customers with a contact, read with care: {', '.join(few)}")
    return tuple(notes)


_TEXT = (
    "A customer is new on the first days from her first counting order on, and existing after them; days on which she is gone "
    "(more than gone after days after an order, and before the next) are neither. Contacts are the events named; per 100 "
    "customer months of an average length. Minutes and "
    "cost are per 100 customer months: contacts times the mean minutes of those timed, or times the money of one contact. "
    "Intervals by the ratio of sums over customers. Contacts of people who never ordered are not counted."
)
