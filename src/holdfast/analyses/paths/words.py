"""What an answer about paths says: its sentences, its definition and its notes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.definitions import counted, defined, percent, scope_rules
from holdfast.analyses.pairs import groups_by_steps
from holdfast.analyses.paths.layout import DROP_OFF, MARKERS, MORE, OTHER
from holdfast.analyses.paths.tables import NO_PATH, OTHER_PATHS, Found
from holdfast.analyses.statistics import wilson
from holdfast.events.schema import ORDER

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.answer import Definition
    from holdfast.analyses.paths.question import Paths
    from holdfast.analyses.paths.walk import Ways
    from holdfast.timelines.timelines import Timelines

__all__ = ["definition_of", "notes_of", "words_of"]

_ONE = {"customers": "customer", "sessions": "session", "transitions": "path"}
NAMED_SEGMENTS = 4


def words_of(question: Paths, found: Found, tables: dict[str, pa.Table]) -> str:
    """The answer in two or three sentences."""
    groups = found.segments()
    if not groups:
        return "Nobody has done a step yet."
    paths = tables["paths"].to_pylist()
    if len(groups) > 1:
        return _by_segment(question, found, paths)
    reached = _reached(question, found)
    rows = tables["links"].to_pylist()
    if not rows:
        return f"{reached} There are no steps to follow."
    if found.layout.shape == "backward":
        told = _led_to(rows)
    elif len(found.layout.anchors) > 1:
        told = _along(question, found)
    else:
        told = _went_on(rows, tables["nodes"].to_pylist())
    return " ".join(filter(None, (reached, told, _commonest(paths))))


def _reached(question: Paths, found: Found) -> str:
    """How many in scope have a path."""
    n, idle = (int(found.units[:, place].sum()) for place in range(2))
    unit = _ONE[question.unit]
    if not (question.start or question.through or question.end):
        return f"{counted(n, unit)} {'begins' if n == 1 else 'begin'} with a step."
    first = question.start or (question.through[0] if question.through else question.end)
    name = first if isinstance(first, str) else " or ".join(first)
    if question.unit == "transitions":
        return (
            f"{counted(n, 'path')} {'end' if found.layout.shape == 'backward' else 'open'}{'s' if n == 1 else ''} with {name}."
        )
    hold = "hold" if question.unit == "sessions" else "came to"
    return f"{n - idle:,} of {counted(n, unit)} ({percent((n - idle) / n, *wilson(n - idle, n))}) {hold} {name}."


def _went_on(rows: list[dict[str, Any]], nodes: list[dict[str, Any]]) -> str:
    """The commonest next steps, and where most fall out."""
    first = [row for row in rows if row["layer"] == 0]
    opened = sum(row["count"] for row in first)
    after = sorted(_added(first, "to").items(), key=lambda item: (-item[1], item[0]))
    named = [(name, count) for name, count in after if name not in (OTHER, DROP_OFF)][:2]
    said = [f"{name} ({percent(count / opened, *wilson(count, opened))})" for name, count in named]
    said += [f"nothing ({percent(count / opened, *wilson(count, opened))})" for name, count in after if name == DROP_OFF]
    words = f"What came next: {', '.join(said)}." if said else ""
    fallen = [node for node in nodes if node["drop_off"] and node["node"] not in (NO_PATH, OTHER, MORE)]
    weak = [node for node in fallen if node["node"] != ORDER]
    if not weak:
        return words
    most = max(weak, key=lambda node: node["drop_off"])
    share = percent(most["drop_rate"], most["drop_low"], most["drop_high"])
    where = f"fall out after {most['node']} at step {most['layer']}: {most['drop_off']:,}, {share} of those there"
    past_orders = most["drop_off"] < max(node["drop_off"] for node in fallen)
    return f"{words} {'Orders apart, most' if past_orders else 'Most'} {where}."


def _along(question: Paths, found: Found) -> str:
    """How many of those at one anchor reached the next."""
    names = [one for one in (question.start, *question.through, question.end) if one]
    reached = [int(found.nodes[:, layer, : found.shown.size - len(MARKERS)].sum()) for layer in found.layout.anchor_layers]
    said = []
    for name, before, here in zip(names[1:], reached, reached[1:], strict=False):
        share = percent(here / before, *wilson(here, before)) if before else "n/a"
        said.append(f"{name if isinstance(name, str) else ' or '.join(name)} {here:,} ({share})")
    return f"Of these went on to {', of these to '.join(said)}."


def _led_to(rows: list[dict[str, Any]]) -> str:
    last = [row for row in rows if row["to_layer"] == 0]
    closed = sum(row["count"] for row in last)
    before = sorted(_added(last, "from").items(), key=lambda item: (-item[1], item[0]))[:3]
    return f"Just before: {', '.join(f'{name} ({percent(count / closed, *wilson(count, closed))})' for name, count in before)}."


def _added(rows: list[dict[str, Any]], key: str) -> dict[str, int]:
    out: dict[str, int] = {}
    for row in rows:
        out[row[key]] = out.get(row[key], 0) + row["count"]
    return out


def _commonest(paths: list[dict[str, Any]]) -> str:
    if not paths or paths[0]["path"] == OTHER_PATHS:
        return ""
    most = paths[0]
    return f"The most frequent whole path: {most['path']} ({most['count']:,})."


def _by_segment(question: Paths, found: Found, paths: list[dict[str, Any]]) -> str:
    """The most frequent whole path of the largest segments."""
    said = []
    for group in found.segments()[:NAMED_SEGMENTS]:
        label = found.labels[group]
        own = next((row for row in paths if row["segment"] == label and row["path"] != OTHER_PATHS), None)
        if own is not None:
            said.append(f"{label} {own['path']} ({percent(own['share'], own['low'], own['high'])})")
    if not said:
        return f"No path opens in any of {len(found.segments())} segments."
    many = f"The most frequent path of {question.unit} by {question.by}"
    return f"{many}: {'; '.join(said)}."


def definition_of(question: Paths, timelines: Timelines, ways: Ways, found: Found) -> Definition:
    """What the numbers mean, with every choice."""
    rules: dict[str, Any] = {"unit": question.unit}
    for name, anchors in (("from", (question.start,)), ("through", question.through), ("to", (question.end,))):
        told = " > ".join(one if isinstance(one, str) else " or ".join(one) for one in anchors if one)
        rules |= {name: told} if told else {}
    gap = "none" if not question.gap_minutes else f"{question.gap_minutes:g} minutes"
    rules |= {"steps": question.steps, "names a layer": question.nodes, "loops": question.loops, "session gap": gap}
    rules |= question.naming.rules() | scope_rules(ways.scope, "first step")
    steps = [name for place, name in enumerate(timelines.meta.events) if place and ways.nodes.by_code[place] >= 0]
    n = int(found.units[:, 2].sum())
    return defined(timelines, ways.as_of, title=question.title, text=TEXT, rules=rules, n=n, names=steps)


def notes_of(question: Paths, timelines: Timelines, found: Found, tables: dict[str, pa.Table]) -> tuple[str, ...]:
    """How to read it, and what to be careful with."""
    notes = []
    if found.layout.shape != "backward":
        notes.append("a path that opens shortly before the as-of may still go on: until then its end counts as drop-off")
    if question.unit != "sessions" and question.gap_minutes:
        notes.append("a path goes on across sessions; with unit sessions it ends with its session")
    if question.unit != "customers":
        notes.append(f"{question.unit} of one customer are not independent: the intervals of their shares are too narrow")
    small = timelines.settings.small_group
    few = [found.labels[group] for group in found.segments() if found.units[group, 2] < small]
    if few:
        notes.append(f"fewer than {small} customers, read with care: {', '.join(few[:12])}")
    if "difference" in tables:
        notes.append("a difference between segments goes together with them; it does not say that one brings the other about")
        notes += groups_by_steps(question.by)
    return tuple(notes)


TEXT = (
    "A path opens at a customer's first step that is the start (or her first of all; per session; or at every occurrence), "
    "and shows up to so many further steps, a layer each. With an end or further anchors: the first of each after the one "
    "before; what lies between beyond the shown steps is (more). Only an end: the steps that led to the first one, read "
    "backwards. A layer shows its most frequent names and every anchor, the rest is (other). (drop-off): nothing followed, or "
    "the next anchor was not reached; (goes on): more steps followed. Shares are of all customers (sessions, paths) in scope, "
    "of onward shares the whole is those at the link's beginning; intervals are Wilson's. Times are medians and 90th "
    "percentiles over all who took the link. Two segments are compared by the share of their customers who took a link "
    "(Newcombe's interval; p by Benjamini and Hochberg), together with, not because of."
)
