"""Events under other names: `purchase` that means `Order Completed`, as the caller says, or as a name looks like it.

Analyses know the events of Segment's e-commerce specification by name. Nothing is renamed on a guess: a plan only proposes.
Source of the names: GA4's recommended events, Segment's e-commerce v2, Snowplow, retentioneering's sample data.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import pyarrow as pa
import pyarrow.compute as pc

from holdfast.events.columns import plain_name
from holdfast.events.schema import ORDER, REFUND

__all__ = ["EVENT_WORDS", "proposals", "renamed_events"]

EVENT_WORDS: dict[str, str] = {
    ORDER: (
        "purchase purchased order ordered ordercompleted orderplaced ordercreated orderpaid ordersuccess sale bought "
        "checkoutcompleted completepurchase completedpurchase transaction paymentdone paymentsuccess paymentsuccessful "
        "paymentcompleted paymentsucceeded kauf bestellung achat compra"
    ),
    REFUND: "refund refunded orderrefunded orderrefund",
    "Product Added": "addtocart addtobasket addedtocart cartadd productadded productaddtocart",
    "Product Removed": "removefromcart removedfromcart cartremove productremoved",
    "Cart Viewed": "cart viewcart cartview cartviewed basket viewbasket",
    "Checkout Started": "checkout begincheckout checkoutstarted startcheckout initiatecheckout checkoutbegin",
    "Checkout Step Completed": "checkoutprogress addshippinginfo addpaymentinfo checkoutstepcompleted",
    "Product Viewed": "productview viewproduct viewitem productviewed viewcontent productdetail",
    "Product List Viewed": "viewitemlist productlist productlistviewed catalog catalogue viewcategory",
    "Products Searched": "search searched viewsearchresults productssearched productsearch",
    "Wishlist Product Added": "addtowishlist wishlistadd wishlistadded wishlistproductadded",
    "Page Viewed": "pageview pageviewed viewpage",
}
"""Event → plain names (without case, blanks and signs) that usually mean it."""

_MEANT = {word: event for event, words in EVENT_WORDS.items() for word in words.split()}


def renamed_events(names: pa.Array, renames: Sequence[tuple[str, str]]) -> pa.Array:
    """The names of events as the caller means them.

    names    text, null where a row names none
    renames  (their name, our name); names that are not among them stay
    """
    if not renames:
        return names
    meant = dict(renames)
    coded = pc.dictionary_encode(names)
    listed = [meant.get(name, name) for name in coded.dictionary.to_pylist()]
    return pa.array(listed, pa.string()).take(coded.indices)


def proposals(counts: Mapping[str, int], renames: Sequence[tuple[str, str]]) -> Iterator[str]:
    """What a person should be told about the names of events of a sample.

    counts   name → rows
    renames  those the caller gave
    """
    given = dict(renames)
    for name in given:
        if name not in counts:
            yield f"no event of the first rows is called {name}; they are called {', '.join(sorted(counts)[:12])}"
    known = {given.get(name, name) for name in counts}
    meant = {name: _MEANT.get(plain_name(name)) for name in counts if name not in given}
    found = {
        name: event
        for name, event in meant.items()
        if event is not None and name != event and (event == ORDER or event not in known)
    }
    if not found:
        return
    orders = [name for name, event in found.items() if event == ORDER]
    said = "; ".join(_no_orders(name, counts[name]) for name in orders)
    pairs = " ".join(f'"{name}={event}"' for name, event in sorted(found.items(), key=lambda one: (one[1] != ORDER, one[0])))
    yield f"{said or 'some events have another name here than in Holdfast'}; say what they mean with --map-event {pairs}"


def _no_orders(name: str, rows: int) -> str:
    return (
        f"1 row called {name} does not count as an order"
        if rows == 1
        else f"{rows:,} rows called {name} do not count as orders"
    )
