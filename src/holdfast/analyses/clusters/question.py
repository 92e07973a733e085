"""Clusters: kinds of customer that the data show by themselves, shown only when they hold (docs/definitions/clusters.md).

Ten features a customer (`cluster_features`), k-means with the number of clusters chosen by silhouette among those that are
stable when customers are drawn anew and more than one cloud (`cluster_fit`), each named by the two features that set it apart
most (`cluster_model`). When nothing holds, the answer says so and shows no clusters.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell, checked_choice
from holdfast.analyses.clusters.features import FEATURES, feature_step
from holdfast.analyses.clusters.fit import LEAST_STABILITY
from holdfast.analyses.clusters.model import ClusterModel, cluster_model
from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.personas.rules import persona_rule
from holdfast.analyses.personas.who import about_rules, who_of
from holdfast.analyses.scope import Condition, Scope, money
from holdfast.analyses.statistics import wilson
from holdfast.analyses.steps import SESSION_GAP_MINUTES
from holdfast.errors import UnknownName, UsageError
from holdfast.events.schema import ORDER
from holdfast.timelines.attributes import Moment
from holdfast.timelines.walk import Shard, Tally

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.timelines.timelines import Timelines

__all__ = ["CLUSTERS", "ClusterStep", "Clusters"]

CLUSTERS = tuple(f"cluster {number}" for number in range(1, 9))
"""What clusters are called; the largest is the first."""

Among = Literal["buyers", "everyone"]


@dataclass(frozen=True)
class ClusterStep:
    """A step: place a shard's customers and add up what each cluster is like, and mark those of one.

    model   the clusters · wanted  the cluster to name, from 1, 0 for all; None names nobody
    """

    model: ClusterModel
    wanted: int | None = None

    def __call__(self, shard: Shard) -> Tally:
        """Sums by cluster: customers, revenue [k + 1], mean sums and known [k + 1, FEATURES]; rows `customer` if wanted."""
        step, size = self.model.step, len(self.model.centres) + 1
        inside, features = step.inside(shard), step.features(shard)
        code = self.model.placed(features, inside)
        held = np.where(np.isnan(features), 0.0, features.astype(np.float64))
        known = ~np.isnan(features)
        columns = [np.bincount(code[inside], weight[inside], size) for weight in held.T]
        seen = [np.bincount(code[inside], weight[inside], size) for weight in known.T]
        sums = {
            "customers": np.bincount(code[inside], minlength=size),
            "revenue": _revenue(shard, step.rule.until, step.rule.mode, code, inside, size),
            "sums": np.array(columns).T,
            "known": np.array(seen).T.astype(np.int64),
        }
        if self.wanted is None:
            return Tally(sums, {})
        return Tally(sums, {"customer": shard.ids(inside & ((code == self.wanted) if self.wanted else inside))})


def _revenue(shard: Shard, until: int, mode: Any, code: Any, inside: Any, size: int) -> Any:
    """Net money by cluster, adjustments included, in ten-thousandths."""
    bought = shard.source.purchases(until, mode)
    out = np.zeros(size, np.int64)
    for offsets, amount in ((bought.offsets, bought.amount), (bought.adjust_offsets, bought.adjust_amount)):
        places = offsets[shard.low : shard.high + 1]
        total = np.concatenate([[0], np.cumsum(amount[places[0] : places[-1]])])
        each = total[places[1:] - places[0]] - total[places[:-1] - places[0]]
        np.add.at(out, code[inside], each[inside])
    return out


@dataclass(frozen=True)
class Clusters(Question):
    """Kinds of customer found in the data, if they hold.

    among        "buyers" or "everyone" with an event; None: buyers where the data have any
    least        least mean adjusted Rand index over the resamples for clusters to be shown, 0 to 1
    cart, exclude, gap_minutes, about, where, moment  as for `Personas`
    as_of        the instant up to which rows count

    Table: a row per cluster with cluster, name (what sets it apart), customers, share of n (0 to 1) with low and high, n,
    revenue, revenue_share, and the mean of each feature. No rows when no clusters hold. Extra tables: tried (every number
    of clusters, with silhouette, that of a cloud, stability and its interval), differences (every feature of every cluster).
    People: cluster="cluster 1"; without it all who were placed.
    """

    among: Among | None = None
    least: float = LEAST_STABILITY
    cart: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    gap_minutes: float | None = SESSION_GAP_MINUTES
    about: str | None = None
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"

    def __post_init__(self) -> None:
        if self.among is not None:
            checked_choice("among", self.among, ("buyers", "everyone"))
        if not 0 <= self.least <= 1:
            raise UsageError(f"a stability of {self.least:g}", "give a number from 0 to 1, such as 0.7")

    def model(self, timelines: Timelines) -> ClusterModel:
        """The clusters, fitted or as they were kept."""
        as_of = timelines.as_of(self.as_of)
        # The split between low and high order value says nothing here: 0 spares looking for it.
        rule = persona_rule(
            *(timelines, as_of), cart=self.cart, exclude=self.exclude, gap_minutes=self.gap_minutes, split=0.0
        )  # fmt: skip
        who = who_of(timelines, as_of, Scope(None, self.where, self.moment), self.about)
        buyers = self.among != "everyone" and (self.among == "buyers" or ORDER in timelines.meta.events)
        return cluster_model(timelines, feature_step(timelines.meta, rule, who, buyers=buyers), self.least)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk for the features, fit, and walk again to place everybody."""
        model = self.model(timelines)
        sums = timelines.walk(ClusterStep(model)).sums
        table = _table(model, sums)
        return Answer(
            question=self,
            words=_words(model, table),
            table=table,
            definition=self._definition(timelines, model, int(sums["customers"].sum())),
            source=timelines,
            notes=_notes(model, table, timelines.settings.small_group),
            extra={"tried": _tried(model), "differences": _differences(model)},
        )

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one cluster, or of all."""
        checked_cell(cell, "cluster")
        model, name = self.model(timelines), cell.get("cluster")
        names = CLUSTERS[: len(model.centres)]
        if name is not None and name not in names:
            raise UnknownName("cluster", str(name), names)
        wanted = 0 if name is None else names.index(name) + 1
        rows = timelines.walk(replace(ClusterStep(model), wanted=wanted)).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """What sets the clusters apart: a heat map of features by cluster. UsageError when no clusters hold."""
        from holdfast.charts.clusters import cluster_differences

        if not answer.table.num_rows:
            raise UsageError("no clusters hold", "there is nothing to draw; see the words of the answer")
        rows, apart = answer.table.to_pylist(), answer.extra["differences"].to_pylist()
        return cluster_differences(rows, apart, title="What sets the clusters apart", subtitle=answer.words)

    def _definition(self, timelines: Timelines, model: ClusterModel, n: int) -> Definition:
        step = model.step
        rules: dict[str, Any] = {
            "among": "buyers" if step.buyers else "everyone",
            "features": ", ".join(FEATURES[place] for place in model.scaling.kept),
            "stability asked for": self.least,
            "breadth": step.breadth or "events",
        }
        rules |= about_rules(step.who) | scope_rules(step.who.scope, "first event")
        title = "Which kinds of customer do the data show?"
        return defined(timelines, step.who.as_of, title=title, text=_TEXT, rules=rules, n=n)


def _table(model: ClusterModel, sums: dict[str, Any]) -> pa.Table:
    named = [("cluster", pa.string()), ("name", pa.string()), ("customers", pa.int64())]
    shares = [(name, pa.float64()) for name in ("share", "low", "high")]
    values = [(name.replace(" ", "_"), pa.float64()) for name in FEATURES]
    schema = pa.schema(
        [*named, *shares, ("n", pa.int64()), ("revenue", pa.float64()), ("revenue_share", pa.float64()), *values]
    )
    n, total = int(sums["customers"].sum()), int(sums["revenue"].sum())
    rows = []
    for place, name in enumerate(model.names):
        k, units = int(sums["customers"][place + 1]), int(sums["revenue"][place + 1])
        low, high = wilson(k, n)
        row = {
            "cluster": CLUSTERS[place],
            "name": name,
            "customers": k,
            "share": k / n if n else None,
            "low": low,
            "high": high,
        }
        row |= {"n": n, "revenue": money(units), "revenue_share": units / total if total > 0 else None}
        for at, feature in enumerate(FEATURES):
            known = int(sums["known"][place + 1, at])
            row[feature.replace(" ", "_")] = float(sums["sums"][place + 1, at]) / known if known else None
        rows.append(row)
    return pa.Table.from_pylist(rows, schema)


def _tried(model: ClusterModel) -> pa.Table:
    kinds = [("k", pa.int64()), *((name, pa.float64()) for name in ("silhouette", "cloud", "stability", "low", "high"))]
    rows = [{name: getattr(one, name) for name, _ in kinds} for one in model.tried]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _differences(model: ClusterModel) -> pa.Table:
    rows = [{"cluster": CLUSTERS[one.cluster], "feature": one.feature, "difference": one.difference} for one in model.contrasts]
    kinds = [("cluster", pa.string()), ("feature", pa.string()), ("difference", pa.float64())]
    return pa.Table.from_pylist(rows, pa.schema(kinds))


def _words(model: ClusterModel, table: pa.Table) -> str:
    if not model.centres:
        return f"No clusters are shown: {model.reason}."
    rows = table.to_pylist()
    told = "; ".join(f"{row['cluster']} {percent(row['share'])}, {row['name']}" for row in rows)
    won = next(one for one in model.tried if one.k == len(rows))
    assert won.stability is not None
    return (
        f"{counted(rows[0]['n'], 'customer')} fall into {len(rows)} clusters that hold when drawn anew (adjusted Rand index "
        f"{won.stability:.2f}, {won.low:.2f} to {won.high:.2f}): {told}."
    )


def _notes(model: ClusterModel, table: pa.Table, small: int) -> tuple[str, ...]:
    notes = [
        f"found among at most 10,000 of {counted(model.fitted_on, 'customer')}, by the hash of their ids; everybody is placed"
    ]
    few = [row["cluster"] for row in table.to_pylist() if row["customers"] < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few)}")
    return tuple(notes)


_TEXT = (
    "Ten features of each customer (counts, money and days by their logarithm), centred at the median, scaled by the "
    "interquartile range. k-means for 2 to 8 clusters; the best silhouette is taken among those that reach 0.25, separate "
    "better than each of nine single clouds of the same values and rank correlations, and agree with themselves over 20 "
    "resamples (mean adjusted Rand index, with the interval of the mean). Names: the two features whose mean lies farthest "
    "from that of all, in deviations. Clusters describe, they do not explain."
)
