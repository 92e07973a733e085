"""How well does the model foretell? What was known at a split against what came after it (issue 3; MISSION 1.3, 3.13).

1. Customers are those with a counting order up to the split; what came before is as it was known then, refunds included.
2. Every model is fitted to that alone and foretells how many occasions (local days with an order) each customer has from the
   split to the as-of. The plain rate, x / T of her weeks since the first order, stands beside each.
3. The model shown is the one that serves the shop by this very holdout (`choice.py`); the notes say which one the same rule
   would have taken at the split, when nothing of the holdout was known: for that one the holdout is untouched.
4. A 90 % interval of a customer is the shortest run of counts with at least that chance; the table coverage says how many held.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, People, Question, checked_cell, checked_choice
from holdfast.analyses.definitions import defined
from holdfast.analyses.holdout.candidates import CANDIDATES, thinned
from holdfast.analyses.holdout.choice import Chosen, Contest, chosen, contest, split_date
from holdfast.analyses.holdout.said import TEXT, models_table, notes, nothing_words, words
from holdfast.analyses.holdout.shown import (
    FREQUENCIES,
    SCHEMAS,
    Forecast,
    bands,
    counts_table,
    coverage_table,
    covered,
    frequency_table,
    money_table,
    tracking_table,
)
from holdfast.analyses.holdout.spending import spending
from holdfast.analyses.holdout.walk import RepeatsStep
from holdfast.analyses.models.empirical import NAME as FALLBACK
from holdfast.analyses.models.plain_rate import NAME as PLAIN
from holdfast.analyses.occasions import occasions
from holdfast.errors import UnknownName, UsageError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.models.buying import Buying
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["COVERED", "Holdout", "Show"]

COVERED = 30_000
"""Intervals are worked out for about so many customers at most: every n-th."""

Show = Literal["frequency", "tracking", "models", "coverage", "counts", "money"]


JUDGED = ("inside", "outside", "judged")
"""Whose 90 % interval is held against what came: those within it, those outside, both."""


@dataclass(frozen=True)
class Holdout(Question):
    """Actual against expected: how well a model of buying foretells this shop.

    split  last day that the models know; None: halfway from the first order to the as-of
    model  the one that is shown; None: the one that serves by this holdout
    show   which table is the first; all are in `extra`
    as_of  as in every question

    Tables. frequency: a row per number of occasions after the first before the split: customers, actual mean occasions after
    it with low and high, expected, plain. tracking: week, until, calibration, orders, actual (cumulative), expected,
    error_share, conditional, plain. models: a row per model: serves, identified, log_likelihood, customers, expected, actual,
    error_share, mae, rmse, correlation, coverage with low and high, why not. coverage: customers within their 90 % interval by
    frequency, n, share, low, high, width. counts: customers before the split by frequency, actual and expected. money:
    expected and actual money after the split.
    People: frequency="3" or 3, "7+", "all"; with what="inside" | "outside" those within or outside their 90 % interval,
    "judged" both.
    """

    split: date | str | None = None
    model: str | None = None
    show: Show = "frequency"
    as_of: date | datetime | str | None = None

    def __post_init__(self) -> None:
        checked_choice("show", self.show, get_args(Show))
        names = (*CANDIDATES, FALLBACK, PLAIN)
        if self.model is not None and self.model not in names:
            raise UnknownName("model", self.model, names)

    def answer(self, timelines: Timelines) -> Answer:
        """One walk for what was known and what came, one for the weeks; the models in between."""
        as_of = timelines.as_of(self.as_of)
        found = None if not len(occasions(timelines, as_of)) else contest(timelines, as_of, self.split)
        if found is None:
            return self._nothing(timelines, as_of)
        best = chosen(timelines, as_of, self.split)
        rows = occasions(timelines, timelines.as_of(found.at), until=as_of)
        told = Forecast.of(rows, self._shown(found, best))
        extra, small = self._tables(timelines, as_of, told, found), timelines.settings.small_group
        extra["models"] = models_table(found, best, thinned(rows, COVERED))
        blind = chosen(timelines, timelines.as_of(found.at))
        return Answer(
            question=self, words=words(told, extra, found.at), table=extra[self.show],
            definition=defined(
                timelines, as_of, title="How well does the model foretell?", text=TEXT,
                rules=self._rules(timelines, told.model.fit.model, found.at), n=len(rows),
            ),
            notes=notes(best, blind, extra, told, small), extra=extra, source=timelines,
        )  # fmt: skip

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """Who had so many occasions after the first before the split (frequency=, what=)."""
        checked_cell(cell, "frequency", "what")
        name, what = str(cell.get("frequency", "all")), cell.get("what")
        if name not in (*FREQUENCIES, "all"):
            raise UnknownName("frequency", name, (*FREQUENCIES, "all"))
        if what not in (None, *JUDGED):
            raise UnknownName("kind of customer", str(what), JUDGED)
        as_of = timelines.as_of(self.as_of)
        found = contest(timelines, as_of, self.split)
        if found is None:
            raise UsageError("there is no holdout", "the history is too short to be split, or too few came back")
        rows = occasions(timelines, timelines.as_of(found.at), until=as_of)
        marks = np.ones(len(rows), np.bool_)
        if what is not None:
            rows = thinned(rows, COVERED)
            marks = np.ones(len(rows), np.bool_)
        if what in ("inside", "outside"):
            model = self._shown(found, chosen(timelines, as_of, self.split))
            marks = covered(model, rows).inside == (what == "inside")
        if name != "all":
            marks &= bands(rows) == FREQUENCIES.index(name)
        ids = rows.ids.take(pa.array(np.flatnonzero(marks))).to_pylist()
        return People(tuple(sorted(ids)), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """The tracking curve, or actual against expected by frequency."""
        from holdfast.charts.holdout import by_frequency, tracking

        if self.show == "tracking":
            rows = answer.extra["tracking"].to_pylist()
            return tracking(rows, model=answer.definition.rules["model"], title="Orders week by week", subtitle=answer.words)
        rows = answer.extra["frequency"].to_pylist()
        return by_frequency(rows, model=answer.definition.rules["model"], title="Foretold and come true", subtitle=answer.words)

    def _shown(self, found: Contest, best: Chosen) -> Buying:
        """The model that is shown, as it stood at the split."""
        name = self.model or best.model.fit.model
        if name not in found.judged:
            why = next(one.why for one in best.tried if one.model == name)
            raise UsageError(f"{name} foretells nothing: {why}", f"choose one of {', '.join(found.judged)}")
        return found.models[name]

    def _tables(self, timelines: Timelines, as_of: AsOf, told: Forecast, found: Contest) -> dict[str, pa.Table]:
        """All tables but that of the models."""
        settings, some = timelines.settings, thinned(told.rows, COVERED)
        repeats = timelines.walk(RepeatsStep(timelines.as_of(found.at), as_of, settings.refunds)).sums["repeats"]
        values, _ = spending(told.rows, settings.small_group)
        return {
            "frequency": frequency_table(told),
            "tracking": tracking_table(told, repeats),
            "coverage": coverage_table(covered(told.model, some), some),
            "counts": counts_table(told),
            "money": money_table(told, values, settings.margin),
        }

    def _rules(self, timelines: Timelines, model: str, at: date | None) -> dict[str, Any]:
        settings = timelines.settings
        rules: dict[str, Any] = {"clock": "calendar", "refunds": settings.refunds, "occasion": "local day with an order"}
        rules |= {"split": "none" if at is None else f"{at}" if self.split is not None else f"{at} (halfway)"}
        return rules | {"model": model, "money": "revenue" if settings.margin is None else "profit"}

    def _nothing(self, timelines: Timelines, as_of: AsOf) -> Answer:
        """The answer where there is no holdout: empty tables and why."""
        extra = {name: schema.empty_table() for name, schema in SCHEMAS.items()}
        n = len(occasions(timelines, as_of))
        return Answer(
            question=self, words=self._why_nothing(timelines, as_of, n), table=extra[self.show],
            definition=defined(
                timelines, as_of, title="How well does the model foretell?", text=TEXT,
                rules=self._rules(timelines, "none", None), n=n,
            ),
            extra=extra, source=timelines,
        )  # fmt: skip

    def _why_nothing(self, timelines: Timelines, as_of: AsOf, n: int) -> str:
        small, at = timelines.settings.small_group, split_date(timelines, as_of, self.split) if n else None
        if at is None:
            return nothing_words(n, small)
        rows = occasions(timelines, timelines.as_of(at), until=as_of)
        return nothing_words(n, small, at, int(np.count_nonzero(rows.x)), int(np.count_nonzero(rows.later_x)))
