"""What early signs say: the list of who is slipping, the counts by status, the alarms, the look back, in tables and words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.early_signs.loops import FALLING, GONE, RISING, STEADY, UNKNOWN
from holdfast.analyses.early_signs.model import Control, Cuts, Habits, ratio_bounds
from holdfast.analyses.early_signs.walk import STATES
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import wilson
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.early_signs.walk import SignsStep
    from holdfast.settings import Settings

__all__ = ["Found", "alarms_table", "figure_rows", "notes", "summary_table", "table_of", "trend_table", "words"]

MONTH = 30


@dataclass(frozen=True)
class Found:
    """What the walk gave, and the cuts that were chosen from it.

    states  int64 [segments, 6], with all that were tested as steady · tested  how many of everyone · rows  as in `SignsStep`
    """

    states: npt.NDArray[np.int64]
    tested: int
    cuts: Cuts
    rows: dict[str, Any]

    def falling(self, show: str = "all") -> npt.NDArray[np.int64]:
        """The places in the rows of those in scope who are falling: "silent", "complained" or "all"."""
        chosen = (self.rows["down"] <= self.cuts.falling) & (self.rows["segment"] >= 0)
        if show != "all":
            chosen &= self.rows["complained"] == (show == "complained")
        return np.flatnonzero(chosen)

    def rising(self) -> npt.NDArray[np.int64]:
        """How many in scope are rising, per segment."""
        chosen = (self.rows["up"] <= self.cuts.rising) & (self.rows["up_segment"] >= 0)
        return np.bincount(self.rows["up_segment"][chosen], minlength=len(self.states)).astype(np.int64)


SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("customer", "segment")),
        ("usual_interval_days", pa.float64()),
        ("last_seen", pa.date32()),
        *((name, pa.int64()) for name in ("days_silent", "window_days")),
        *((name, pa.float64()) for name in ("before_per_30", "now_per_30", "ratio", "low", "high", "p", "value")),
        ("complained", pa.bool_()),
    ]
)


def table_of(found: Found, step: SignsStep, labels: Sequence[str], show: str, limit: int, margin: float | None) -> pa.Table:
    """The falling customers, most money at stake first, then the least likely fall, then the id."""
    places, rows = found.falling(show), found.rows
    ids = rows["ids"].take(pa.array(places)).to_pylist()
    order = sorted(
        range(len(places)), key=lambda at: (-int(rows["value"][places[at]]), float(rows["down"][places[at]]), ids[at])
    )[:limit]
    told = [_row(rows, int(places[at]), ids[at], step.habits, margin) for at in order]
    for row in told:
        row["segment"] = labels[row["segment"]]
    return pa.Table.from_pylist(told, SCHEMA)


def _row(rows: dict[str, Any], at: int, name: str, habits: Habits, margin: float | None) -> dict[str, Any]:
    window, span, before, now = (int(rows[key][at]) for key in ("window", "span", "before", "now"))
    low, high = ratio_bounds(habits, before, span, window, now, float(rows["spread"][at]))
    return {
        "customer": name, "segment": int(rows["segment"][at]),
        "usual_interval_days": span / before if before else None,
        "last_seen": date_of(habits.end - int(rows["silent"][at])), "days_silent": int(rows["silent"][at]),
        "window_days": window,
        "before_per_30": MONTH * before / span, "now_per_30": MONTH * now / window,
        "ratio": (now / window) / (before / span) if before else None, "low": low, "high": high, "p": float(rows["down"][at]),
        "value": _worth(rows["value"][at], margin), "complained": bool(rows["complained"][at]),
    }  # fmt: skip


def _worth(units: Any, margin: float | None) -> float | None:
    return money(int(units) * (1 if margin is None else margin))


SUMMARY = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "status", "what")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high", "value")),
    ]
)


def summary_table(found: Found, labels: Sequence[str], margin: float | None) -> pa.Table:
    """How many of each segment have each status; the falling ones with and without a complaint, and their money."""
    out = []
    rising = found.rising()
    for code, label in enumerate(labels):
        n = int(found.states[code, 1:].sum())
        if len(labels) > 1 and n == 0:
            continue
        counts: list[tuple[int, str, int, float | None]] = []
        for what in ("silent", "complained"):
            places = found.falling(what)
            own = places[found.rows["segment"][places] == code]
            counts.append((FALLING, what, len(own), _worth(found.rows["value"][own].sum(), margin)))
        falling, up = counts[0][2] + counts[1][2], int(rising[code])
        counts += [(RISING, "", up, None), (STEADY, "", int(found.states[code, STEADY]) - falling - up, None)]
        counts += [(state, "", int(found.states[code, state]), None) for state in (UNKNOWN, GONE)]
        for state, what, k, value in counts:
            low, high = wilson(k, n)
            share = {"share": k / n if n else None, "low": low, "high": high}
            out.append(
                {"segment": label, "status": STATES[state], "what": what, "customers": k, "n": n, **share, "value": value}
            )
    return pa.Table.from_pylist(out, SUMMARY)


def alarms_table(found: Found, habits: Habits, control: Control, alpha: float) -> pa.Table:
    """One row: how many customers were tested (of everyone), the p that raises an alarm, and what false alarms to expect."""
    flagged = int(np.count_nonzero(found.rows["down"] <= found.cuts.falling))
    expected = alpha * found.tested if control == "each" else alpha * flagged
    row = {
        "control": control, "alpha": alpha, "tested": found.tested, "cut": max(found.cuts.falling, 0.0), "flagged": flagged,
        "false_expected": min(expected, float(flagged)) if control == "fdr" else expected,
        "prior_r": habits.r, "prior_alpha_days": habits.alpha, "irregularity": habits.phi, "learned_from": habits.n,
    }  # fmt: skip
    return pa.table({name: [value] for name, value in row.items()})


TREND = pa.schema(
    [
        ("month_end", pa.string()),
        *((name, pa.int64()) for name in ("silent", "complained", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)


def trend_table(looks: Sequence[tuple[date, Found]]) -> pa.Table:
    """How many were slipping at each month end: n is all who were active before and not gone; share that of the silent."""
    out = []
    for at, found in looks:
        silent, n = len(found.falling("silent")), int(found.states[:, [UNKNOWN, STEADY]].sum())
        low, high = wilson(silent, n)
        told = {"month_end": at.isoformat(), "silent": silent, "complained": len(found.falling("complained")), "n": n}
        out.append({**told, "share": silent / n if n else None, "low": low, "high": high})
    return pa.Table.from_pylist(out, TREND)


def figure_rows(table: pa.Table) -> list[dict[str, Any]]:
    """The rows of the table that can be drawn: those with a ratio."""
    return [row for row in table.to_pylist() if row["ratio"] is not None]


def words(summary: pa.Table, alarms: pa.Table, settings: Settings) -> str:
    """The answer in a sentence or two."""
    rows = summary.to_pylist()
    here = sum(row["customers"] for row in rows if row["status"] not in ("gone",))
    silent = [row for row in rows if row["what"] == "silent"]
    k, worth = sum(row["customers"] for row in silent), sum(row["value"] for row in silent)
    if not here:
        return "Nobody is active enough to have a habit, or all are gone already."
    tested = alarms.to_pylist()[0]
    known = sum(row["customers"] for row in rows if row["status"] in ("falling", "steady", "rising"))
    if not known:
        return f"Of {counted(here, 'customer')} still here, nobody has a habit that is known well enough to see it fall."
    few = known < settings.small_group and 2 * known < here
    noun = "profit" if settings.margin is not None else "revenue"
    brought = f"; they brought {worth:,.0f} {settings.currency} of {noun} in the last 12 months" if worth else ""
    said = sum(row["customers"] for row in rows if row["what"] == "complained")
    also = f" {counted(said, 'more is', 'more are')} falling after a complaint." if said else ""
    doubt = ""
    if tested["flagged"]:
        false, flagged = tested["false_expected"], tested["flagged"]
        doubt = (
            f" Up to {false:,.1f} of {counted(flagged, 'alarm')} may be false."
            if false < flagged
            else " Chance alone may raise as many."
        )
    if few:
        has, them = ("has", "that one is not" if not k else "that one is") if known == 1 else ("have", f"{k:,} of them are")
        return (
            f"Too little is known: of {here:,} customers still here {known:,} {has} a habit known well enough to see it fall; "
            f"{them} slipping away in silence{brought}.{also}{doubt}"
        )
    slips = "customer is" if k == 1 else "customers are"
    of = f"{percent(k / known, *wilson(k, known))} of the {known:,} whose habit is known"
    return f"{k:,} {slips} slipping away in silence, {of}{brought}.{also}{doubt}"


def notes(
    found: Found, extra: dict[str, pa.Table], limit: int, show: str, small: int, complaints: Sequence[str]
) -> tuple[str, ...]:
    """What to keep in mind."""
    out = []
    total = len(found.falling(show))
    if total > limit:
        out.append(f"{total - limit:,} more: “limit” lists more of them, the CSV has all")
    if not complaints:
        out.append(
            "the data hold no complaints: everyone who falls seems silent; name such events under complaints in holdfast.toml"
        )
    rows = extra["summary"].to_pylist()
    unknown = sum(row["customers"] for row in rows if row["status"] == STATES[UNKNOWN])
    here = unknown + sum(row["customers"] for row in rows if row["status"] in ("falling", "steady", "rising"))
    if unknown:
        out.append(f"{unknown:,} of {here:,} customers still here come too rarely, or too lately, for a fall to be seen")
    few = sorted({row["segment"] for row in rows if 0 < row["n"] < small})
    if few:
        out.append(f"fewer than {small} customers, read with care: {', '.join(few[:12])}")
    alarm = extra["alarms"].to_pylist()[0]
    by_chance = alarm["alpha"] * alarm["tested"]
    if alarm["control"] == "each" and alarm["tested"]:
        out.append(
            f"of {alarm['tested']:,} tested, up to {by_chance:,.0f} would be flagged without any change; "
            "“control” fdr keeps false alarms rare"
        )
    elif alarm["tested"]:
        low = len(found.rows["down"])
        have, themselves = ("has", "itself") if low == 1 else ("have", "themselves")
        out.append(
            f"{low:,} of {alarm['tested']:,} tested {have} a p of {alarm['alpha']:g} or less by {themselves}, where up to "
            f"{by_chance:,.{0 if by_chance >= 1 else 1}f} would by chance alone: “control” each shows them"
        )
    return tuple(out)
