"""The settings of a workspace: one list with name, default and help, kept in `holdfast.toml`.

Every setting is documented in docs/reference/settings.md; a test fails when one lacks its line.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

__all__ = ["COSTS", "PROFILE_FIELDS", "STAGES", "Contract", "Settings"]

RefundMode = Literal["order", "ledger"]

PROFILE_FIELDS = (
    *("name", "description", "demographics", "goals", "challenges", "interests", "hobbies", "values", "personality"),
    *("preferences", "sources"),
)
"""What can be written of a persona, in the order in which its card shows it."""

COSTS = ("acquiring", "keeping", "contact")
"""What a business can say of its costs: money a month for winning customers and for keeping them, money of a contact."""

STAGES = ("awareness", "consideration", "evaluation", "purchase", "after purchase", "loyalty")
"""The stages of the way from stranger to regular, in order."""


@dataclass(frozen=True)
class Contract:
    """Which events start and end a contract (base of kind "contract"). Pauses and resumptions are neither."""

    start: tuple[str, ...] = ("Subscription Started",)
    end: tuple[str, ...] = ("Subscription Ended",)


@dataclass(frozen=True)
class Settings:
    """What a business means by its numbers.

    name            the business, for titles
    zone            IANA time zone of every local date
    currency        ISO 4217 code that all money is counted in
    week_start      first day of the week, 1 (Monday) to 7 (Sunday)
    base            "activity" (shops) or "contract" (subscriptions): who counts as a customer at an instant
    active          names of the events that count as activity; empty: orders
    gone_after      days without a counting event after which a customer counts as gone; None: suggested from the data
    contract        start and end events of a contract base
    unsubscribe     events by which a customer says that she leaves; told apart from silence among the lost
    complaints      events, or patterns of names, by which a customer says that something is wrong
    refunds         "order": a refund reduces its order, in the order's period; "ledger": it counts at its own date
    margin          share of revenue that is profit, 0 to 1; None: money is revenue, and answers say so
    properties      properties kept in the timelines for breakdowns; empty: chosen from the data
    small_group     groups under this n are marked
    industry        row of the benchmark table shown beside own values
    goal            the monthly retention rate aimed at, 0 to 1; None: 90 %, as the trade says
    initiatives     (ISO date, what was done), marked on cohort grids and compared before and after
    stages          (stage, event names or patterns) that come before the default stage map; stage "none": says nothing
    stages_reviewed ISO date on which the stage map was last looked over; None: never
    rates           currency code → value of one unit in `currency`, for events in other currencies
    costs           (what, amount): acquiring and keeping, money a month; contact, money of one contact with support (COSTS)
    personas        persona → what no data hold of it, (field, text): goals, challenges, values, … (PROFILE_FIELDS)
    """

    name: str = "My shop"
    zone: str = "UTC"
    currency: str = "EUR"
    week_start: int = 1
    base: Literal["activity", "contract"] = "activity"
    active: tuple[str, ...] = ()
    gone_after: int | None = None
    contract: Contract = field(default_factory=Contract)
    unsubscribe: tuple[str, ...] = ("Unsubscribed", "Email Unsubscribed", "Account Closed", "Account Deleted")
    complaints: tuple[str, ...] = (
        *("Ticket Opened", "Ticket Created", "Complaint *", "Support Requested"),
        *("Refund Requested", "Return Requested", "Order Refunded"),
    )
    refunds: RefundMode = "order"
    margin: float | None = None
    properties: tuple[str, ...] = ()
    small_group: int = 30
    industry: str = "retail"
    goal: float | None = None
    initiatives: tuple[tuple[str, str], ...] = ()
    stages: tuple[tuple[str, tuple[str, ...]], ...] = ()
    stages_reviewed: str | None = None
    rates: tuple[tuple[str, float], ...] = ()
    costs: tuple[tuple[str, float], ...] = ()
    personas: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = ()
