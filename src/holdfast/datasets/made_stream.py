"""A shop's stream of events with known truth, drawn in about a second: for trying things out, and for tests of what is found.

    from holdfast import Settings, Timelines, datasets
    shop = Timelines.from_arrow(datasets.made_stream(), Settings(properties=("path", "platform")))

The names of the events are Segment's. What is planted is in `made_recipe` (numbers) and in `made_truth` (customers).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from holdfast.datasets.made_carts import drawn_carts
from holdfast.datasets.made_people import MadePeople, drawn_people
from holdfast.datasets.made_recipe import CATEGORIES, CHANNELS, COUNTRIES, PERSONAS, PLATFORMS, MadeStream
from holdfast.datasets.made_steps import drawn_steps
from holdfast.datasets.made_table import customer_ids, firm_names, named, stream_table
from holdfast.datasets.made_visits import drawn_visits

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MadeStream", "made_stream", "made_truth"]


def made_stream(customers: int = 2_000, seed: int = 1, days: int = 365) -> pa.Table:
    """The stream, in order of time; equal arguments give equal tables.

    Columns: customer_id, event, time (UTC), order_id, revenue (what was paid or given back, decimal), currency, products (JSON
    list with product_id, name, category, brand, quantity, price: of Order Completed), path (of pages), product_id, category,
    brand, price of a piece (of one product; of a list page its category), step (of the checkout: 1, 2, 3), cart_id (one a
    session that fills a cart), coupon, discount, platform, channel, account, country.
    Errors: UsageError for no customers or fewer than 150 days.
    """
    recipe = MadeStream(customers, seed, days)
    random = np.random.default_rng(seed)
    people = drawn_people(recipe, random)
    visits = drawn_visits(recipe, people, random)
    carts = drawn_carts(recipe, people, visits, random)
    steps = drawn_steps(recipe, people, visits, carts.lines, random)
    return stream_table(recipe, people, visits, steps, carts, random)


def made_truth(customers: int = 2_000, seed: int = 1, days: int = 365) -> pa.Table:
    """What is true of each customer of the stream of the same arguments, one row a customer.

    Columns: customer_id, persona (see PERSONAS), start (day of the stream, from 0), stays, leaves (day from which on she does
    nothing; null for those who stay), wishes (in the first session; from three on they cause staying), slows (her rate falls to
    a third on day `MadeStream.slow_day`), ticket (she says so), discount_seeker, favourite (category), platform, channel,
    country, account (null without), interval_days (own habit of ordering from the second order on,
    null without), visit_days (mean days between two
    sessions), hour (usual, UTC).
    """
    recipe = MadeStream(customers, seed, days)
    return _truth(drawn_people(recipe, np.random.default_rng(seed)))


def _truth(people: MadePeople) -> pa.Table:
    import pyarrow as pa

    columns: dict[str, Any] = {
        "customer_id": customer_ids(len(people)),
        "persona": named(people.persona, PERSONAS),
        "start": people.start,
        "stays": people.stays,
        "leaves": pa.array(people.leave, mask=people.stays),
        "wishes": people.wishes,
        "slows": people.slows,
        "ticket": people.ticket,
        "discount_seeker": people.seeker,
        "favourite": named(people.favourite, CATEGORIES),
        "platform": named(people.platform, PLATFORMS),
        "channel": named(people.channel, CHANNELS),
        "country": named(people.country, COUNTRIES),
        "account": firm_names(people.firm),
        "interval_days": pa.array(people.interval, mask=people.interval == 0),
        "visit_days": people.visit,
        "hour": people.hour,
    }
    return pa.table(columns)
