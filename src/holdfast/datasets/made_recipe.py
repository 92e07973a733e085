"""The truth planted in the made stream: every number that the stream is drawn from, as plain values.

Nothing here is estimated. A test of an analysis compares what it finds in the stream with these values.
"""

from __future__ import annotations

from dataclasses import dataclass

from holdfast.errors import UsageError

__all__ = [
    "BRANDS",
    "BROWSING",
    "CATEGORIES",
    "CHANNELS",
    "COUNTRIES",
    "EXTRAS",
    "HIGH",
    "INTENTS",
    "LANDING",
    "LANDING_OF_GLANCES",
    "LEAVES_CART_AT",
    "LOW",
    "PERSONAS",
    "PLATFORMS",
    "WAYS",
    "MadeStream",
]

BROWSING = ("home", "search", "list", "product")
"""The kinds of page on the way to a product. Their paths are /, /search, /category/…, /product/…; their events Page Viewed,
Products Searched, Product List Viewed, Product Viewed."""

WAYS = (
    (0.05, 0.25, 0.50, 0.20),
    (0.05, 0.25, 0.15, 0.55),
    (0.10, 0.10, 0.25, 0.55),
    (0.10, 0.15, 0.35, 0.40),
)
"""From a browsing page (row) to the next one (column), given that the next step is a browsing page. The same for everybody and
in every session: pages have no memory."""

LANDING = (0.35, 0.10, 0.25, 0.30)
"""On which page a session begins that has a second page."""

LANDING_OF_GLANCES = (0.20, 0.05, 0.15, 0.60)
"""On which page a session begins that ends there."""

INTENTS = ("glance", "browse", "cart", "buy")
"""What becomes of a session: one page; pages only; something in the cart and no order; an order."""

LEAVES_CART_AT = (0.45, 0.20, 0.20, 0.10, 0.05)
"""The last step of a session with a cart and no order: the cart, the start of the checkout, its step 1, 2, 3."""

PERSONAS = {
    "bouncer": 0.30,
    "passive browser": 0.20,
    "cart abandoner": 0.15,
    "one-time low": 0.10,
    "one-time high": 0.10,
    "repeat buyer": 0.15,
}
"""Persona → share of the customers, met to the nearest customer. The order of a one-time low buyer is below 60, that of a
one-time high buyer above 120."""

LOW, HIGH = 60.0, 120.0

EXTRAS = {
    "Recommendation Viewed": 0.25,
    "Size Guide Viewed": 0.10,
    "Product Shared": 0.08,
    "Product Reviewed": 0.06,
    "Video Watched": 0.06,
    "Chat Started": 0.05,
    "Newsletter Subscribed": 0.04,
    "Wishlist Product Added": 0.05,
}
"""Event → how likely a session of more than one page ends with it. None of them has a say in who stays (Wishlist Product Added
is drawn here only after the first week)."""

CATEGORIES = ("books", "garden", "kitchen", "lighting", "sport", "toys")
BRANDS = ("Alder", "Birch", "Cedar", "Elm", "Fir")
CHANNELS = ("direct", "friend", "newsletter", "search")
PLATFORMS = {"web": 0.55, "ios": 0.25, "android": 0.20}
COUNTRIES = {"DE": 0.45, "FR": 0.20, "GB": 0.20, "NL": 0.15}


@dataclass(frozen=True)
class MadeStream:
    """How a stream is made; equal values make equal streams.

    customers  how many
    seed       of the random numbers
    days       length of the stream from 1 January 2025, UTC; customers begin at least 120 days before its end
    """

    customers: int = 2_000
    seed: int = 1
    days: int = 365

    step_gap_seconds: tuple[int, int] = (5, 40)
    """Between two steps of a session: at least the first, and as much more as an exponential draw with the second as mean,
    1,200 seconds at most. Sessions of a customer lie on different days, 8 hours or more apart."""

    cause: str = "Wishlist Product Added"
    cause_times: int = 3
    cause_days: int = 7
    """Who does `cause` at least `cause_times` in her first `cause_days` days stays with `stays_with`, anyone else (bouncers
    apart, who never stay) with `stays_without`. Nothing else has a say."""
    stays_with: float = 0.65
    stays_without: float = 0.30
    leaves_after_days: int = 7
    """Who does not stay does nothing after so many days: all have their whole first week."""

    wishers: tuple[float, float] = (0.25, 0.25)
    """Shares of the customers who wish 3 to 6 times, and 1 or 2 times, in their first session."""

    slows_days_before_end: int = 60
    slows_share: float = 0.15
    slows_to: float = 1 / 3
    """Of those who stay and began 90 days before it, this share slows down on one day: their rate falls to a third."""
    slows_with_ticket: float = 0.20
    """Share of them who open a ticket, once, in the first session after that day; the others never open any."""
    tickets: float = 0.005
    """How likely a session of more than one page of anyone else ends with a ticket."""

    discount_seekers: float = 0.40
    """Share of the repeat buyers who order with a coupon (nine orders in ten, else one in twelve); a coupon takes 15 %."""
    coupon_of_seekers: float = 0.90
    coupon_of_others: float = 1 / 12
    coupon_takes: float = 0.15

    favourite: float = 0.60
    """How likely a product is of the customer's favourite category rather than of any."""
    main_platform: float = 0.85
    """How likely a session is on the customer's main platform, and comes through her main channel, rather than any."""
    interval_days: tuple[int, int] = (10, 40)
    """Repeat buyers order twice in their first week. From then on, those who stay order at their own interval in this range,
    each time 0.7 to 1.4 of it."""
    visit_days: tuple[float, float] = (1.5, 12.0)
    """Mean days between two sessions, each customer's own."""
    in_firms: float = 0.20
    """Share of the customers who belong to a firm; firms have 5 people on average."""
    refunded: float = 0.05
    """Share of the repeat buyers' orders of which a third is refunded 3 to 10 days later."""

    def __post_init__(self) -> None:
        if self.customers < 1 or self.days < 150:
            raise UsageError(
                f"a stream of {self.customers} customers over {self.days} days", "take 1 customer or more and 150 days or more"
            )

    @property
    def slow_day(self) -> int:
        """The day, counted from the first, on which some slow down."""
        return self.days - self.slows_days_before_end
