"""The tables of contracts: retention by renewal against the model, models, customers, equity, holdout."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import pyarrow as pa

from holdfast.analyses.contract_value.contracts import Contracts, Judged, still_here
from holdfast.analyses.contract_value.valued import Plan, Valued, sum_with_interval
from holdfast.analyses.models.renewal_choice import Chosen
from holdfast.analyses.models.renewals import Renewals, Renewing, remaining
from holdfast.analyses.scope import EVERYONE
from holdfast.analyses.statistics import Z95, kaplan_meier, wilson
from holdfast.timelines.zone import date_of

__all__ = ["customers_table", "equity_table", "holdout_table", "models_table", "retention_table"]

FURTHER = 12
"""Renewals beyond the last observed one for which a forecast is shown."""


def _schema(**columns: pa.DataType) -> pa.Schema:
    return pa.schema(list(columns.items()))


TEXT, WHOLE, REAL, DAY = pa.string(), pa.int64(), pa.float64(), pa.date32()

RETENTION = _schema(
    segment=TEXT, renewal=WHOLE, state=TEXT, at_risk=WHOLE, lost=WHOLE, kept_share=REAL, kept_low=REAL, kept_high=REAL,
    survival=REAL, survival_low=REAL, survival_high=REAL, model_kept_share=REAL, model_survival=REAL,
)  # fmt: skip


def retention_table(parts: Sequence[tuple[str, Renewals, Renewing | None]]) -> pa.Table:
    """A row a segment and renewal: who came to it, who was lost at it, the share that has lived so long, and the model's."""
    rows: list[dict[str, Any]] = []
    for label, renewals, model in parts:
        last = renewals.periods + (min(FURTHER, renewals.periods) if model is not None else 0)
        t = np.arange(last + 1)
        log = model.log_survival(t) if model is not None else np.full(len(t), np.nan)
        survived, low, high = _curve(renewals)
        at_risk = renewals.at_risk
        for place in range(1, last + 1):
            seen = place <= renewals.periods and at_risk[place - 1] > 0
            n = int(at_risk[place - 1]) if seen else None
            lost = int(renewals.lost[place - 1]) if seen else None
            bounds = wilson(n - lost, n) if n is not None and lost is not None else (None, None)
            rows.append(
                {
                    "segment": label, "renewal": place, "state": "observed" if seen else "forecast", "at_risk": n, "lost": lost,
                    "kept_share": 1 - lost / n if n and lost is not None else None,
                    "kept_low": bounds[0], "kept_high": bounds[1],
                    "survival": survived.get(place) if seen else None, "survival_low": low.get(place) if seen else None,
                    "survival_high": high.get(place) if seen else None,
                    "model_kept_share": _known(np.exp(log[place] - log[place - 1])),
                    "model_survival": _known(np.exp(log[place])),
                }
            )  # fmt: skip
    return pa.Table.from_pylist(rows, RETENTION)


def _curve(renewals: Renewals) -> tuple[dict[int, float], dict[int, float | None], dict[int, float | None]]:
    """The Kaplan-Meier share that lived so many renewals, with its interval, by renewal."""
    lost, kept = np.flatnonzero(renewals.lost), np.flatnonzero(renewals.kept)
    over = np.repeat([1, 0], [len(lost), len(kept)])
    curve = kaplan_meier(
        np.concatenate([lost + 1, kept]), over, np.concatenate([renewals.lost[lost], renewals.kept[kept]])
    )  # fmt: skip
    found = {t: curve.at(t) for t in range(1, renewals.periods + 1)}
    return (
        {t: one[0] for t, one in found.items()},
        {t: one[1] for t, one in found.items()},
        {t: one[2] for t, one in found.items()},
    )


def _known(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


MODELS = _schema(
    segment=TEXT, model=TEXT, chosen=pa.bool_(), contracts=WHOLE, loglik=REAL, aic=REAL, p=REAL, parameter=TEXT, estimate=REAL,
    estimate_low=REAL, estimate_high=REAL, error=REAL, why=TEXT,
)  # fmt: skip


def models_table(parts: Sequence[tuple[str, Chosen]]) -> pa.Table:
    """A row a segment, model and parameter: what was fitted, what was chosen, and why."""
    rows: list[dict[str, Any]] = []
    for label, found in parts:
        used = found.model.fit.model if found.model is not None else ""
        for fit in found.fits:
            about = {
                "segment": label, "model": fit.model, "chosen": fit.model == used, "contracts": fit.customers,
                "loglik": fit.loglik, "aic": found.aic(fit), "p": found.p.get(fit.model),
                "why": found.why if fit.model == used else fit.why,
            }  # fmt: skip
            for name, value, error in zip(fit.names, fit.values, fit.errors, strict=True):
                low, high = (_known(end) for end in fit.interval(name))
                own = {"parameter": name, "estimate": value, "error": _known(error), "estimate_low": low, "estimate_high": high}
                rows.append(about | own)
    return pa.Table.from_pylist(rows, MODELS)


CUSTOMERS = _schema(
    customer=TEXT, segment=TEXT, since=DAY, renewals=WHOLE, next_renewal=DAY, renews_share=REAL, expected_renewals=REAL,
    value_per_period=REAL, value=REAL, value_low=REAL, value_high=REAL, value_at_risk=REAL, value_for_ever=REAL,
)  # fmt: skip


def customers_table(contracts: Contracts, found: Valued, limit: int, first: Literal["value", "at risk"] = "value") -> pa.Table:
    """Customers under contract, most value or most value at risk first; limit 0: all."""
    most = found.value if first == "value" else found.at_risk
    order = np.lexsort((found.rows, -found.expected, -most))
    order = order if limit == 0 else order[:limit]
    ids = contracts.ids.take(pa.array(found.rows[order])).to_pylist()
    rows = []
    for name, at in zip(ids, order, strict=True):
        row = int(found.rows[at])
        rows.append(
            {
                "customer": name, "segment": contracts.labels[int(contracts.segment[row])],
                "since": date_of(int(contracts.now[row])), "renewals": int(found.lived[at]),
                "next_renewal": date_of(int(found.next_day[at])), "renews_share": float(found.chance[at]),
                "expected_renewals": float(found.expected[at]), "value_per_period": float(found.per_period[at]),
                "value": float(found.value[at]), "value_low": float(found.value_low[at]),
                "value_high": float(found.value_high[at]), "value_at_risk": float(found.at_risk[at]),
                "value_for_ever": _known(found.for_ever[at]),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, CUSTOMERS)


EQUITY = _schema(
    segment=TEXT, customers=WHOLE, expected_renewals=REAL, value_mean=REAL, value=REAL, value_low=REAL, value_high=REAL,
    value_at_risk=REAL, value_for_ever=REAL,
)  # fmt: skip


def equity_table(contracts: Contracts, found: Valued, model_of: dict[int, Renewing], whole: Renewing, plan: Plan) -> pa.Table:
    """What all customers under contract are worth, by segment; where there are several, everyone last."""
    segment = contracts.segment[found.rows]
    parts: list[tuple[str, Any, list[tuple[float, float, float]]]] = []
    for code in contracts.shown():
        own = segment == code
        if own.any():
            parts.append((contracts.labels[code], own, [sum_with_interval(found, model_of.get(code, whole), own, plan)]))
    if len(parts) > 1:
        everyone = np.ones(len(segment), np.bool_)
        parts.append((EVERYONE, everyone, [bounds for _, _, each in parts for bounds in each]))
    rows = []
    for label, own, bounds in parts:
        total = sum(one[0] for one in bounds)
        half = float(np.sqrt(sum((one[2] - one[0]) ** 2 for one in bounds)))
        rows.append(
            {
                "segment": label, "customers": int(own.sum()), "expected_renewals": float(found.expected[own].sum()),
                "value_mean": total / int(own.sum()), "value": total, "value_low": max(total - half, 0.0),
                "value_high": total + half, "value_at_risk": float(found.at_risk[own].sum()),
                "value_for_ever": _known(found.for_ever[own].sum()),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, EQUITY)


HOLDOUT = _schema(
    ahead=WHOLE, customers=WHOLE, kept=WHOLE, kept_share=REAL, kept_share_low=REAL, kept_share_high=REAL, model_kept=REAL,
    model_kept_low=REAL, model_kept_high=REAL, plain_kept=REAL,
)  # fmt: skip


def holdout_table(found: Judged | None) -> pa.Table:
    """How many of those who were there when the held-out periods began lived 1, 2, … more renewals, and what was expected."""
    if found is None or found.model.model is None:
        return pa.Table.from_pylist([], HOLDOUT)
    stays, plain = (
        remaining(one, found.lived, found.periods) * still_here(one, found.lived, found.running)[:, None]
        for one in (found.model.model, found.plain)
    )
    rows = []
    for ahead in range(1, found.periods + 1):
        chance = stays[:, ahead - 1]
        expected, spread = float(chance.sum()), float(np.sqrt((chance * (1 - chance)).sum()))
        kept = int((found.kept >= ahead).sum())
        low, high = wilson(kept, found.customers)
        rows.append(
            {
                "ahead": ahead, "customers": found.customers, "kept": kept, "kept_share": kept / found.customers,
                "kept_share_low": low, "kept_share_high": high, "model_kept": expected,
                "model_kept_low": expected - Z95 * spread, "model_kept_high": expected + Z95 * spread,
                "plain_kept": float(plain[:, ahead - 1].sum()),
            }
        )  # fmt: skip
    return pa.Table.from_pylist(rows, HOLDOUT)
