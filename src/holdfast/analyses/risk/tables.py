"""What risk says: customers, bands, models, calibration, features, drift, in tables, words and notes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.definitions import counted
from holdfast.analyses.risk.loops import COMPLAINT_DAYS
from holdfast.analyses.risk.measures import (
    auc,
    average_precision,
    brier,
    calibration_line,
    deciles,
    lift,
    logit,
)
from holdfast.analyses.risk.score import BANDS, band_of
from holdfast.analyses.risk.traces import FEATURES, KINDS, PLACE, unlogged
from holdfast.analyses.risk.walk import Rows
from holdfast.analyses.risk.worth import worth_of
from holdfast.analyses.scope import money
from holdfast.analyses.statistics import Z95, wilson
from holdfast.timelines.zone import date_of

if TYPE_CHECKING:
    from holdfast.analyses.risk.score import ScoreStep
    from holdfast.analyses.risk.training import Learned, Tested

__all__ = [
    "CUSTOMERS",
    "NOT_SAID",
    "Scored",
    "bands_table",
    "calibration_table",
    "chances_used",
    "customers_table",
    "drift_table",
    "expected_leavers",
    "features_table",
    "measured",
    "models_table",
]  # fmt: skip

NOT_SAID = "not known"
ALL_BANDS = (*BANDS, NOT_SAID)
Measured = ("brier", "auc", "average_precision", "lift", "slope", "intercept")


@dataclass(frozen=True)
class Scored:
    """What the walk of now gave: sums per segment and band (`ScoreStep`), rows at the top of the list."""

    sums: dict[str, Any]
    rows: dict[str, Any]
    labels: tuple[str, ...]
    today: int

    @property
    def n(self) -> int:
        """Customers in the base and in scope."""
        return int(self.sums["customers"].sum())

    def total(self, name: str, bands: tuple[int, ...] = tuple(range(len(BANDS)))) -> int:
        """A sum over segments, of some bands."""
        return int(self.sums[name][:, list(bands)].sum())


CUSTOMERS = pa.schema(
    [
        *((name, pa.string()) for name in ("customer", "segment")),
        *((name, pa.float64()) for name in ("risk", "low", "high")),
        *((name, pa.string()) for name in ("band", "reasons", "dissatisfied")),
        ("last_seen", pa.date32()),
        ("days_silent", pa.int64()),
        *((name, pa.float64()) for name in ("usual_interval_days", "value", "at_stake")),
    ]
)


def customers_table(scored: Scored, step: ScoreStep, margin: float | None) -> pa.Table:
    """A row a customer, by value at stake or by risk: the first of all that the walk gave."""
    rows = scored.rows
    risk = np.where(np.isfinite(rows["risk"]), rows["risk"], -1.0)
    key = risk * np.maximum(rows["value"], 0) if step.order == "value" else risk
    first = np.lexsort((rows["hash"], -risk, -key))[: step.most]
    kept = Rows(*(rows[name][first] for name in Rows.__dataclass_fields__))
    ids = rows["ids"].take(pa.array(first)).to_pylist()
    reasons, bands = step.told(kept), band_of(rows["risk"][first], step.cuts)
    out = []
    for at, place in enumerate(first.tolist()):
        told = {name: _finite(float(kept.numbers[at, column])) for name, column in PLACE.items()}
        worth = (money(int(kept.value[at])) or 0.0) * (1 if margin is None else margin)
        chance, silent = _finite(float(rows["risk"][place])), told["days silent"]
        out.append(
            {
                "customer": ids[at], "segment": scored.labels[rows["segment"][place]], "risk": chance,
                **{end: None if chance is None else float(rows[end][place]) for end in ("low", "high")},
                "band": BANDS[bands[at]] if bands[at] >= 0 else NOT_SAID, "reasons": reasons[at],
                "dissatisfied": _dissatisfied(told) if rows["unhappy"][place] else None,
                "last_seen": None if silent is None else date_of(scored.today - int(silent)),
                "days_silent": None if silent is None else int(silent), "usual_interval_days": told["usual interval"],
                "value": worth, "at_stake": None if chance is None else chance * max(worth, 0.0),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(out, CUSTOMERS)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _dissatisfied(told: dict[str, float | None]) -> str:
    since = told["days since complaint"]
    if since is not None and since < COMPLAINT_DAYS:
        return f"complained {counted(int(since), 'day')} ago"
    return f"answered {100 * (told['last score'] or 0.0):.0f} % of the top score"


BAND_ROWS = pa.schema(
    [
        *((name, pa.string()) for name in ("segment", "band")),
        *((name, pa.float64()) for name in ("from_risk", "to_risk")),
        *((name, pa.int64()) for name in ("customers", "n")),
        *((name, pa.float64()) for name in ("share", "low", "high", "expected", "expected_low", "expected_high")),
        *((name, pa.float64()) for name in ("value", "at_stake")),
        ("dissatisfied", pa.int64()),
    ]
)


def bands_table(scored: Scored, cuts: tuple[float, ...], margin: float | None) -> pa.Table:
    """A row a segment and band with customers: how many, how many of them are expected to leave, and what they brought."""
    out, part = [], 1 if margin is None else margin
    edges = (0.0, *cuts, 1.0)
    for code, label in enumerate(scored.labels):
        n = int(scored.sums["customers"][code].sum())
        for at, band in enumerate(ALL_BANDS):
            k = int(scored.sums["customers"][code, at])
            if not k:
                continue
            low, high = wilson(k, n)
            row: dict[str, Any] = {
                "segment": label,
                "band": band,
                "customers": k,
                "n": n,
                "share": k / n,
                "low": low,
                "high": high,
            }
            if at < len(BANDS):
                row |= {"from_risk": edges[at], "to_risk": edges[at + 1], **expected_leavers(scored, code, at)}
                row["at_stake"] = (money(scored.sums["stake"][code, at]) or 0.0) * part
            row["value"] = (money(scored.sums["value"][code, at]) or 0.0) * part
            out.append(row | {"dissatisfied": int(scored.sums["unhappy"][code, at])})
    return pa.Table.from_pylist(out, BAND_ROWS)


def expected_leavers(scored: Scored, code: Any, band: Any) -> dict[str, float]:
    """Expected leavers with an interval: chance and the calibration's own doubt together."""
    told = {name: float(np.sum(scored.sums[name][code, band])) / 1e6 for name in ("risk", "low", "high", "spread")}
    n = float(np.sum(scored.sums["customers"][code, band]))
    chance = Z95 * math.sqrt(told["spread"])
    below, above = math.hypot(chance, told["risk"] - told["low"]), math.hypot(chance, told["high"] - told["risk"])
    middle = told["risk"]
    return {"expected": middle, "expected_low": max(middle - below, 0.0), "expected_high": min(middle + above, n)}


def measured(y: Any, p: Any) -> dict[str, Any]:
    """Every measure of probabilities with its interval."""
    varied = float(np.ptp(p)) > 1e-9
    line = calibration_line(y, logit(p)) if varied else None
    found = {"brier": brier(y, p), "auc": auc(y, p), "average_precision": average_precision(y, p)}
    out: dict[str, Any] = {"n": len(y), "left": int(np.sum(y))}
    for name, one in found.items():
        out |= {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}
    top = lift(y, p) if varied else None
    out |= {f"lift{end}": getattr(top, name, None) for end, name in (("", "value"), ("_low", "low"), ("_high", "high"))}
    for name in ("slope", "intercept"):
        fitted = None if line is None else getattr(line, f"{name}_estimate")
        out |= {f"{name}{end}": getattr(fitted, key, None) for end, key in (("", "value"), ("_low", "low"), ("_high", "high"))}
    return out


MODELS = pa.schema(
    [
        ("model", pa.string()),
        ("used", pa.bool_()),
        *((name, pa.int64()) for name in ("n", "left")),
        *((f"{name}{end}", pa.float64()) for name in Measured for end in ("", "_low", "_high")),
    ]
)


def models_table(learned: Learned) -> pa.Table:
    """The base rate, the plain rule and the models on those held out."""
    tested = learned.tested
    if tested is None:
        return pa.Table.from_pylist([], MODELS)
    used = "recency" if learned.model is None else learned.model.name
    rows = [{"model": name, "used": name == used, **measured(tested.y, p)} for name, p in tested.chances.items()]
    return pa.Table.from_pylist(rows, MODELS)


DECILES = pa.schema(
    [
        *((name, pa.int64()) for name in ("decile", "n")),
        ("predicted", pa.float64()),
        ("left", pa.int64()),
        *((name, pa.float64()) for name in ("observed", "low", "high")),
    ]
)


def calibration_table(learned: Learned) -> pa.Table:
    """Tenths of the held out by predicted risk: predicted against observed."""
    if learned.tested is None:
        return pa.Table.from_pylist([], DECILES)
    return pa.Table.from_pylist(deciles(learned.tested.y, chances_used(learned, learned.tested)), DECILES)


def chances_used(learned: Learned, tested: Tested) -> Any:
    """The held-out probabilities of the model in use."""
    return tested.chances["recency" if learned.model is None else learned.model.name]


WORTH = pa.schema(
    [
        *((name, pa.string()) for name in ("feature", "kind")),
        ("n", pa.int64()),
        *((name, pa.float64()) for name in ("lower", "upper", "odds_ratio", "low", "high", "auc_drop")),
    ]
)


def features_table(learned: Learned) -> pa.Table:
    """What each feature is worth on those held out; empty where nothing was learned."""
    tested = learned.tested
    if tested is None or learned.model is None:
        return pa.Table.from_pylist([], WORTH)
    numeric = tested.table.numbers.shape[1]
    features = [*list(FEATURES)[:numeric], *learned.traces.codes]
    kinds = {**FEATURES, **dict.fromkeys(learned.traces.codes, KINDS[-1])}
    rows = worth_of(tested.fitted[learned.model.name].learner, tested.table, tested.y, features, unlogged)
    return pa.Table.from_pylist([{**row, "kind": kinds[row["feature"]]} for row in rows], WORTH)


DRIFT = pa.schema(
    [
        ("snapshot", pa.date32()),
        ("part", pa.string()),
        *((name, pa.int64()) for name in ("n", "left")),
        *((name, pa.float64()) for name in ("share", "low", "high")),
    ]
)


def drift_table(learned: Learned) -> pa.Table:
    """The share that left, snapshot by snapshot."""
    out = []
    for one in learned.snapshots:
        low, high = wilson(one.left, one.n)
        early, late = one.day in learned.plan.early, one.day in learned.plan.late
        part = "test" if one.day == learned.plan.test else "learned before the test" if early else "between"
        told = part + (", learned for now" if late else "")
        share = one.left / one.n if one.n else None
        out.append(
            {"snapshot": date_of(one.day), "part": told, "n": one.n, "left": one.left, "share": share, "low": low, "high": high}
        )
    return pa.Table.from_pylist(out, DRIFT)
