"""One sentence about a customer, and the few words that lists and accounts need. Pure: plain values in, text out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from holdfast.report.values import cleaned, money

__all__ = ["Standing", "account_told", "days_told", "initials", "name_shown", "standing_told"]

REGULAR_ORDERS = 4
UNUSUAL_GAPS = 3.0
"""A silence of three mean gaps is longer than 95 of 100, were orders to come at random at her own rate."""


@dataclass(frozen=True)
class Standing:
    """What the sentence is made of; days are local.

    seen       the first and the last day with any event; None: none yet
    ordered    the first and the last day with a counting order; None: no order yet
    orders     how many, none that was taken back in full
    revenue    net of refunds, in the workspace's currency
    as_of      the day that silence is counted to
    segment    the RFM segment; "" where there is none
    order_days days with a counting order, as the library's own rhythms count them; None: as many as orders
    """

    seen: tuple[date, date] | None
    ordered: tuple[date, date] | None
    orders: int
    revenue: float
    as_of: date
    segment: str = ""
    order_days: int | None = None

    @property
    def silent_days(self) -> int | None:
        """Days since the last order, or since she was last seen where there is none."""
        last = self.ordered or self.seen
        return None if last is None else max((self.as_of - last[1]).days, 0)

    @property
    def unseen_days(self) -> int | None:
        """Days since her last event of any kind."""
        return None if self.seen is None else max((self.as_of - self.seen[1]).days, 0)

    @property
    def gap_days(self) -> float | None:
        """Mean days from one day with an order to the next; None under three such days."""
        days = self.orders if self.order_days is None else self.order_days
        if days < 3 or self.ordered is None:
            return None
        return max((self.ordered[1] - self.ordered[0]).days, 1) / (days - 1)

    @property
    def unusual(self) -> bool:
        """Whether she has been silent for three of her own mean gaps, which one regular in twenty would be by chance."""
        gap, silent = self.gap_days, self.silent_days
        return gap is not None and silent is not None and silent > UNUSUAL_GAPS * gap


def standing_told(told: Standing, currency: str) -> str:
    """The sentence: how we stand with her."""
    if told.ordered is None:
        return _without_orders(told)
    first = _("%(start)s since %(month)s: %(orders)s, %(money)s") % {
        "start": _("A regular") if told.orders >= REGULAR_ORDERS else _("A customer"),
        "month": date_format(told.ordered[0], "F Y"),
        "orders": ngettext("%(n)s order", "%(n)s orders", told.orders) % {"n": f"{told.orders:,}"},
        "money": money(told.revenue, currency, cents=abs(told.revenue) < 1_000),
    }
    return f"{first}; {_silence(told)}."


def _silence(told: Standing) -> str:
    silent, gap = told.silent_days or 0, told.gap_days
    if gap is None:
        return _("last order %(ago)s") % {"ago": days_told(silent)}
    rhythm = _("usually every %(gap)s") % {"gap": _days(max(round(gap), 1))}
    if silent == 0:
        return f"{rhythm}, " + _("ordered today")
    said = f"{rhythm}, " + _("silent for %(days)s") % {"days": _days(silent)}
    return f"{said}, " + _("over three times as long") if told.unusual else said


def _without_orders(told: Standing) -> str:
    if told.seen is None:
        return _("Only just known: the figures follow as soon as the first events are counted.")
    seen = days_told(told.unseen_days or 0)
    return _("Known since %(month)s, no order yet; last seen %(ago)s.") % {
        "month": date_format(told.seen[0], "F Y"),
        "ago": seen,
    }


def days_told(days: int) -> str:
    """How long ago: today, yesterday, 12 days ago."""
    if days <= 0:
        return _("today")
    return _("yesterday") if days == 1 else _("%(days)s ago") % {"days": _days(days)}


def _days(days: int) -> str:
    return ngettext("%(n)s day", "%(n)s days", days) % {"n": f"{days:,}"}


def name_shown(name: str, email: str, person: str) -> str:
    """What a person is called: her name, else her address, else her id; without signs that hide or turn text around."""
    for said in (name, email):
        if cleaned(said).strip():
            return cleaned(said).strip()
    if person.startswith("anon:"):
        return _("Visitor %(id)s") % {"id": cleaned(person.removeprefix("anon:"))[:12]}
    return cleaned(person)


def initials(name: str) -> str:
    """One or two letters for the round mark beside a name."""
    parts = [part for part in name.split("@")[0].split() if part[0].isalnum()]
    return "".join(part[0] for part in (parts[:1] + parts[1:][-1:])).upper() or "?"


def account_told(people: int, standings: list[Standing], currency: str) -> str:
    """How an account stands, in words: who of its people is active, what they brought, since when it is silent."""
    if not people:
        return _("Nobody belongs to this account yet.")
    heard = [one for one in standings if one.seen is not None]
    who = ngettext("%(n)s person", "%(n)s people", people) % {"n": f"{people:,}"}
    if not heard:
        return _("%(who)s; nothing has been heard of them yet.") % {"who": who}
    spent, orders = sum(one.revenue for one in heard), sum(one.orders for one in heard)
    silent = min(one.unseen_days or 0 for one in heard)
    active = sum((one.unseen_days or 0) <= 90 for one in heard)
    brought = _("%(who)s, %(orders)s, %(money)s") % {
        "who": who,
        "orders": ngettext("%(n)s order", "%(n)s orders", orders) % {"n": f"{orders:,}"},
        "money": money(spent, currency, cents=abs(spent) < 1_000),
    }
    if not active:
        return _("%(brought)s. Silent: nobody has been seen for %(days)s.") % {"brought": brought, "days": _days(silent)}
    overdue = sum(one.unusual for one in heard)
    health = _("%(active)s of %(people)s active in the last 90 days") % {"active": f"{active:,}", "people": f"{people:,}"}
    worry = ngettext("%(n)s is silent for longer than usual", "%(n)s are silent for longer than usual", overdue) % {
        "n": overdue
    }
    return f"{brought}. {health}" + (f"; {worry}." if overdue else ".")
