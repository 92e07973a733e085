"""The end of the report: benchmarks beside own values, data quality, definitions, how to read it."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from holdfast.report.benchmarks import CONFLICTS, Benchmark, Measure, for_industry
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import csv_link, foot, hint, lead, table
from holdfast.report.sections import bare
from holdfast.report.values import percent, shown

if TYPE_CHECKING:
    from holdfast.report.asked import Asked, Quality

__all__ = ["Own", "benchmark_section", "definition_section", "gone_section", "own_values", "quality_section", "reading_section"]


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
    over = [row for row in asked.rows("year") if row["state"] == "complete" and row["start"] > 0 and not row["note"]]
    if not over:
        return Own(None, None, None, 0, "the data do not hold a whole calendar year that begins with a filled base")
    last = over[-1]
    return Own(last["crr"], last["crr_low"], last["crr_high"], last["start"], f"of the base, over {last['period']}")


def _month(asked: Asked) -> Own:
    row = asked.row("bridge")
    if row is None or row["crr"] is None:
        return Own(None, None, None, 0, "no complete month begins with a customer")
    return Own(row["crr"], row["crr_low"], row["crr_high"], row["start"], f"of the base, over {row['period']}, one month")


def _week(asked: Asked) -> Own:
    row = next((row for row in asked.rows("week_8") if row["cohort"] == "all" and row["period"] == 8), None)
    if row is None or row["rate"] is None:
        return Own(None, None, None, 0, "nobody could be watched for eight weeks yet")
    return Own(
        row["rate"],
        row["low"],
        row["high"],
        row["size"],
        "of newcomers, ordering in the eighth week after the first order (orders, not use)",
    )


def benchmark_section(asked: Asked) -> Section:
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


def gone_section(asked: Asked) -> Section:
    """After how many silent days a customer counts as gone, and why."""
    answer = asked.answers["gone_after"]
    waits = answer.table.to_pylist()
    kept = [row for row in waits if row["day"] in (7, 14, 30, 60, 90, 120, 180, 270, 365)]
    rows = [[f"{row['day']} days", row["at_risk"], row["share_returned"], row["share_of_expected"]] for row in kept]
    body = join(
        lead(answer.words),
        hint("Every retention figure rests on this choice (gone_after in holdfast.toml)."),
        figure_place("gone-figure", answer.words, 300),
        table(("silent for", "waits that long", "have returned", "of the expected"), rows, ["text", "count", "share", "share"]),
        foot(answer, "gone-after"),
    )
    return Section("gone", "When is a customer gone?", body, "Gone after", {"gone-figure": bare(answer)}, half=True)


def quality_section(asked: Asked, quality: Quality) -> Section:
    """How much of what happened could be used, and what could not."""
    timelines = asked.timelines
    covered = asked.answers["orders"].definition.coverage
    facts: list[list[Any]] = [
        ["customers with an event", shown(timelines.customers, "count")],
        ["events of customers", shown(timelines.events, "count")],
    ]
    if quality.events is not None:
        facts.insert(0, ["events in the lake", shown(quality.events, "count")])
    facts.append(["orders that belong to a customer (coverage)", percent(covered)])
    facts += [[f"rows refused: {reason.replace('_', ' ')}", shown(count, "count")] for reason, count in quality.refused.items()]
    if not quality.refused:
        facts.append(["rows refused", "none"])
    parts: list[Markup] = [
        lead(
            f"{percent(covered)} of all orders belong to a customer; the others count in no rate."
            if covered is not None
            else "There are no orders."
        ),
        table(("what", "how many"), facts, ["text", "number"]),
    ]
    if quality.imports:
        parts += [tag("h3", "What was read"), table(_IMPORTS, quality.imports, ["text", "text", "count", "count", "count"])]
    return Section("quality", "What are these figures made of?", join(*parts), "Data quality", half=True)


_IMPORTS = ("file", "when", "events", "refused", "repeated rows")


def definition_section(asked: Asked) -> Section:
    """What each number means."""
    shown_once = {
        answer.definition.title: answer for name, answer in asked.answers.items() if name not in ("year", "week_8", "within_90")
    }
    entries = [
        join(
            tag("dt", title),
            tag("dd", answer.definition.text, tag("br"), tag("span", answer.definition.line(), class_="muted")),
        )
        for title, answer in shown_once.items()
    ]
    return Section("definitions", "What does each number mean?", tag("dl", *entries), "Definitions")


def reading_section(asked: Asked) -> Section:
    """How to read the report."""
    small = asked.timelines.settings.small_group
    lines = (
        "An interval such as 93.7 % (92.8 to 94.5) says where the true rate lies with 95 % confidence; n is how many customers "
        "it stands on. "
        f"Groups of fewer than {small} are marked: read them as hints.",
        "A hatched cell or a period marked ~ is still open: its rate can still move. An empty cell is not observable yet; it "
        "is not 0.",
        "“Not comparable” beside a benchmark means that the two count different things; the difference says nothing about the "
        "business.",
        "Two things that move together need not cause each other: that an action worked is shown by a control group only.",
        "Every table can be saved as CSV from this file, and its definition stands one click below it.",
    )
    return Section(
        "reading",
        "How is this read?",
        tag("ul", *(tag("li", line) for line in lines), class_="notes"),
        "How to read",
        half=True,
    )
