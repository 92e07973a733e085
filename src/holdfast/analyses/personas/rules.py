"""The six personas as rules, and the walk that finds everybody's (MISSION 3.45, 3.50 to 3.57).

Of everybody with an event before an instant, in this order, so that each stands in exactly one:

repeat buyer          two counting orders or more
one-time high value   one counting order, worth more than the split
one-time low value    one counting order, worth the split or less
cart abandoner        no counting order, and a cart or checkout step (an order taken back in full is such a step)
passive browser       none of these, and a session of more than one step
bouncer               none of these

What never changes when time goes on is found once and kept: the first event, the first second step within a session, the first
cart step. So the personas of any earlier date cost no further walk along the events.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields, replace
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from numba import njit

from holdfast.analyses.steps import SESSION_GAP_MINUTES, gap_seconds, no_visits
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import MONEY_UNITS, ORDER, REFUND
from holdfast.timelines.columns import Orders
from holdfast.timelines.purchases import RefundMode, purchases
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    from holdfast.timelines.columns import Meta
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = [
    "BOUGHT",
    "CART",
    "CART_STEPS",
    "ELSEWHERE",
    "NOTHING",
    "PERSONAS",
    "STEP",
    "FirstOrders",
    "PersonaRule",
    "Ways",
    "cart_events",
    "persona_rule",
    "plural",
    "singular",
]

PERSONAS = (
    *("bouncer", "passive browser", "cart abandoner"),
    *("one-time low value", "one-time high value", "repeat buyer"),
)
"""The personas; a code is a place in it plus 1, and 0 is nobody yet."""

CART_STEPS = frozenset(
    (
        *("productadded", "productremoved", "cartviewed", "cartshared", "checkoutstarted", "checkoutstepviewed"),
        *("checkoutstepcompleted", "paymentinfoentered", "couponentered", "couponapplied", "coupondenied"),
        *("cart", "basket", "bag", "checkout", "payment", "addtocart", "addedtocart", "addtobasket", "addtobag"),
        *("viewcart", "viewedcart", "cartupdated", "updatecart", "removefromcart", "begincheckout", "startcheckout"),
        *("initiatecheckout", "beginpurchase", "addshippinginfo", "addpaymentinfo", "shippingdetails", "paymentdetails"),
        *("deliverychoice", "paymentchoice", "shipping", "delivery", "checkoutpage", "cartpage", "paymentpage"),
        *("paymenterror", "purchase", "paymentdone"),
    )
)
"""Names of cart and checkout steps, letters and digits alone, in lower case: those of the Segment specification and others."""

NEVER = np.uint32(2**32 - 1)
NOTHING, ELSEWHERE, STEP, CART, BOUGHT = range(5)
"""Kinds of events: no activity, not of a visit, a step, a cart or checkout step, an order or refund."""


@dataclass(frozen=True)
class Ways:
    """When each customer of a shard first did what tells personas apart, in UTC seconds; NEVER where she did not.

    first  her first event · many  the first step that is not the first of its session · cart  the first cart or checkout step
    `many` is looked for only before `cart`.
    """

    first: npt.NDArray[np.uint32]
    many: npt.NDArray[np.uint32]
    cart: npt.NDArray[np.uint32]


@dataclass(frozen=True)
class PersonaRule:
    """The rules of one answer; a value that travels with a step.

    kinds  by event code: NOTHING, ELSEWHERE, STEP, CART or BOUGHT
    gap    seconds without a step after which a new session begins
    split  order value in ten-thousandths: a one-time buyer above it is of high value
    until  UTC second, exclusive · mode  how refunds count
    """

    kinds: tuple[int, ...]
    gap: int
    split: int
    until: int
    mode: RefundMode

    @property
    def orders_only(self) -> bool:
        """Whether the data hold nothing that could be a step of a visit."""
        return not {STEP, CART} & set(self.kinds)

    def at(self, until: int) -> PersonaRule:
        """The same rules as of another instant."""
        return replace(self, until=until)

    def codes(self, shard: Shard) -> npt.NDArray[np.uint8]:
        """The persona code of each customer of the shard, 0 for those without an event before the instant."""
        ways = self.ways(shard)
        bought = shard.source.purchases(self.until, self.mode)
        out = np.zeros(shard.high - shard.low, np.uint8)
        _assign(
            *(shard.low, shard.high, ways.first, ways.many, ways.cart, bought.offsets, bought.amount),
            *(self.until, self.split, out),
        )
        return out

    def codes_at(self, shard: Shard, instants: Sequence[int]) -> Iterator[npt.NDArray[np.uint8]]:
        """The codes as of several instants, one after the other.

        Orders are settled for the shard's own customers alone: the source keeps only a few instants of everybody's.
        """
        ways, whole, size = self.ways(shard), shard.columns.orders, shard.high - shard.low
        offsets = whole.offsets[shard.low : shard.high + 1]
        span = slice(int(offsets[0]), int(offsets[-1]))
        rows = {item.name: getattr(whole, item.name)[span] for item in fields(Orders) if item.name != "offsets"}
        part = replace(shard.columns, orders=Orders(offsets=offsets - offsets[0], **rows))
        for until in instants:
            bought = purchases(part, until, self.mode)
            out = np.zeros(size, np.uint8)
            _assign(0, size, ways.first, ways.many, ways.cart, bought.offsets, bought.amount, until, self.split, out)
            yield out

    def ways(self, shard: Shard) -> Ways:
        """What each customer first did when, whatever the instant; kept with the columns."""
        key = ("persona ways", self.kinds, self.gap, shard.low, shard.high)
        kept = shard.source.kept
        if key not in kept:
            size = shard.high - shard.low
            made = Ways(np.full(size, NEVER), np.full(size, NEVER), np.full(size, NEVER))
            columns = shard.columns
            kinds = np.array(self.kinds, np.uint8)
            _look(
                *(shard.low, shard.high, columns.offsets, columns.code, columns.second, kinds, self.gap),
                *(made.first, made.many, made.cart),
            )
            kept[key] = made
        found: Ways = kept[key]
        return found


@dataclass(frozen=True)
class FirstOrders:
    """A step: the value of every buyer's first counting order, in ten-thousandths (rows "value" int64)."""

    until: int
    mode: RefundMode

    def __call__(self, shard: Shard) -> Tally:
        """The values, in customer order."""
        bought = shard.source.purchases(self.until, self.mode)
        places = bought.offsets[shard.low : shard.high + 1]
        return Tally({}, {"value": bought.amount[places[:-1][np.diff(places) > 0]]})


def persona_rule(
    timelines: Timelines, as_of: AsOf, *, cart: Sequence[str] = (), exclude: Sequence[str] | None = None,
    gap_minutes: float | None = SESSION_GAP_MINUTES, split: float | None = None,
) -> PersonaRule:  # fmt: skip
    """The rules with all that depends on the data found.

    cart     events, or patterns of events, that are cart or checkout steps; empty: the usual names (`CART_STEPS`)
    exclude  events, or patterns, that are no steps of a visit; None: `steps.NO_VISITS`
    split    order value that parts low from high; None: the median first order of all buyers before the as-of
    """
    if split is not None and not 0 <= split < 1e12:
        raise UsageError(f"an order value of {split:g}", "give the split as an amount of money, such as 50")
    meta = timelines.meta
    carts = set(cart_events(meta, cart))
    left_out = no_visits(meta) if exclude is None else tuple(exclude)

    def kind(name: str) -> int:
        if name in (ORDER, REFUND):
            return BOUGHT
        if name in carts:
            return CART
        return ELSEWHERE if any(fnmatchcase(name, pattern) for pattern in left_out) else STEP

    kinds = (NOTHING, *map(kind, meta.events[1:]))
    mode = timelines.settings.refunds
    units = _median(timelines, as_of, mode) if split is None else round(split * MONEY_UNITS)
    return PersonaRule(kinds, gap_seconds(gap_minutes), units, as_of.until, mode)


def _median(timelines: Timelines, as_of: AsOf, mode: RefundMode) -> int:
    key = ("first order median", as_of.until, mode)
    kept = timelines.source.kept
    if key not in kept:
        values = np.asarray(timelines.walk(FirstOrders(as_of.until, mode)).rows["value"])
        kept[key] = int(np.floor(np.median(values))) if len(values) else 0
    found: int = kept[key]
    return found


def cart_events(meta: Meta, cart: Sequence[str] = ()) -> tuple[str, ...]:
    """The events of the data that are cart or checkout steps; UnknownName when one that was named matches none."""
    known = meta.events[1:]
    if not cart:
        return tuple(name for name in known if _bare(name) in CART_STEPS)
    for pattern in cart:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise UnknownName("event", pattern, known)
    return tuple(name for name in known if any(fnmatchcase(name, pattern) for pattern in cart))


def plural(persona: str) -> str:
    """Several of a persona, in words: repeat buyers, one-time low value customers."""
    return f"{singular(persona)}s"


def singular(persona: str) -> str:
    """One of a persona, in words: repeat buyer, one-time low value customer."""
    return f"{persona} customer" if persona.endswith("value") else persona


def _bare(name: str) -> str:
    return "".join(letter for letter in name.lower() if letter.isalnum())


@njit(cache=True, nogil=True)
def _look(
    low: int, high: int, offsets: Any, code: Any, second: Any, kinds: Any, gap: int, first: Any, many: Any, cart: Any
) -> None:
    for customer in range(low, high):
        own = customer - low
        before = np.int64(-1)
        begun = False
        found = False
        for i in range(offsets[customer], offsets[customer + 1]):
            kind = kinds[code[i]]
            if kind == 0:
                continue
            if not begun:
                begun = True
                first[own] = second[i]
            if kind >= 3:
                cart[own] = second[i]
                break
            if kind == 2:
                now = np.int64(second[i])
                if not found and before >= 0 and now - before < gap:
                    found = True
                    many[own] = second[i]
                before = now


@njit(cache=True, nogil=True)
def _assign(
    low: int, high: int, first: Any, many: Any, cart: Any, bought: Any, amount: Any, until: int, split: int, out: Any
) -> None:
    for customer in range(low, high):
        own = customer - low
        if np.int64(first[own]) >= until:
            continue
        orders = bought[customer + 1] - bought[customer]
        if orders >= 2:
            out[own] = 6
        elif orders == 1:
            out[own] = 5 if amount[bought[customer]] > split else 4
        elif np.int64(cart[own]) < until:
            out[own] = 3
        elif np.int64(many[own]) < until:
            out[own] = 2
        else:
            out[own] = 1
