"""What the runner asks of an engine, and what each question's rows are.

    first_orders  monthly cohorts by first order, Europe/London: (cohort month, 0, its size) and (cohort month, k, how many of
                  them ordered k months later)
    any_event     weekly cohorts by first event of any kind, weeks from Monday: the same with the Monday and weeks
    rfm           as of the last local day, all history, quintiles: (segment, customers, orders, cents)
    bridge        customers who ordered within 90 days, by month: (month, start, new, returned, lost, end)
    transitions   (event, next event of the same customer, how often)
    funnel        Product Viewed → Product Added → Order Completed within 86,400 s of the first, others may lie between:
                  (step, how many customers reached it by the best choice of where to begin)
    tree          from a customer's first Checkout Started the next five events: (step, event there, next event or
                  "(drop-off)", customers)
    early_signs, personas   Holdfast alone; its rows are compared with nobody's

Months are numbers since January 1970, weeks since the Monday 29 December 1969. Money is net: a refund reduces its order, and an
order that was taken back in full does not count.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Protocol

__all__ = ["ENGINES", "QUESTIONS", "SEGMENT", "SHARED", "Engine", "Rows", "by_segment"]

Rows = list[tuple[int | str, ...]]

SHARED = ("first_orders", "any_event", "rfm", "bridge", "transitions", "funnel", "tree")
"""What every engine of a general kind answers."""

QUESTIONS = (*SHARED, "early_signs", "personas")

ENGINES = {
    "holdfast": "benchmarks.ours",
    "duckdb": "benchmarks.peers.duckdb",
    "duckdb-orders": "benchmarks.peers.duckdb",
    "clickhouse": "benchmarks.peers.clickhouse",
    "clickhouse-orders": "benchmarks.peers.clickhouse",
    "pandas": "benchmarks.peers.pandas_",
    "lifetimes": "benchmarks.peers.lifetimes_",
    "retentioneering": "benchmarks.peers.retentioneering_",
}
"""Name → module. `-orders`: orders after refunds were put into a table of their own while loading, which no one who asks with
another as-of or refund rule could use; shown to be fair."""

SEGMENT = (
    ("Lost", "Lost", "At Risk", "At Risk", "Cannot Lose Them"),
    ("Hibernating", "Hibernating", "At Risk", "At Risk", "Cannot Lose Them"),
    ("About to Sleep", "About to Sleep", "Needs Attention", "Loyal", "Loyal"),
    ("Promising", "Potential Loyalist", "Potential Loyalist", "Loyal", "Loyal"),
    ("New", "Potential Loyalist", "Potential Loyalist", "Champions", "Champions"),
)
"""The segment of R (row) and of F and M together, (F + M + 1) // 2 (column), each 1 to 5: docs/definitions."""


class Engine(Protocol):
    """One engine in its best shape. Built with the name it runs under and a folder of its own."""

    questions: tuple[str, ...]
    """What it can answer."""

    def load(self, parquet: Path) -> None:
        """Take the events in, natively and sorted; keep them in the folder where the engine can."""

    def open(self) -> None:
        """Get ready to answer in a new process."""

    def ask(self, question: str) -> Any:
        """Answer one question: this is what is timed."""

    def rows(self, question: str, answer: Any) -> Rows:
        """That answer in the runner's rows, in any order."""


def by_segment(codes: Rows) -> Rows:
    """(segment, customers, orders, cents) from rows of (r, f, m, customers, orders, cents)."""
    total: dict[str, list[int]] = {}
    for r, f, m, *numbers in codes:
        sums = total.setdefault(SEGMENT[int(r) - 1][(int(f) + int(m) + 1) // 2 - 1], [0, 0, 0])
        for place, number in enumerate(numbers):
            sums[place] += int(number)
    return [(segment, *sums) for segment, sums in total.items()]
