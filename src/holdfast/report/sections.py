"""The report's questions about people: bridge, cohorts, second order, RFM, stickiness."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.report.heat import heat_table
from holdfast.report.markup import Markup, join, tag
from holdfast.report.page import Section, figure_place
from holdfast.report.parts import answer_table, csv_link, foot, hint, lead, table
from holdfast.report.pictures import Step, bridge
from holdfast.report.values import percent, shown

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.answer import Answer
    from holdfast.report.asked import Asked

__all__ = ["bare", "bridge_section", "cohort_section", "folded", "repeat_section", "rfm_section", "stickiness_section"]


def folded(title: str, body: Markup) -> Markup:
    """Something one click away."""
    return tag("details", tag("summary", title), tag("div", body, class_="scroll"))


def bare(answer: Answer) -> go.Figure:
    """An answer's figure without the title that the section already says."""
    figure = answer.figure()
    figure.update_layout(title=None, margin={"t": 34}, height=None, legend={"y": 1.02, "yanchor": "bottom"})
    return figure


def bridge_section(asked: Asked) -> Section:
    """Where the last complete month went."""
    answer, row = asked.answers["bridge"], asked.row("bridge")
    parts = []
    if row is None:
        parts.append(lead(answer.words))
    else:
        parts += [lead(_net(row)), hint("start + new + returned − lost = end")]
        steps = [
            Step("start", row["start"], shown(row["start"], "count"), "ink", total=True),
            Step("new", row["new"], f"+{row['new']:,}", "new"),
            Step("returned", row["returned"], f"+{row['returned']:,}", "returned"),
            Step("lost", -row["lost"], f"−{row['lost']:,}", "lost"),
            Step("end", row["end"], shown(row["end"], "count"), "ink", total=True),
        ]
        moved = ", ".join(f"{name} {row[name]:,}" for name in ("start", "new", "returned", "lost", "end"))
        said = f"Bridge of {row['period']}: {moved}"
        parts.append(bridge(steps, said))
    parts += [folded("all months", answer_table(answer)), foot(answer, "bridge")]
    return Section("bridge", f"Where did {asked.month_name} go?", join(*parts), "Bridge", half=True)


def _net(row: dict[str, Any]) -> str:
    """Whether the bucket fills or leaks: the month's net growth."""
    change = row["end"] - row["start"]
    won = row["new"] + row["returned"]
    grew = f"The base {'grew' if change > 0 else 'shrank' if change < 0 else 'stayed as it was'}"
    by = f" by {abs(change):,} customers, {percent(abs(change) / row['start'])}" if change else ""
    return f"{grew}{by}: {won:,} came or came back for the {row['lost']:,} who left."


def cohort_section(asked: Asked) -> Section:
    """Of each month's first-time buyers, who bought again."""
    answer, worth = asked.answers["cohorts"], asked.answers["cohort_money"]
    how = (
        "% ordering in month k after the first order · hatched: month still open · empty: not observable yet · "
        "rest on a cell for n and interval"
    )
    body = join(
        lead(answer.words),
        hint(how),
        heat_table(answer.table.to_pylist(), marks=_began(answer)),
        folded("the same in money: revenue so far per customer, net of refunds", _money_grid(worth, asked.currency)),
        foot(answer, "cohorts", csv_link(worth.to_csv(), "cohorts-money.csv", "CSV in money")),
    )
    return Section("cohorts", "Of each month's first-time buyers, who bought again?", body, "Cohorts")


def _began(answer: Answer) -> dict[str, str]:
    """Cohort → what began in it, as holdfast.toml says."""
    table = answer.extra.get("initiatives")
    return {} if table is None else dict(zip(table["cohort"].to_pylist(), table["name"].to_pylist(), strict=True))


def _money_grid(answer: Answer, currency: str) -> Markup:
    return heat_table(answer.table.to_pylist(), "value_per_customer", currency=currency)


def repeat_section(asked: Asked) -> Section:
    """Who orders a second time, how soon, and how long lies between orders."""
    answer = asked.answers["repeat"]
    summary = answer.extra["summary"].to_pylist()[0]
    said = _gap("From first to second order", summary, "first_to_second_days") + _gap(
        "Between any two orders", summary, "gap_days"
    )
    body = join(
        lead(answer.words),
        hint(said + "The open last wait of each customer is counted as not yet over, not left out."),
        figure_place("repeat-figure", answer.words, 320),
        answer_table(answer),
        foot(answer, "second-order"),
    )
    return Section("repeat", "Who orders a second time, and how soon?", body, "Second order", {"repeat-figure": bare(answer)})


def _gap(name: str, row: dict[str, Any], key: str) -> str:
    if row.get(key) is None:
        return ""
    low, high = row.get(f"{key}_low"), row.get(f"{key}_high")
    interval = "" if low is None or high is None else f" ({low:.0f} to {high:.0f})"
    return f"{name}, half of the waits end within {row[key]:.0f} days{interval}. "


COLOURS = {
    "Champions": "kept", "Loyal": "kept", "Potential Loyalist": "new", "New": "new", "Promising": "new",
    "Needs Attention": "risk", "About to Sleep": "risk", "Cannot Lose Them": "lost", "At Risk": "lost",
    "Hibernating": "soft", "Lost": "soft",
}  # fmt: skip
"""What a segment means, in the five colours of the house."""


def rfm_section(asked: Asked) -> Section:
    """Eleven segments and what to do with each."""
    answer = asked.answers["rfm"]
    rows = [
        [
            _named(row["rfm"]), row["customers"],
            f"{percent(row['share'])} ({100 * row['low']:.1f} to {100 * row['high']:.1f})" if row["share"] is not None else "–",
            row["revenue"], _bar(row["revenue_share"]), row["recency"], row["frequency"], row["monetary"], row["action"],
        ]
        for row in answer.table.to_pylist()
    ]  # fmt: skip
    columns = ["segment", "customers", "share", "revenue", "of revenue", "days ago", "orders", "each", "what to do"]
    body = join(
        lead(answer.words),
        hint("Scores 1 to 5 for recency, frequency and money, by quintiles; equal values get equal scores. Means per segment."),
        table(
            columns,
            rows,
            ["text", "count", "number", "money", "text", "days", "number", "money", "text"],
            currency=asked.currency,
        ),
        foot(answer, "rfm"),
    )
    return Section("rfm", "Which customers are which, and what to do with each?", body, "RFM")


def _named(segment: str) -> Markup:
    """A segment's name with its colour, on one line."""
    dot = tag("span", class_=f"dot {COLOURS.get(segment, 'soft')}")
    return tag("span", dot, segment, style="white-space:nowrap")


def _bar(share: float | None) -> Markup:
    if share is None:
        return Markup("–")
    return tag("div", tag("i", style=f"width:{max(min(100 * share, 100), 0):.1f}%"), tag("b", percent(share)), class_="bar")


def stickiness_section(asked: Asked) -> Section | None:
    """Of those active in a month, how many on a day; only where there are events that are no orders."""
    answer = asked.answers.get("stickiness")
    if answer is None:
        return None
    body = join(
        lead(answer.words),
        figure_place("stickiness-figure", answer.words),
        folded("all dates", answer_table(answer)),
        foot(answer, "stickiness"),
    )
    return Section("stickiness", "How often do active customers come?", body, "Stickiness", {"stickiness-figure": bare(answer)})
