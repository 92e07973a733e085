"""The sentences of the answer, and what to keep in mind."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.models.plain_rate import NAME as PLAIN_RATE
from holdfast.analyses.value.groups import IN_DOUBT, in_doubt

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.value.lately import Lately
    from holdfast.analyses.value.tables import Told
    from holdfast.settings import Settings

__all__ = ["care", "difference", "doubtful", "equity_words", "lately_words", "too_few_words"]

TENTHS = 10
"""Fewer customers have no tenths worth a word."""

WORTH_SAYING = 0.03
"""An error of the total below this is not mentioned."""


def equity_words(told: Told, extra: dict[str, pa.Table], settings: Settings, seen: Lately | None) -> str:
    """What all customers together are worth, who brings it, and what an acquisition may cost.

    seen  what those acquired lately brought
    """
    months, n = told.valuer.horizon.months, len(told.found)
    ahead = "In the next month" if months == 1 else f"In the next {months} months"
    who = "the customer is" if n == 1 else f"the {n:,} customers are"
    if not told.paid:
        expected = float(told.worth.orders.sum())
        each = f", {expected / n:.2f} each" if n > 1 else ""
        told_of = f"{ahead} {who} expected to order {expected:,.2f} times{each}"
        return f"{told_of}; the orders have no money, so their value cannot be told."
    row, money = _whole(extra["segments"]), settings.currency
    kind = "revenue" if settings.margin is None else "profit"
    of = f"{row['total_value']:,.0f} {money} ({row['total_value_low']:,.0f} to {row['total_value_high']:,.0f})"
    words = f"{ahead} {who} worth {of} of {kind}" + (f", {row['value']:,.2f} each" if n > 1 else "")
    best = next((each for each in extra["deciles"].to_pylist() if each["share"] is not None), None)
    words += f"; {percent(best['share'])} of it from the best {best['n']:,}." if best and n >= TENTHS else "."
    if row["value_at_risk"] > 0:
        words += f" {row['value_at_risk']:,.0f} more would come if nobody were gone."
    new = next((each for each in extra["new"].to_pylist() if each["months"] == months), None)
    if not new:
        return words
    acquired = f" A customer acquired today brings {new['value']:,.2f} ({new['low']:,.2f} to {new['high']:,.2f})"
    if seen is None or not seen.apart:
        return f"{words}{acquired}."
    less = "less" if seen.value < seen.model else "more"
    return f"{words}{acquired} by the model, but those acquired lately brought {less} than it says: see the notes."


def lately_words(seen: Lately | None, settings: Settings) -> str:
    """What those acquired lately brought, where the model says something else of a new customer."""
    if seen is None or not seen.apart:
        return ""
    over = seen.model > seen.value
    why = "it learned from the first customers of the data too, who may not have been new" if over else "new ones became better"
    followed = "month" if seen.months == 1 else f"{seen.months} months"
    return (
        f"the {seen.n:,} customers acquired from {seen.first} to {seen.last} brought {seen.value:,.2f} {settings.currency} "
        f"each ({seen.low:,.2f} to {seen.high:,.2f}) in their first {followed}; the model says {seen.model:,.2f} of a new one: "
        f"{why}. Let an acquisition cost no more than the smaller of the two allows"
    )


def _whole(segments: pa.Table) -> dict[str, Any]:
    """The row of everybody; of several segments their sum, whose interval is written by the table's last row."""
    found: dict[str, Any] = segments.to_pylist()[-1]
    return found


def too_few_words(why: str, so_far: float | None, settings: Settings) -> str:
    """Why nothing can be told, and what can."""
    told = f"What customers will be worth cannot be told: {why}."
    return told if so_far is None else f"{told} So far one brought {so_far:,.2f} {settings.currency} on average."


def doubtful(told: Told) -> str:
    """Who is listed as at risk, and who is not."""
    worth, (least, most) = told.worth, IN_DOUBT
    gone, here = worth.alive < least, worth.alive >= most
    held = f" and {worth.at_risk[gone].sum():,.0f} of the value at risk" if told.paid else ""
    return (
        f"listed are the {counted(int(in_doubt(worth.alive).sum()), 'customer')} in doubt, P(alive) {least:g} to {most:g}; "
        f"{counted(int(gone.sum()), 'customer')} almost surely gone, with a chance below that{held}, and the "
        f"{int(here.sum()):,} who most probably are here are not: the table “bands” has them"
    )


def difference(plain: pa.Table, settings: Settings) -> str:
    """The model and the plain formula in one sentence."""
    rows = {row["method"]: row for row in plain.to_pylist()}
    model, formula = rows.get("the model"), rows.get("plain formula")
    if model is None or formula is None or formula["value"] is None:
        return ""
    return (
        f"the plain formula says {formula['value']:,.2f} {settings.currency} for each of {formula['n']:,} in the base, over a "
        f"mean life of {formula['months']:.1f} months: it takes everyone for the average customer, and the silent for gone; "
        f"the model says {model['value']:,.2f} for each of {model['n']:,} who ever ordered, by what each did (table “plain”)"
    )


def care(told: Told, extra: dict[str, pa.Table], settings: Settings, error: float | None) -> tuple[str, ...]:
    """What to keep in mind of the numbers.

    error  of the model's total on the holdout that chose it, as a share of what came; None: there was none
    """
    out = [
        "P(alive) is the chance that she still is a customer, not that she orders soon: “risk” tells that, and "
        "“next” when her silence becomes unusual"
    ]
    if error is not None and abs(error) >= WORTH_SAYING:
        out.append(
            f"on its holdout the model foretold {percent(abs(error))} {'more' if error > 0 else 'fewer'} orders than came: "
            "trade that grows, shrinks or has seasons is in no interval here"
        )
    if told.valuer.buying.fit.model == PLAIN_RATE:
        out.append(
            "the plain rate says how many orders, not how they may turn out: intervals are those of NBD with silence, and the "
            "value of one who ordered often within few weeks may lie above hers"
        )
    if told.paid and settings.margin is None:
        out.append("no margin is set, so this is revenue, not profit (holdfast.toml: margin)")
    if told.valuer.net < 1:
        out.append(
            f"refunds without an order took back {percent(1 - told.valuer.net)} of the money: "
            "every order is taken for so much less"
        )
    if told.doubt.endless:
        out.append(
            f"orders of {counted(told.doubt.endless, 'customer')} differ so widely in value that "
            "intervals of sums are too narrow"
        )
    for name in ("segments", "cohorts", "sources"):
        few = [str(row[name[:-1]]) for row in extra[name].to_pylist() if 0 < row["n"] < settings.small_group]
        if few:
            out.append(f"fewer than {settings.small_group} customers, read with care: {', '.join(few[:12])}")
    return tuple(out)
