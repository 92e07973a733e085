"""The list of pages of analyses: of each its address, its question as the title, its part of the list, what stands first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

__all__ = ["INSIGHTS", "Insight"]


@dataclass(frozen=True)
class Insight:
    """A page.

    slug   its address
    title  its question
    part   the part of the list it stands in
    about  what it tells, in a line
    first  the choices that stand first, by name; all others are under "more"
    verb   the verb of the command line; the slug, unless several pages ask the same verb
    hides  choices of that verb that are another page's, or a file's
    preset what is asked when nothing is chosen, as (name, value)
    needs  (name, how) of a choice that cannot be left out, and how one is proposed: a date before the end, the last initiative
    """

    slug: str
    title: Any
    part: Any
    about: Any
    first: tuple[str, ...] = ("period", "by")
    verb: str = ""
    hides: tuple[str, ...] = ()
    preset: tuple[tuple[str, str], ...] = ()
    needs: tuple[tuple[str, str], ...] = ()


STAY, WHO, WORTH = _("Do they stay?"), _("Who are they?"), _("What are they worth?")
WAYS, WHY, LEAVING, NEXT = _("Where do they go?"), _("Why do they stay?"), _("Who is leaving?"), _("What next?")

INSIGHTS: tuple[Insight, ...] = (
    Insight(
        "metrics",
        _("Do our customers stay?"),
        STAY,
        _("Retention, churn, frequency and order value at a glance."),
        ("by", "as-of"),
    ),
    Insight(
        "bridge",
        _("Where did each period go?"),
        STAY,
        _("Start + new + returned − lost = end, with retention and churn."),
        ("period", "measure", "by"),
    ),
    Insight(
        "lifecycle",
        _("Who was new, kept, returned and lost?"),
        STAY,
        _("States period by period, and how many came for each who went."),
        ("period", "show", "by"),
    ),
    Insight("money", _("Does the money stay?"), STAY, _("Net and gross revenue retention, and the quick ratio.")),
    Insight("losses", _("Why were customers lost?"), STAY, _("Lapse, unsubscribed, end of contract, and the reason given.")),
    Insight(
        "cohorts",
        _("Of those who came together, who is still buying?"),
        STAY,
        _("The grid of cohorts: customers or money."),
        ("period", "measure", "by", "returns"),
    ),
    Insight(
        "repeat",
        _("Who orders a second time, and how soon?"),
        STAY,
        _("Second orders by days since the first."),
        ("within", "by"),
    ),
    Insight("one-year", _("How many still buy a year after their first order?"), STAY, _("The one-year test."), ("days", "by")),
    Insight(
        "survival",
        _("How long do customers stay, and who leaves sooner?"),
        STAY,
        _("Survival curves and hazard ratios."),
        ("by", "at"),
        hides=("file", "duration", "event", "id"),
    ),
    Insight(
        "stages",
        _("How far do customers come on the way to loyalty?"),
        STAY,
        _("Six stages, where they fall out, and the touchpoints."),
        ("show", "by"),
    ),
    Insight(
        "gone-after", _("After how many days is a customer gone?"), STAY, _("A suggestion from your own data."), ("by", "as-of")
    ),
    Insight(
        "initiative",
        _("Did an initiative change how cohorts stay?"),
        STAY,
        _("The cohorts before a date beside those after it."),
        ("date", "period", "at", "cohorts"),
        needs=(("date", "initiative"),),
    ),
    Insight(
        "rate",
        _("What is the rate of three figures of your own?"),
        STAY,
        _("A calculator of retention and churn, with the interval."),
        (),
    ),
    Insight(
        "rfm",
        _("Which customers are which, and what to do with each?"),
        WHO,
        _("Recency, frequency, money: eleven segments."),
        ("by", "window", "as-of"),
    ),
    Insight(
        "migration",
        _("Who moved between RFM segments?"),
        WHO,
        _("From one date to another, by the same cut points."),
        ("date", "to"),
        needs=(("date", "quarter before"),),
    ),
    Insight(
        "personas",
        _("Which of six kinds is everybody?"),
        WHO,
        _("From bouncer to repeat buyer."),
        ("by", "about"),
        hides=("card", "moves", "to"),
    ),
    Insight(
        "persona-cards",
        _("What is each kind of customer like?"),
        WHO,
        _("A card for each persona."),
        ("card", "about"),
        "personas",
        ("moves", "to"),
        (("card", "all"),),
    ),
    Insight(
        "persona-moves",
        _("Who moved between personas?"),
        WHO,
        _("From one date to another."),
        ("moves", "to"),
        "personas",
        ("card",),
        needs=(("moves", "quarter before"),),
    ),
    Insight(
        "clusters",
        _("Which kinds of customer do the data show by themselves?"),
        WHO,
        _("Shown only when they hold when customers are drawn anew."),
        ("among", "about"),
    ),
    Insight(
        "taste",
        _("What do customers like, and when do they come?"),
        WHO,
        _("Favourites, hours, discounts, the next order."),
        ("by", "limit"),
    ),
    Insight(
        "concentration",
        _("How much do the best customers bring?"),
        WHO,
        _("Shares of the revenue of the best 1 to 50 %."),
        ("window", "by"),
    ),
    Insight(
        "traits",
        _("What is known of each customer?"),
        WHO,
        _("Everything, a row a customer."),
        ("name", "where"),
        hides=("parquet",),
    ),
    Insight(
        "orders", _("How often, how much, and how long between orders?"), WORTH, _("Orders, their value, first against later.")
    ),
    Insight(
        "baskets",
        _("What is in first and later orders?"),
        WORTH,
        _("Items, prices, and how much of it is premium."),
        ("top",),
    ),
    Insight(
        "value",
        _("What is each customer worth from now on?"),
        WORTH,
        _("A model of buying, beside the plain formula."),
        ("show", "horizon", "by", "limit"),
    ),
    Insight(
        "costs",
        _("What does winning a customer cost, and keeping one?"),
        WORTH,
        _("With your own numbers."),
        ("acquiring", "keeping", "show"),
    ),
    Insight(
        "referred",
        _("Do customers whom others brought stay longer?"),
        WORTH,
        _("Referred beside others."),
        ("source", "referred", "show"),
    ),
    Insight(
        "service",
        _("Do new customers need more support?"),
        WORTH,
        _("Contacts of new and of existing customers."),
        ("contact", "show"),
    ),
    Insight(
        "whatif",
        _("What would one point more retention do?"),
        WORTH,
        _("The base carried forward, with a lever moved."),
        ("points", "months", "show", "by"),
    ),
    Insight(
        "holdout", _("How well are orders foretold?"), WORTH, _("The model of buying beside the plain rate."), ("show", "split")
    ),
    Insight(
        "again",
        _("Who will buy again, where one buys once a year?"),
        WORTH,
        _("Or a month, or an issue."),
        ("every", "ahead", "by"),
    ),
    Insight(
        "sessions",
        _("Where do visits begin, and where do they end at once?"),
        WAYS,
        _("Landing pages, bounces, exits, lengths."),
        ("name-by", "period", "by"),
    ),
    Insight(
        "paths",
        _("Where do people go from a step?"),
        WAYS,
        _("What follows, what leads there, what lies between."),
        ("from", "to", "show", "unit"),
    ),
    Insight("transitions", _("Which step follows which?"), WAYS, _("How surely, and how fast."), ("name-by", "unit", "by")),
    Insight(
        "funnel",
        _("Of those who began, how many went on?"),
        WAYS,
        _("Step by step, within a window."),
        ("step", "window", "by"),
    ),
    Insight(
        "abandonment",
        _("What was left in the carts, and whose?"),
        WAYS,
        _("Carts and checkouts left behind."),
        ("window", "period", "by"),
    ),
    Insight(
        "drivers",
        _("What do those who stay do in their first days?"),
        WHY,
        _("Together with staying, not because of it."),
        ("staying", "first-days", "horizon-days"),
    ),
    Insight(
        "activation",
        _("How soon do customers reach what they came for?"),
        WHY,
        _("And do those who reach it early stay?"),
        ("value", "within"),
    ),
    Insight(
        "breadth",
        _("How many features do customers use?"),
        WHY,
        _("And do those who use more stay?"),
        ("features", "staying"),
    ),
    Insight(
        "adoption",
        _("Who uses which platform or feature, since when?"),
        WHY,
        _("And do those who use it stay?"),
        ("of", "period"),
    ),
    Insight(
        "stickiness",
        _("Of those active in a month, how many on a day?"),
        WHY,
        _("Daily, weekly and monthly active customers."),
        ("events", "first", "by"),
    ),
    Insight(
        "attention",
        _("Who needs attention, and what is at stake?"),
        LEAVING,
        _("Situations with the people in them."),
        ("as-of",),
    ),
    Insight(
        "risk",
        _("Who is about to leave?"),
        LEAVING,
        _("A tested probability for each, and what goes together with it."),
        ("order", "show", "window", "limit"),
        hides=("file", "outcome", "positive", "id"),
    ),
    Insight(
        "slipping",
        _("Who comes less often, and says nothing?"),
        LEAVING,
        _("Those with most money at stake first."),
        ("events", "show", "window", "limit"),
    ),
    Insight(
        "next", _("When is each customer expected again?"), NEXT, _("And whose silence is unusual."), ("show", "by", "limit")
    ),
    Insight(
        "recommend",
        _("What would each customer like next?"),
        NEXT,
        _("Lists with reasons, and what goes together."),
        ("show", "kind", "limit"),
        hides=("available",),
    ),
    Insight(
        "uplift",
        _("Who would be swayed by a mail?"),
        NEXT,
        _("From a trial drawn at random."),
        ("event", "arm", "outcome", "show"),
        hides=("file", "id", "feature", "leave-out"),
    ),
)
"""All pages, in the order of the list."""
