"""Benchmarks of the trade, as cited: claims of the literature, never our finding, with source, scope and window beside each.

Sources rarely say how they count or over which window; where they do not, that is written down rather than guessed, and the
conflicts between them are shown (CONFLICTS), not smoothed. Ids are rows of the mission.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["BENCHMARKS", "CONFLICTS", "Benchmark", "Measure", "for_industry"]

Measure = Literal["year", "month", "week_8"]
"""Own figure that stands beside a benchmark: retention of the base over a year, over a month, or of newcomers in week 8."""


@dataclass(frozen=True)
class Benchmark:
    """One figure of the literature.

    id          row of the mission it comes from
    industry    "retail", "healthcare", "banking", "telecom", "technology", "software", "media and healthcare", "any"
    scope       whom the figure speaks of
    low, high   the range as shares 0 to 1; `high` None: at least `low`; equal: a single figure
    source      who says so
    cited       date of the figure as far as the citation tells
    definition  how the source counts, as far as it says
    window      over which time, as far as it says
    beside      own figure that comes nearest
    kind        "average", "target" or "good": what the figure claims to be
    """

    id: str
    industry: str
    scope: str
    low: float
    high: float | None
    source: str
    cited: str
    definition: str
    window: str
    beside: Measure
    kind: Literal["average", "target", "good"]

    def range(self) -> str:
        """The range in words: 60–80 %, about 75 %, 35 % or more."""
        if self.high is None:
            return f"{100 * self.low:.0f}\u00a0% or more"
        if self.high == self.low:
            return f"about {100 * self.low:.0f}\u00a0%"
        return f"{100 * self.low:.0f}–{100 * self.high:.0f}\u00a0%"


_UNDATED = "as cited, undated"
_UNSAID = "not stated by the source; usually read as a year"
_CUSTOMERS = "customer retention; how a customer is counted is not stated"

BENCHMARKS: tuple[Benchmark, ...] = (
    Benchmark("0.6", "retail", "retail, all kinds", 0.60, 0.80, "NRF", _UNDATED, _CUSTOMERS, _UNSAID, "year", "average"),
    Benchmark("0.6", "healthcare", "healthcare", 0.75, 0.75, "Accenture", _UNDATED, _CUSTOMERS, _UNSAID, "year", "average"),
    Benchmark("0.6", "banking", "banking", 0.89, 0.89, "The Financial Brand", _UNDATED, _CUSTOMERS, _UNSAID, "year", "average"),
    Benchmark("0.6", "telecom", "telecom", 0.63, 0.63, "J.D. Power", _UNDATED, _CUSTOMERS, _UNSAID, "year", "average"),
    Benchmark("0.6", "technology", "technology", 0.80, 0.90, "Gartner", _UNDATED, _CUSTOMERS, _UNSAID, "year", "average"),
    Benchmark(
        "2.3", "any", "any business; “varies by industry, improve every month”", 0.85, 0.90, "practitioners' target",
        _UNDATED, "(E − N) / S × 100", "not stated; reviewed every month", "month", "target",
    ),
    Benchmark(
        "3.1", "any", "average over industries", 0.38, 0.38, "Sprinklr", _UNDATED, _CUSTOMERS, "not stated", "year", "average",
    ),
    Benchmark(
        "3.60", "any", "a “good rate” over industries; depends on acquisition cost, market size, competitors", 0.35, 0.84,
        "as cited, no source named", _UNDATED, _CUSTOMERS, "not stated", "year", "good",
    ),
    Benchmark(
        "3.60", "software", "SaaS: users still there after eight weeks", 0.35, None, "as cited, no source named", _UNDATED,
        "share of new users active again; what counts as active is not stated", "eight weeks from the start", "week_8", "good",
    ),
    Benchmark(
        "3.60", "media and healthcare", "media, healthcare", 0.77, 0.84, "as cited, no source named", _UNDATED, _CUSTOMERS,
        "not stated", "year", "good",
    ),
)  # fmt: skip

CONFLICTS: tuple[str, ...] = (
    "38 % on average (claim 3.1) cannot stand beside 60–90 % by industry (0.6), a target of 85–90 % (2.3) and “good” from "
    "35 to 84 % (3.60): they count different customers over different windows, and most do not say which.",
    "A new customer is said to cost 5 times (2.5) and 5 to 25 times (1.1) what it costs to keep one; neither says for whom.",
    "Life time value is profit in one source (1.3) and revenue in another (3.13); Holdfast says which it shows, and shows "
    "profit once a margin is set.",
    "Retention is counted on customers (2.1) or on paying customers only (4.1); here a customer is someone with a counting "
    "event, which for a shop is an order.",
)
"""Where the sources contradict each other: shown with the table, not hidden."""


def for_industry(industry: str) -> tuple[Benchmark, ...]:
    """All benchmarks, those of the industry first, then those for any business, then the others."""
    wanted = industry.strip().lower()
    return tuple(sorted(BENCHMARKS, key=lambda one: 0 if wanted in one.industry else 1 if one.industry == "any" else 2))
