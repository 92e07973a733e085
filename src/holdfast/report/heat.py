"""A cohort grid as an HTML table: complete, in progress (hatched), not observable (empty)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from holdfast.report.markup import Markup, tag
from holdfast.report.values import percent, short_money, shown

__all__ = ["heat_table"]


Opens = Callable[[Mapping[str, Any]], Mapping[str, str]]
"""A row of the grid → the addresses that its size and its customers open to."""


def heat_table(
    rows: Sequence[Mapping[str, Any]],
    value: str = "rate",
    *,
    currency: str = "",
    marks: Mapping[str, str] | None = None,
    opens: Opens = lambda _row: {},
) -> Markup:
    """The grid of long rows with cohort, period, size, customers, rate, low, high, state and the value to show.

    value  "rate" (percent of the cohort) or a column of money
    marks  cohort → the initiative that began in it, written after its name with a ◆
    opens  what the numbers of a cell open to
    The rows of cohort "all" pool the complete cells and stand last.
    """
    pooled = {str(row["period"]): row for row in rows if row["cohort"] == ALL}
    own = [row for row in rows if row["cohort"] != ALL]
    sizes = {str(row["cohort"]): _linked(shown(row["size"], "count"), opens(row).get("size")) for row in own}
    periods = list(dict.fromkeys(str(row["period"]) for row in own))
    if all(period.lstrip("-").isdigit() for period in periods):
        periods.sort(key=int)
    cells = {(str(row["cohort"]), str(row["period"])): row for row in own}
    top = _top(own, value)
    head = [tag("th"), tag("th", "people", class_="n", scope="col"), *(tag("th", period, scope="col") for period in periods)]
    body = [
        tag(
            "tr", tag("th", _named(cohort, marks or {}), scope="row"), tag("td", size, class_="n"),
            *(_cell(cells.get((cohort, period)), value, top, currency, opens) for period in periods),
        )
        for cohort, size in sizes.items()
    ]  # fmt: skip
    if pooled:
        last = [_plain(pooled.get(period), value, currency, opens) for period in periods]
        body.append(tag("tr", tag("th", "all, pooled", scope="row"), tag("td", class_="n"), *last, class_="pool"))
    inner = tag("table", tag("thead", tag("tr", *head)), tag("tbody", *body), class_="grid")
    return tag("div", inner, class_="scroll", tabindex="0", role="group", aria_label="cohort grid")


def _named(cohort: str, marks: Mapping[str, str]) -> str:
    return f"{cohort} ◆ {marks[cohort]}" if cohort in marks else cohort


ALL = "all"


def _plain(row: Mapping[str, Any] | None, value: str, currency: str, opens: Opens) -> Markup:
    """A pooled value, without shade: it is no cohort."""
    if row is None or row[value] is None:
        return tag("td")
    text = f"{100 * row[value]:.0f}" if value == "rate" else short_money(row[value], currency)
    return tag("td", _linked(text, opens(row).get("customers")), title=_told(row, going=False))


def _top(rows: Sequence[Mapping[str, Any]], value: str) -> float:
    """The value that is drawn deepest; the whole cohort in its own period does not flatten the rest."""
    found = [float(row[value]) for row in rows if row[value] is not None]
    later = [one for one in found if one < 0.999] if value == "rate" else found
    return max(later or found or [1.0]) or 1.0


def _cell(row: Mapping[str, Any] | None, value: str, top: float, currency: str, opens: Opens) -> Markup:
    if row is None or row[value] is None:
        return tag("td", class_="none")
    amount = float(row[value])
    text = f"{100 * amount:.0f}" if value == "rate" else short_money(amount, currency)
    going = "progress" in str(row["state"])
    depth = f"--h:{min(max(100 * amount / top, 0), 100):.0f}"
    inner = _linked(text, opens(row).get("customers"))
    return tag("td", inner, class_="c prog" if going else "c", style=depth, title=_told(row, going))


def _linked(text: str, address: str | None) -> Markup | str:
    return text if address is None else tag("a", text, href=address)


def _told(row: Mapping[str, Any], going: bool) -> str:
    """A cell in words: how many of how many, the interval, whether the period is open."""
    part = f"{row['cohort']}, period {row['period']}: {shown(row['customers'], 'count')} of {shown(row['size'], 'count')}"
    interval = (
        f", {percent(row['rate'])} ({percent(row['low'])} to {percent(row['high'])})" if row.get("low") is not None else ""
    )
    return part + interval + (", still open" if going else "")
