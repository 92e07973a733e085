"""The words and notes of a card."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.personas.card_tables import Card
from holdfast.analyses.personas.rules import plural, singular
from holdfast.events.schema import ORDER

__all__ = ["card_notes", "card_words"]

DISTINCT = 110
"""An index from which a favourite is worth a word."""


def card_words(card: Card, table: pa.Table) -> str:
    """One card in a few sentences; several in one."""
    if not card.shown:
        held = sum(int(card.sums["customers"][code]) for code in card.few)
        if held:
            return f"No card is shown: {counted(held, 'customer')}, fewer than {card.settings.small_group} in each group."
        return _nobody(card)
    rows = table.to_pylist()
    if len(card.shown) > 1:
        sizes = [row for row in rows if row["part"] == "size" and not row["persona"].startswith("(")]
        told = ", ".join(f"{row['persona']} {row['customers']:,}" for row in sorted(sizes, key=lambda row: -row["customers"]))
        return f"{len(card.shown)} cards: {told}."
    return _one(card, [row for row in rows if row["persona"] == card.name(card.shown[0])])


def _nobody(card: Card) -> str:
    """Why there is no card although no group is too small: nobody there at all, or nobody of the one that was asked for."""
    others = int(card.sums["customers"][1:].sum())
    if not others:
        return "Nobody has an event before the as-of: there is nobody to tell of."
    one = str(card.wanted)
    told = f"stands in {one}" if card.apart(1) else f"is a {singular(one)}"
    return f"No card is shown: none of {counted(others, 'customer')} {told}."


def _one(card: Card, rows: list[dict[str, Any]]) -> str:
    code = card.shown[0]
    size = next(row for row in rows if row["part"] == "size")
    total, units = int(card.sums["revenue"][1:].sum()), int(card.sums["revenue"][code])
    apart = card.apart(code)
    name = card.name(code)
    whom = (
        f"{counted(size['customers'], 'customer')} in {name} ({apart})"
        if apart
        else counted(size["customers"], singular(name), plural(name))
    )
    said = f"{whom}: {percent(size['share'])} of {size['n']:,}"
    if total > 0 and units:
        said += f", {percent(units / total)} of the revenue"
    standing = [row for row in rows if row["part"] == "standing" and row["item"] == "still a customer"]
    if standing:
        row = standing[0]
        said += f"; {percent(row['share'], row['low'], row['high'])} of {row['n']:,} are still customers"
    told = [said + "."]
    marked = [_favourite(rows, part) for part in ("hour", *(facet.name for facet in card.step.facets if not facet.timed()))]
    if any(marked):
        told.append(f"They come {', '.join(one for one in marked if one)}.")
    before = [row for row in rows if row["part"] == "before leaving"]
    if before:
        names = ", ".join(f"{row['item']} ({percent(row['share'])} against {percent(row['all_share'])})" for row in before[:2])
        told.append(f"Together with leaving, in the last {card.last_days} days: {names}.")
    return " ".join(told)


def _favourite(rows: list[dict[str, Any]], part: str) -> str:
    """The favourite that sets the group apart most, if its interval lies above the share of all."""
    found = [row for row in rows if row["part"] == part and row["index"] is not None and row["index"] >= DISTINCT]
    clear = [row for row in found if row["low"] > row["all_share"] and row["share"] >= 0.05]
    if not clear or part == "reason":
        return ""
    best = max(clear, key=lambda row: row["index"])
    how = f"at {best['item']}" if part == "hour" else f"with {part} {best['item']}"
    return f"{how} (index {best['index']:.0f})"


def card_notes(card: Card) -> tuple[str, ...]:
    """What is held back, and what the data cannot say."""
    notes = []
    if card.few:
        held, groups = sum(int(card.sums["customers"][code]) for code in card.few), len(card.few)
        notes.append(
            f"{counted(groups, 'group')} of together {counted(held, 'customer')} "
            f"{'is' if groups == 1 else 'are'} held back: fewer than {card.settings.small_group} each"
        )
    if not card.orders:
        notes.append(
            f"the data have no counting order ({ORDER}): nobody can be one-time or a repeat buyer; "
            f'holdfast import --map-event "NAME={ORDER}" mends what came under another name'
        )
    if not any(facet.kind in ("favourite", "ordered") for facet in card.step.facets):
        notes.append("no property tells what they like or how they come: neither category nor platform nor channel")
    if "reason" not in {facet.name for facet in card.step.facets}:
        notes.append("the data have no property reason: what the gone said themselves is not known")
    small = card.settings.small_group
    if any(facet.kind == "ordered" for facet in card.step.facets):
        told = " and ".join(facet.name for facet in card.step.facets if facet.kind == "ordered")
        notes.append(f"{told}: of the products of orders, since no event tells it; known of buyers only")
    thin = [card.name(code) for code in card.shown if min(int(card.sums["left"][code][at]) for at in (1, 2)) < small]
    if thin:
        notes.append(f"too few gone or kept to compare their last days: {', '.join(thin)}")
    return tuple(notes)
