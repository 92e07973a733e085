"""What whole numbers count that open to nobody: no people, or people who are named in another way.

Every whole number of every table opens to its people (`cells`), or stands here, or says by its name that it counts nothing
(`NO_COUNTS`); that none is forgotten is tested for all pages.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from holdfast.report.values import titled
from holdfast.server.insights.cells import rules_of

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.answer import Answer

__all__ = ["COUNTED", "counted", "unsaid"]

NO_COUNTS = frozenset(
    (
        *(
            "change",
            "cohorts",
            "days",
            "day",
            "days_silent",
            "days_since",
            "decile",
            "degrees",
            "f",
            "features",
            "gone_after",
            "horizon",
        ),
        *("k", "layer", "m", "month", "months", "of", "period", "r", "rank", "step", "steps", "t_x", "to_layer", "top"),
        *("values", "visit", "week", "x"),
    )
)
"""Columns of whole numbers that are a date, a length, a place or a number that was chosen."""

_PEOPLE = ("customer", "customer_id")
"""A column of these: a row a customer, whose numbers are her own."""

_STILL_WATCHED = "customers of whom it was not yet known on the day before"

COUNTED: dict[str, tuple[tuple[str, str], ...]] = {
    "Abandonment": (
        ("started bought abandoned in_progress n valued reached left", "carts and checkouts, of which one may have several"),
        ("customers", "those whose cart or checkout ended at the step"),
    ),
    "Activation": (("at_risk", _STILL_WATCHED), ("stayed", "those of the group who stayed")),
    "Adoption": (("known", "those who had come by the end of the period"),),
    "Again": (("n", "chances to buy until then; of the model, the histories that it is fitted to"),),
    "Baskets": (("orders with_lines", "orders"),),
    "Breadth": (("n stayed", "those who were watched to the end, by how many features they used in the first days"),),
    "Clusters": (("k", "groups"),),
    "Cohorts": (
        ("at_risk", _STILL_WATCHED),
        ("returned", "those who came back, the curve's on that day"),
        ("customers n", "entries, of which one may have several"),
        ("n_against", "those who are compared"),
    ),
    "Costs": (("customer_months", "customers month by month, each once a month"),),
    "CustomerValue": (("orders", "orders"), ("n", "those whom the row names")),
    "Drivers": (("n", "how often at least"), ("tested", "tests that were corrected together")),
    "EarlySigns": (
        ("tested flagged learned_from", "customers: tested, alarmed, and learned from"),
        ("silent complained n", "customers at the end of that month"),
    ),
    "Funnel": (
        ("previous", "those who reached the step before"),
        ("timed", "those whose time from the step before is known"),
        ("settled", "those who are through, or whose time to go on is over"),
    ),
    "GoneAfter": (
        ("at_risk returned censored closed_gaps", "silences from one order to the next, of which one may have several"),
        ("customers", "those whose silences were looked at"),
    ),
    "Holdout": (("orders actual", "orders"),),
    "LifeCycle": (("n", "moves of all periods together, one a customer and period"), ("of", "those who could have moved so")),
    "Metrics": (("n", "what the value stands on: orders, silences between them, or customers"),),
    "NextOrder": (("customers repeaters", "customers of the sample that the rhythm was learned from"),),
    "OneYear": (("at_risk", _STILL_WATCHED), ("left", "those who were gone on that day")),
    "Orders": (("orders later_orders", "orders"),),
    "Paths": (
        ("n n_a n_b", "all in scope, counted as unit says"),
        ("count from_count came begins onward goes_on ends drop_off with_order", "paths, counted as unit says"),
    ),
    "PersonaCard": (
        ("n", "those of whom it is known"),
        ("customers", "those who were of the persona then, or moved so"),
        ("orders", "orders"),
        ("gone gone_n kept kept_n", "those who are gone, or still customers, and had the event"),
    ),
    "Personas": (("orders", "orders"),),
    "Referred": (("bought_n again_n kept_n value_n cost_n", "those of whom it is known"),),
    "Repeat": (("gaps", "silences from one order to the next, of which one may have several"),),
    "Risk": (("n", "those at whose last look back it is known"),),
    "Service": (("contacts timed", "contacts, of which one may have several"),),
    "Sessions": (("sessions bounces exits n share_n", "sessions, of which one may have several"),),
    "Stages": (
        ("n", "moves, or events near an order; one may make several"),
        ("stays", "stays, of which one may have several"),
        ("of", "those with an order that was watched for the whole reach"),
        ("orders", "orders"),
    ),
    "Stickiness": (
        ("sum_above sum_below", "customers day by day, added up over the days"),
        ("n", "the customers of the longer count, on an average day"),
    ),
    "Survival": (("groups", "groups that are compared"),),
    "Taste": (
        ("orders discounted waits", "orders, and the times between them"),
        ("touches product_n hour_n day_n", "touches, of which one may have many"),
        ("n", "those with an order or a touch"),
    ),
    "Transitions": (
        ("count transitions n n_a n_b visits starts drop_offs", "transitions and visits of a step, of which one may have many"),
        ("share_n", "all in scope"),
    ),
    "Uplift": (("n n_control rows", "rows of the trial"),),
    "WhatIf": (
        ("customers more_customers foretold", "customers to be expected, whom nobody can name yet"),
        ("lost start", "customers month by month, added up over the months"),
    ),
}
"""The question's class → columns, and what they count where they do not open."""


def counted(answer: Answer, table: pa.Table) -> str:
    """What those numbers of a table count that open to nobody, in a line; empty where all open."""
    return "".join(
        f"{', '.join(titled(name) for name in found)}: {what}. "
        for names, what in COUNTED.get(type(answer.question).__name__, ())
        if (found := [name for name in names.split() if name in _closed(answer, table)])
    ).rstrip()


def unsaid(answer: Answer, table: pa.Table) -> list[str]:
    """Columns of whole numbers of which nothing says what they count."""
    said = " ".join(names for names, _ in COUNTED.get(type(answer.question).__name__, ())).split()
    known = {*said, *NO_COUNTS, *rules_of(answer, table)}
    return [name for name in _closed(answer, table) if not known & {name, _stem(name)}]


def _closed(answer: Answer, table: pa.Table) -> list[str]:
    """Columns of whole numbers that open to nobody; a row that is one customer's counts nobody."""
    import pyarrow as pa

    if set(_PEOPLE) & set(table.column_names):
        return []
    rules = rules_of(answer, table)
    partly = {name for name, rule in rules.items() if rule.but[0]}
    return [one.name for one in table.schema if pa.types.is_integer(one.type) and (one.name not in rules or one.name in partly)]


def _stem(name: str) -> str:
    """The number whose interval a column is."""
    return name.removesuffix("_low").removesuffix("_high")
