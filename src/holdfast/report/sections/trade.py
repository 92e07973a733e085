"""How do we stand beside what the trade says? Benchmarks as cited, beside the own figures that come nearest."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.analyses.bridge import Bridge
from holdfast.analyses.cohorts import Cohorts
from holdfast.report.benchmarks import CONFLICTS, Benchmark, Measure, for_industry
from holdfast.report.markup import join, tag
from holdfast.report.page import Section
from holdfast.report.parts import csv_link, lead, table
from holdfast.report.values import percent

if TYPE_CHECKING:
    from holdfast.report.asked import Asked

__all__ = ["Own", "own_values", "section"]


@dataclass(frozen=True)
class Own:
    """The business' own figure of a kind.

    share, low, high, n  None where it cannot be told
    said                 over what it is taken, or why it cannot be told
    """

    share: float | None
    low: float | None
    high: float | None
    n: int
    said: str

    def written(self) -> str:
        """The figure with its interval and n, and over what it is taken; empty where it cannot be told."""
        if self.share is None or self.low is None or self.high is None:
            return ""
        return f"{percent(self.share)} ({100 * self.low:.1f} to {100 * self.high:.1f}), n {self.n:,}, {self.said}"


def own_values(asked: Asked) -> dict[Measure, Own]:
    """Retention over a year, over the report's month, and of newcomers in week 8."""
    return {"year": _year(asked), "month": _month(asked), "week_8": _week(asked)}


def _year(asked: Asked) -> Own:
    over = [
        row for row in asked.rows(Bridge(period="year")) if row["state"] == "complete" and row["start"] > 0 and not row["note"]
    ]
    if not over:
        return Own(None, None, None, 0, "the data do not hold a whole calendar year that begins with a filled base")
    last = over[-1]
    return Own(last["crr"], last["crr_low"], last["crr_high"], last["start"], f"of the base, over {last['period']}")


def _month(asked: Asked) -> Own:
    row = asked.row(asked.ask(Bridge()))
    if row is None or row["crr"] is None:
        return Own(None, None, None, 0, "no complete month begins with a customer")
    return Own(row["crr"], row["crr_low"], row["crr_high"], row["start"], f"of the base, over {row['period']}, one month")


_WEEK = Cohorts(period="week", clock="elapsed", periods=9)


def _week(asked: Asked) -> Own:
    row = next((row for row in asked.rows(_WEEK) if row["cohort"] == "all" and row["period"] == 8), None)
    if row is None or row["rate"] is None:
        return Own(None, None, None, 0, "nobody could be watched for eight weeks yet")
    return Own(
        row["rate"],
        row["low"],
        row["high"],
        row["size"],
        "of newcomers, ordering in the eighth week after the first order (orders, not use)",
    )


def section(asked: Asked) -> Section:
    """What the trade says, with source, scope and window, beside the own figure that comes nearest."""
    industry = asked.timelines.settings.industry
    own = own_values(asked)
    found = for_industry(industry)
    rows = [_benchmark_row(one, own, industry) for one in found]
    columns = ("industry", "claim", "yours", "source", "how it counts", "window")
    body = join(
        lead("Claims of the literature, as cited and not ours; read each with its source, scope and window."),
        table(columns, rows, ["text"] * len(columns), name="bench"),
        tag("h3", "Where the sources contradict each other"),
        tag("ul", *(tag("li", conflict) for conflict in CONFLICTS), class_="notes"),
        tag("div", csv_link(_csv(found, own, industry), "benchmarks.csv"), class_="foot"),
    )
    return Section("benchmarks", "How do we stand beside what the trade says?", body, "Benchmarks")


def _benchmark_row(one: Benchmark, own: dict[Measure, Own], industry: str) -> list[Any]:
    claim = join(one.range(), tag("br"), tag("span", f"{_KINDS[one.kind]} · {one.scope}", class_="muted"))
    source = join(one.source, tag("br"), tag("span", f"{one.cited} · claim {one.id}", class_="muted"))
    return [one.industry, claim, _beside(one, own, industry), source, one.definition, one.window]


_KINDS = {"average": "an average", "target": "a target", "good": "called good"}


def _beside(one: Benchmark, own: dict[Measure, Own], industry: str) -> str:
    """The own figure that comes nearest, and why it must not be compared, where it must not."""
    nearest, month = own[one.beside], own["month"]
    figure = nearest.written() or month.written() or f"cannot be told: {nearest.said}"
    if one.industry != "any" and industry.strip().lower() not in one.industry:
        return f"{figure} · not comparable: another trade than yours ({industry})"
    if not nearest.written() and month.written():
        return f"{figure} · not comparable: a month, not a year; {nearest.said}"
    return figure


def _csv(found: tuple[Benchmark, ...], own: dict[Measure, Own], industry: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["id", "industry", "scope", "low", "high", "kind", "source", "date", "definition", "window", "yours"])
    for one in found:
        figures = [one.low, "" if one.high is None else one.high, one.kind]
        writer.writerow(
            [
                one.id,
                one.industry,
                one.scope,
                *figures,
                one.source,
                one.cited,
                one.definition,
                one.window,
                _beside(one, own, industry),
            ]
        )
    return text.getvalue()
