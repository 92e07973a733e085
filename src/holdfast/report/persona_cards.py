"""Persona cards as HTML: who they are, what they bring, how they come, what came before leaving, what to do."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from holdfast.report.markup import Markup, join, tag
from holdfast.report.parts import bar, folded, table
from holdfast.report.pictures import sparkline
from holdfast.report.values import percent, shown

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer

__all__ = ["is_cards", "persona_cards"]

_TOP = 3
"""Items shown of a facet; the table below the cards has all."""

_KNOWN = ("size", "standing", "before leaving", "reason")


def is_cards(answer: Answer) -> bool:
    """Whether an answer is one of persona cards."""
    return {"persona", "part", "item", "index"} <= set(answer.table.column_names)


def persona_cards(answer: Answer) -> Markup:
    """A card for each persona or cluster of the answer, the largest first; what is held back is said by the answer's notes."""
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in answer.table.to_pylist():
        if not row["persona"].startswith("("):
            rows[row["persona"]].append(row)
    names = sorted(rows, key=lambda name: -rows[name][0]["customers"])
    return tag("div", *(_card(answer, name, rows[name]) for name in names), class_="pcards")


def _card(answer: Answer, name: str, rows: list[dict[str, Any]]) -> Markup:
    parts: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        parts[row["part"]].append(row)
    extra = {kind: [one for one in made.to_pylist() if one.get("persona") == name] for kind, made in answer.extra.items()}
    size = parts["size"][0]
    written = {one["field"]: one["text"] for one in extra["profile"]}
    called = f"{name}: " if "name" in written else ""
    trend = [one["customers"] for one in extra["trend"]]
    head = tag(
        "div",
        tag("h3", written.get("name", name.capitalize())),
        tag("p", f"{called}{size['customers']:,} customers, {_with_interval(size)} of {size['n']:,}", class_="muted"),
        sparkline(trend, "kept", width=170) if trend else None,
    )
    body = [
        head,
        _value(answer, extra["value"], parts["standing"]),
        _profile(written),
        _favourites(parts),
        _leaving(parts),
        _action(name),
        _moves(answer, name),
        _journey(extra["journey"]),
        _evidence(extra["evidence"]),
    ]
    return tag("article", *(one for one in body if one), class_="pcard", aria_label=f"card of {name}")


def _with_interval(row: dict[str, Any]) -> str:
    if row["share"] is None:
        return "n/a"
    return f"{percent(row['share'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})"


def _value(answer: Answer, value: list[dict[str, Any]], standing: list[dict[str, Any]]) -> Markup:
    """What they bring, a line each."""
    currency = answer.source.settings.currency
    paid = any(answer.extra["value"]["revenue"].to_pylist())
    told: list[tuple[str, str]] = []
    for row in value:
        if row["orders"]:
            if paid:
                brought = f"{shown(row['revenue'], 'money', currency)}, {percent(row['revenue_share'])}"
                told += [("revenue", brought), ("order value", shown(row["aov"], "money", currency))]
            told.append(("orders a customer", f"{row['orders_per_customer']:.1f}"))
        told.append(("last seen", f"{row['days_since']:,} days ago (median)"))
    told += [(row["item"], f"{_with_interval(row)} of {row['n']:,}") for row in standing if row["item"] != "gone"]
    return table(("what", "how much"), told, ("text", "text"), name="small")


def _profile(written: dict[str, str]) -> Markup | None:
    """What the owner wrote."""
    fields = [(field, text) for field, text in written.items() if field != "name"]
    return tag("dl", *(join(tag("dt", field), tag("dd", text)) for field, text in fields)) if fields else None


def _favourites(parts: dict[str, list[dict[str, Any]]]) -> Markup:
    """The largest values of each facet, with the index against everybody."""
    rows: list[tuple[Any, ...]] = []
    for part, items in parts.items():
        if part in _KNOWN:
            continue
        top = sorted(items, key=lambda row: -row["customers"])[:_TOP]
        rows += [
            (part.replace("_", " ") if not place else "", row["item"], bar(row["share"]), f"{row['index']:.0f}")
            for place, row in enumerate(top)
        ]
    heads = {"what": "when and how", "share": "share", "index": "index"}
    return table(("what", "most often", "share", "index"), rows, ("text", "text", "text", "count"), titles=heads)


def _leaving(parts: dict[str, list[dict[str, Any]]]) -> Markup | None:
    """What the gone had in their last days, and what they said."""
    rows = [(row["item"], _with_interval(row), percent(row["all_share"])) for row in parts["before leaving"]]
    said = [(row["item"], _with_interval(row), "said") for row in parts["reason"][:_TOP]]
    if not rows and not said:
        return None
    heads = {"what": "together with leaving", "gone": "of the gone", "kept": "of the kept"}
    return table(("what", "gone", "kept"), [*rows, *said], ("text", "text", "text"), titles=heads)


def _action(name: str) -> Markup | None:
    from holdfast.analyses.personas.actions import ACTIONS

    return tag("p", tag("b", "What to do: "), ACTIONS[name]) if name in ACTIONS else None


def _moves(answer: Answer, name: str) -> Markup | None:
    """Where those went who were here 90 days before."""
    rows = [one for one in answer.extra["moves"].to_pylist() if one["before"] == name and one["customers"]]
    if not rows:
        return None
    told = [(one["after"], one["customers"], bar(one["share"])) for one in sorted(rows, key=lambda one: -one["customers"])]
    return folded("moves since 90 days", table(("now", "customers", "share"), told, ("text", "count", "text")))


def _journey(steps: list[dict[str, Any]]) -> Markup | None:
    """The way of one real customer, without id and date."""
    if not steps:
        return None
    told = [(f"day {one['day']}", one["time"], one["event"], one["visit"]) for one in steps]
    said = (
        f"one customer near the middle: the first {len(steps)} of {steps[0]['of']} steps"
        if steps[0]["of"] > len(steps)
        else ("one customer near the middle, all steps")
    )
    return folded(
        "a real journey", table(("day", "time", "event", "visit"), told, ("text", "text", "text", "count"), caption=said)
    )


def _evidence(rows: list[dict[str, Any]]) -> Markup:
    told = [(one["part"], one["rests_on"], one["n"]) for one in rows]
    return folded("what this rests on", table(("part", "rests on", "n"), told, ("text", "text", "count")))
