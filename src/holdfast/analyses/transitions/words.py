"""What transitions say in words: the most travelled way, where paths end, where two segments differ; and the remarks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.pairs import groups_by_steps
from holdfast.durations import span

if TYPE_CHECKING:
    import pyarrow as pa

    from holdfast.analyses.transitions.tables import Flows

__all__ = ["TEXT", "notes", "words"]

TEXT = (
    "The steps of a session in time order are a path (without a session gap all steps of a customer). It begins at (start) and "
    "ends in (drop-off): all that comes into a step goes out of it. A probability is the share of a transition among all that "
    "leave its step, drop-offs included; a customer may pass a step many times, so its 95 % interval follows customers "
    "(linearised variance of a ratio, Wilson's interval at the effective number of trials). A share is of all customers in "
    "scope. Times are whole seconds from a step to the next, exact quantiles, linear between ranks; of a collapsed run they "
    "count from its first step."
)

SURE = 0.05
_UNNAMED = ("(start)", "(drop-off)", "(other)")


def words(flows: Flows, table: pa.Table, nodes: pa.Table, difference: pa.Table | None, by: str | None) -> str:
    """One to three sentences."""
    rows = [row for row in table.to_pylist() if not {row["from"], row["to"]} & {*_UNNAMED} and row["from"] != row["to"]]
    who = counted(int(flows.n.sum()), "customer")
    if not int(flows.n.sum()):
        return "Nobody took a step: there is nothing to follow."
    if difference is not None:
        return f"{who} took these steps. {_compared(difference, by)}"
    taken = f"{who} took {counted(sum(row['visits'] for row in nodes.to_pylist()), 'step')}."
    if not rows:
        return f"{taken} Nobody went from one to another."
    top = rows[0]
    often = percent(top["probability"], top["low"], top["high"])
    after = "" if top["median_seconds"] is None else f", after a median of {span(top['median_seconds'])}"
    most = f"The most travelled way is {top['from']} → {top['to']}: {often} of what follows {top['from']}{after}."
    return f"{taken} {most} {_ended(nodes)}"


def _ended(nodes: pa.Table) -> str:
    last = max(nodes.to_pylist(), key=lambda row: row["drop_offs"])
    rate = percent(last["drop_off_rate"], last["low"], last["high"])
    return f"Most paths end with {last['node']} ({last['drop_offs']:,}): nothing follows it {rate} of the time."


def _compared(difference: pa.Table, by: str | None) -> str:
    rows = difference.to_pylist()
    sure = [row for row in rows if row["p_adjusted"] is not None and row["p_adjusted"] < SURE]
    names = f"{rows[0]['segment_a']} and {rows[0]['segment_b']}" if rows else "the two segments"
    if not sure:
        return f"Between {names} no transition differs surely."
    top = max(sure, key=lambda row: abs(row["difference"]))
    sides = f"{top['segment_a']} {percent(top['probability_a'])}, {top['segment_b']} {percent(top['probability_b'])}"
    points = f"{100 * top['difference']:+.1f} points, {100 * top['low']:.1f} to {100 * top['high']:.1f}"
    count = counted(len(sure), "transition differs surely", "transitions differ surely")
    return f"Together with {by}, {count}; the most: what follows {top['from']} is {top['to']}, {sides} ({points})."


def notes(
    flows: Flows, table: pa.Table, small: int, folded: tuple[str, ...], by: str | None, gap_minutes: float | None
) -> tuple[str, ...]:
    """Lonely steps, folded steps, small groups, missing segments, segments that are made of the very steps."""
    said: list[str] = []
    paths, steps = flows.paths()
    if gap_minutes and steps and 2 * (steps - paths) < paths:
        said.append(
            f"{counted(paths, 'session')} of {counted(steps, 'step')}: hardly anything follows within a session of "
            f"{gap_minutes:g} minutes; without a gap customers are followed from one visit to the next"
        )
    if folded:
        some = ", ".join(folded[:5]) + (", …" if len(folded) > 5 else "")
        said.append(f"{counted(len(folded), 'rarer step')} stand together as (other): {some}; most= shows more by name")
    few = sum(1 for count in table["customers"].to_pylist() if count < small)
    if few:
        said.append(f"{counted(few, 'transition')} of fewer than {small} customers: their intervals are wide")
    groups: list[Any] = [(name, n) for name, n in zip(flows.segments, flows.n, strict=True) if n]
    if flows.compared is None and len(flows.segments) > 1 and len(groups) < 2:
        said.append("only one segment took steps: there is nothing to compare it with")
    return (*said, *groups_by_steps(by if flows.compared is not None else None))
