"""The tables of paths: links, nodes, whole paths, and two segments side by side."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.paths.layout import ARROW, BACK, BEGINS, DROP_OFF, GOES_ON, MARKERS, Layout, Shown
from holdfast.analyses.statistics import benjamini_hochberg, newcombe, two_proportion_z, wilson_arrays

__all__ = ["NO_PATH", "OTHER_PATHS", "Found", "difference_table", "link_table", "node_table", "path_table", "path_text"]

NO_PATH = "(no path)"
OTHER_PATHS = "(other paths)"

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Found:
    """What the walks of paths found.

    labels  the segments · units  int64 [groups, 4]: units in scope, without a path, customers, of these with one without
    links, link_people  int64 [groups, layers, from, jump, to] · nodes, node_people  int64 [groups, layers, slots]
    times   float64 [2, flat links]: median and 90th percentile
    """

    layout: Layout
    shown: Shown
    labels: tuple[str, ...]
    units: Ints
    links: Ints
    link_people: Ints
    nodes: Ints
    node_people: Ints
    times: npt.NDArray[np.float64]

    def onto(self, layer: int, jump: int) -> int:
        """The layer to which a link leads."""
        return layer + 1 if jump == 0 else next(place for place in self.layout.anchor_layers if place > layer)

    def segments(self) -> list[int]:
        """The segments that anyone is in, the largest first."""
        return [int(group) for group in np.argsort(-self.units[:, 2], kind="stable") if self.units[group, 2] > 0]


def _schema(texts: Iterable[str], whole: Iterable[str], real: Iterable[str]) -> list[tuple[str, pa.DataType]]:
    kinds = ((texts, pa.string()), (whole, pa.int64()), (real, pa.float64()))
    return [(name, kind) for names, kind in kinds for name in names]


def _ordered(names: Sequence[str], kinds: list[tuple[str, pa.DataType]]) -> pa.Schema:
    known = dict(kinds)
    return pa.schema([(name, known[name]) for name in names])


def _with_share(rows: list[dict[str, Any]], part: str, whole: str, names: tuple[str, str, str]) -> None:
    """Add a share with its interval to each row; None where the whole is 0."""
    k, n = (np.array([row[name] for row in rows], np.float64) for name in (part, whole))
    low, high = wilson_arrays(k, n)
    for place, row in enumerate(rows):
        known = n[place] > 0
        share = k[place] / n[place] if known else None
        row.update(zip(names, (share, *(float(side[place]) if known else None for side in (low, high))), strict=True))


LINKS = _ordered(
    ("segment", "layer", "from", "to_layer", "to", "count", "customers", "n", "share", "low", "high", "from_count",
     "onward_rate", "onward_low", "onward_high", "median_seconds", "p90_seconds"),
    _schema(
        ("segment", "from", "to"), ("layer", "to_layer", "count", "customers", "n", "from_count"),
        ("share", "low", "high", "onward_rate", "onward_low", "onward_high", "median_seconds", "p90_seconds"),
    ),
)  # fmt: skip


def link_table(found: Found) -> pa.Table:
    """A row a link: how many took it, of all in scope and of those at its beginning, and how long it took."""
    leaving = found.links.sum(axis=(3, 4))
    rows: list[dict[str, Any]] = []
    for group in found.segments():
        cells = np.argwhere(found.links[group])
        for layer, here, jump, there in cells.tolist():
            onto = found.onto(layer, jump)
            flat = np.ravel_multi_index((group, layer, here, jump, there), found.links.shape)
            median, p90 = (None if np.isnan(value) else float(value) for value in found.times[:, flat])
            rows.append(
                {"segment": found.labels[group], "layer": layer + found.layout.first, "from": found.shown.names[layer][here],
                 "to_layer": onto + found.layout.first, "to": found.shown.names[onto][there],
                 "count": int(found.links[group, layer, here, jump, there]),
                 "customers": int(found.link_people[group, layer, here, jump, there]), "n": int(found.units[group, 0]),
                 "from_count": int(leaving[group, layer, here]), "median_seconds": median, "p90_seconds": p90}
            )  # fmt: skip
    _with_share(rows, "count", "n", ("share", "low", "high"))
    _with_share(rows, "count", "from_count", ("onward_rate", "onward_low", "onward_high"))
    rank = {found.labels[group]: place for place, group in enumerate(found.segments())}
    rows.sort(key=lambda row: (rank[row["segment"]], row["layer"], -row["count"], row["from"], row["to"]))
    return pa.Table.from_pylist(rows, LINKS)


DROP_RATE = ("drop_rate", "drop_low", "drop_high")
NODES = _ordered(
    ("segment", "layer", "node", "count", "customers", "n", "share", "low", "high", "came", "begins", "onward", "goes_on",
     "ends", "drop_off", *DROP_RATE),
    _schema(
        ("segment", "node"),
        ("layer", "count", "customers", "n", "came", "begins", "onward", "goes_on", "ends", "drop_off"),
        ("share", "low", "high", *DROP_RATE),
    ),
)  # fmt: skip


def node_table(found: Found) -> pa.Table:
    """A row a node: how many stood there, where they came from and what became of them; and those without a path."""
    rows: list[dict[str, Any]] = []
    slots = [place for place, name in enumerate(found.shown.names[0]) if name not in MARKERS[1:]]
    for group in found.segments():
        label, (n, idle, _, idle_people) = found.labels[group], found.units[group].tolist()
        flows = _flows(found, group)
        for layer in range(found.layout.layers):
            for slot in slots:
                if found.nodes[group, layer, slot]:
                    rows.append(
                        {"segment": label, "layer": layer + found.layout.first, "node": found.shown.names[layer][slot],
                         "count": int(found.nodes[group, layer, slot]), "customers": int(found.node_people[group, layer, slot]),
                         "n": n, **{name: int(flow[layer, slot]) for name, flow in flows.items()}}
                    )  # fmt: skip
        if idle:
            none = dict.fromkeys(("came", "begins", "onward", "goes_on", "ends", "drop_off"), 0)
            rows.append(
                {"segment": label, "layer": 0, "node": NO_PATH, "count": idle, "customers": idle_people, "n": n, **none}
            )
    _with_share(rows, "count", "n", ("share", "low", "high"))
    _with_share(rows, "drop_off", "count", DROP_RATE)
    for row in rows:
        if row["node"] == NO_PATH or found.layout.shape == "backward":
            row.update(dict.fromkeys(DROP_RATE))
    rank = {found.labels[group]: place for place, group in enumerate(found.segments())}
    rows.sort(key=lambda row: (rank[row["segment"]], row["layer"], -row["count"], row["node"]))
    return pa.Table.from_pylist(rows, NODES)


def _flows(found: Found, group: int) -> dict[str, Ints]:
    """int64 [layers, slots] of a segment: came from steps, begins here, goes onward, goes on unseen, ends here, drops off."""
    links, names = found.links[group], found.shown.names[0]
    at = {name: names.index(name) for name in MARKERS}
    came = np.zeros(found.nodes.shape[1:], np.int64)
    for layer in range(found.layout.layers):
        for jump in range(links.shape[2]):
            if links[layer, :, jump].any():
                came[found.onto(layer, jump)] += links[layer, :, jump].sum(axis=0)
    begins = np.zeros_like(came)
    for marker in (BEGINS, BACK):
        begins[1:] += links[:-1, at[marker], 0]
    came -= begins
    if found.layout.shape != "backward":
        begins[0] = found.nodes[group, 0]
    drop_off, goes_on = (links[:, :, 0, at[marker]] for marker in (DROP_OFF, GOES_ON))
    ends = np.zeros_like(came)
    if found.layout.shape != "onward":
        ends[-1] = found.nodes[group, -1]
    onward = links.sum(axis=(2, 3)) - drop_off - goes_on
    return {"came": came, "begins": begins, "onward": onward, "goes_on": goes_on, "ends": ends, "drop_off": drop_off}


def path_text(layout: Layout, entries: Sequence[int]) -> str:
    """A whole path in words: its steps, and whether it goes on; that it ended says nothing more."""
    names = (layout.what[entry] for entry in entries if entry >= 0)
    return ARROW.join(name for name in names if name not in (DROP_OFF, BEGINS))


PATHS = _ordered(
    ("segment", "path", "steps", "count", "customers", "n", "share", "low", "high", "with_order"),
    _schema(
        ("segment", "path"), ("steps", "count", "customers", "n", "with_order"), ("share", "low", "high")
    ),
)  # fmt: skip


def path_table(found: Found, sequences: dict[str, Any], entries: dict[int, Sequence[int]], rest: Ints) -> pa.Table:
    """A row for each of the most frequent whole paths of a segment, and one for all others together.

    sequences  "key", "group", "added" (paths, customers, with an order) of all whole paths
    entries    by key, for those to show · rest  int64 [groups, 2]: other paths, their customers
    """
    rows: list[dict[str, Any]] = []
    chosen = np.flatnonzero(np.isin(sequences["key"], np.array(list(entries), np.uint64)))
    orders = np.bincount(sequences["group"], sequences["added"][:, 2], len(found.labels)).astype(np.int64)
    for place in chosen.tolist():
        group = int(sequences["group"][place])
        count, customers, with_order = sequences["added"][place].tolist()
        spelled = entries[int(sequences["key"][place])]
        steps = sum(0 <= entry < len(found.layout.labels) for entry in spelled)
        orders[group] -= with_order
        rows.append(
            {"segment": found.labels[group], "path": path_text(found.layout, spelled), "steps": steps, "count": count,
             "customers": customers, "n": int(found.units[group, 0]), "with_order": with_order}
        )  # fmt: skip
    for group in found.segments():
        if rest[group, 0]:
            rows.append(
                {"segment": found.labels[group], "path": OTHER_PATHS, "steps": None, "count": int(rest[group, 0]),
                 "customers": int(rest[group, 1]), "n": int(found.units[group, 0]), "with_order": int(orders[group])}
            )  # fmt: skip
    _with_share(rows, "count", "n", ("share", "low", "high"))
    rank = {found.labels[group]: place for place, group in enumerate(found.segments())}
    rows.sort(key=lambda row: (rank[row["segment"]], row["path"] == OTHER_PATHS, -row["count"], row["path"]))
    return pa.Table.from_pylist(rows, PATHS)


DIFFERENCE = _ordered(
    ("layer", "from", "to_layer", "to", "segment_a", "customers_a", "n_a", "share_a", "segment_b", "customers_b", "n_b",
     "share_b", "difference", "low", "high", "p", "p_adjusted"),
    _schema(
        ("from", "to", "segment_a", "segment_b"), ("layer", "to_layer", "customers_a", "n_a", "customers_b", "n_b"),
        ("share_a", "share_b", "difference", "low", "high", "p", "p_adjusted"),
    ),
)  # fmt: skip


def difference_table(found: Found, one: int, other: int) -> pa.Table:
    """A row a link: the share of a segment's customers who took it less the other's, with Newcombe's interval.

    Shares are of customers, whatever the unit: two paths of one customer are not independent. p by the two-proportion test,
    adjusted by Benjamini and Hochberg over all rows.
    """
    n_a, n_b = (int(found.units[group, 2]) for group in (one, other))
    rows: list[dict[str, Any]] = []
    for layer, here, jump, there in np.argwhere(found.link_people[one] + found.link_people[other]).tolist():
        onto = found.onto(layer, jump)
        k_a, k_b = (int(found.link_people[group, layer, here, jump, there]) for group in (one, other))
        difference, low, high = newcombe(k_a, n_a, k_b, n_b) or (None, None, None)
        tested = two_proportion_z(k_a, n_a, k_b, n_b)
        rows.append(
            {"layer": layer + found.layout.first, "from": found.shown.names[layer][here], "to_layer": onto + found.layout.first,
             "to": found.shown.names[onto][there], "segment_a": found.labels[one], "customers_a": k_a, "n_a": n_a,
             "share_a": k_a / n_a, "segment_b": found.labels[other], "customers_b": k_b, "n_b": n_b, "share_b": k_b / n_b,
             "difference": difference, "low": low, "high": high, "p": tested[1] if tested else None}
        )  # fmt: skip
    for row, adjusted in zip(rows, benjamini_hochberg([row["p"] for row in rows]), strict=True):
        row["p_adjusted"] = adjusted
    rows.sort(key=lambda row: (row["layer"], -abs(row["difference"] or 0.0), row["from"], row["to"]))
    return pa.Table.from_pylist(rows, DIFFERENCE)
