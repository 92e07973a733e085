"""`holdfast personas`: six kinds of customer, a card for each, and who moved between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.saying import kinds_in
from holdfast.cli.screen import table
from holdfast.cli.step_options import gap_option
from holdfast.cli.views import crossed
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["verb"]

_SHOWN = {
    "segment": "segment", "persona": "persona", "customers": "customers", "share": "share", "before_30": "30 d ago",
    "before_90": "90 d ago", "revenue_share": "of revenue", "aov": "aov", "kept_share": "kept",
}  # fmt: skip
_SHORT = ("bouncer", "browser", "abandoner", "one low", "one high", "repeat")


def kinds_of_customer(console: Console, said: Said) -> None:
    """The personas as a table, then what to do with each."""
    from rich.text import Text

    at = {name: place for place, name in enumerate(said.columns)}
    several = len({row[at["segment"]] for row in said.rows}) > 1
    names = [name for name in _SHOWN if name != "segment" or several]
    forms = said.kinds()
    rows = [[row[at[name]] for name in names] for row in said.rows if not several or row[at["customers"]]]
    console.print(table([_SHOWN[name] for name in names], rows, [forms[at[name]] for name in names], said.currency))
    console.print()
    for name, action in {row[at["persona"]]: row[at["action"]] for row in said.rows}.items():
        console.print(Text(f"{name}: ", style="bold") + Text(str(action), style="not bold"))


def moved(console: Console, said: Said) -> None:
    """Where customers were, down, and where they are, across, under short names."""
    at = {name: place for place, name in enumerate(said.columns)}
    after = list(dict.fromkeys(row[at["after"]] for row in said.rows))
    short = dict(zip(after, _SHORT, strict=True))
    rows = [[short[cell] if place == at["after"] else cell for place, cell in enumerate(row)] for row in said.rows]
    crossed("before", "after", "customers")(console, replace(said, rows=rows))


_SHOWN_ITEMS = 5


def card_view(console: Console, said: Said) -> None:
    """A card's parts, the largest items of each; of a card alone also its worth, trend, moves, journey and what to do."""
    at = {name: place for place, name in enumerate(said.columns)}
    names = ["persona", "part", "item", "customers", "share", "low", "high", "index"]
    seen: Counter[tuple[str, str]] = Counter()
    rows = []
    for row in sorted(said.rows, key=lambda row: (said_order(said, row, at), -row[at["customers"]])):
        key = (row[at["persona"]], row[at["part"]])
        if seen[key] < _SHOWN_ITEMS:
            rows.append([row[at[name]] for name in names])
        seen[key] += 1
    people = list(dict.fromkeys(row[0] for row in rows))
    if len(people) == 1:
        names, rows = names[1:], [row[1:] for row in rows]
    forms = said.kinds()
    kinds: list[Any] = ["number" if name == "index" else forms[at[name]] for name in names]
    console.print(table(names, rows, kinds, said.currency))
    if len(people) == 1 and not people[0].startswith("("):
        _alone(console, said, people[0])


_SHOWN_MONTHS, _SHOWN_STEPS = 6, 10


def _alone(console: Console, said: Said, name: str) -> None:
    """What a card has beside its parts, and what to do."""
    from rich.text import Text

    from holdfast.analyses.personas.actions import ACTIONS

    def shown(part: str, heading: str, columns: Sequence[str], first: int, last: int, **where: str) -> None:
        made = said.extra[part]
        at = [made["columns"].index(column) for column in columns]
        chosen = [row for row in made["rows"] if all(row[made["columns"].index(key)] == value for key, value in where.items())]
        rows = [[row[place] for place in at] for row in chosen[first:last] if "customers" not in columns or row[at[1]]]
        if rows:
            console.print(f"\n{heading}")
            console.print(table(columns, rows, kinds_in(columns, rows), said.currency))

    worth = ("revenue", "revenue_share", "revenue_per_customer", "orders_per_customer", "aov", "days_since")
    shown("value", "what they bring", worth, 0, 1, persona=name)
    shown("trend", "size at the ends of the last months", ("month", "customers", "share"), -_SHOWN_MONTHS, 99, persona=name)
    shown("moves", "where those are now who were here 90 days before", ("after", "customers", "share"), 0, 99, before=name)
    shown("moves", "where those come from who are here now", ("before", "customers"), 0, 99, after=name)
    heading = f"a real journey, its first {_SHOWN_STEPS} steps at most"
    shown("journey", heading, ("day", "time", "event", "visit"), 0, _SHOWN_STEPS, persona=name)
    if name in ACTIONS:
        console.print()
        console.print(Text("what to do: ", style="bold") + Text(ACTIONS[name], style="not bold"))


def said_order(said: Said, row: Sequence[Any], at: dict[str, int]) -> tuple[int, int]:
    """Where a row's persona and part first stand in the table."""
    firsts = [(one[at["persona"]], one[at["part"]]) for one in said.rows]
    people = [one[at["persona"]] for one in said.rows]
    return people.index(row[at["persona"]]), firsts.index((row[at["persona"]], row[at["part"]]))


def _verb(workspace: str, card: str | None, moves: str | None, to: str | None, **options: Any) -> None:
    """Which of six kinds is every customer, what is each kind worth, and who of it is still there?

    bouncer, passive browser, cart abandoner, one-time low value, one-time high value, repeat buyer: everybody with an event is
    exactly one. --card shows one in full (with --html: as a page), --moves DATE who moved between them since.

    People: --people "persona=repeat buyer", with "mark=discount seeker" or what=gone, before_30 and before_90. Of a card:
    --people part=hour item=12:00.
    """
    own = {
        "split": options.pop("split"),
        "cart": options.pop("cart") or None,
        "about": options.pop("about"),
        "gap_minutes": options.pop("gap_minutes"),
    }
    if to is not None and moves is None:
        raise UsageError("--to says nothing without --moves", "write it as --moves 2011-06-30 --to 2011-12-09")
    if card is not None and moves is not None:
        raise UsageError("--card and --moves are two questions", "ask one, then the other")
    if moves is not None:
        if options["as_of"]:
            raise UsageError("--as-of says nothing to --moves", "name the second date with --to")
        asked("personas.moves:PersonaMoves", workspace, own | {"first": moves, "second": to}, view=moved, **options)
    elif card is not None:
        kind = "cluster" if card.startswith("cluster") else None
        of = None if card in ("all", "clusters") else card
        own |= {"persona": of, "kind": kind, "lines": _products}
        asked("personas.card:PersonaCard", workspace, own, view=card_view, **options)
    else:
        asked("personas:Personas", workspace, own, view=kinds_of_customer, **options)


def _products(timelines: Timelines, lines: Callable[[], OrderLines]) -> OrderLines | None:
    """What was in the orders, where events do not tell what is liked."""
    from holdfast.analyses.personas.facets import told_by_products

    return lines() if told_by_products(timelines.meta) else None


def _options(function: Any) -> Any:
    for option in (
        gap_option,
        click.option("--about", default=None, metavar="NAME=VALUE", help="Only who ever touched it, such as category=Books."),
        click.option("--cart", multiple=True, metavar="EVENT", help="A cart or checkout step (default: the usual names)."),
        click.option("--split", type=float, default=None, metavar="AMOUNT", help="Order value above which one-time is high."),
        click.option("--to", default=None, metavar="DATE", help="The later date of --moves (default: the end of the data)."),
        click.option("--moves", default=None, metavar="DATE", help="Who moved between personas since the end of that day."),
        click.option(
            "--card", default=None, metavar="PERSONA", help='A card in full: "repeat buyer", all, "cluster 1", clusters.'
        ),
    ):
        function = option(function)
    return function


verb = click.command("personas", cls=Verb)(_options(analysis_options(_verb)))
