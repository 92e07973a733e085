"""The tables of a study, in long form, every number with its n and interval."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from holdfast.analyses.uplift.effects import Effect
from holdfast.analyses.uplift.study import Study

__all__ = ["PER", "TABLES", "scores_table", "tables"]

PER = 1000
"""Qini coefficients and gains are written per so many heads."""

OPEN = "cannot be told"
"""The advice where neither mailing everyone nor mailing nobody is sure to be right."""

STEPS = 20
"""The curve is written at so many equal shares."""

_EFFECT = ("n", "n_control", "mean", "mean_control", "effect", "low", "high", "p")


def _schema(texts: str, whole: str = "", numbers: str = "", truths: str = "", order: str = "") -> pa.Schema:
    kinds = {name: kind for names, kind in ((texts, pa.string()), (whole, pa.int64()), (numbers, pa.float64()),
                                            (truths, pa.bool_())) for name in names.split()}  # fmt: skip
    return pa.schema([(name, kinds[name]) for name in (order.split() or kinds)])


TABLES = {
    "effects": _schema("arm outcome", "n n_control", "mean mean_control effect low high p"),
    "policy": _schema(
        "arm rule", "n", "share_mailed net net_low net_high over_everyone over_low over_high p", "advised",
        "arm rule n share_mailed net net_low net_high over_everyone over_low over_high p advised",
    ),
    "ranking": _schema(
        "arm outcome learner", "n", "qini_per_1000 low high over_response over_response_low over_response_high", "sways",
    ),
    "deciles": _schema(
        "arm outcome learner", "decile n n_control", "mean mean_control effect low high p", "lost",
    ),
    "curve": _schema("arm outcome learner", "", "share gain_per_1000 random_per_1000"),
    "advice": _schema("arm advice rule", "n", "share_mailed net low high", "", "arm advice rule share_mailed n net low high"),
    "sample": _schema("arm", "n", "expected chi_square p"),
    "balance": _schema("arm feature column", "n n_control", "mean mean_control difference p"),
    "left_out": _schema("reason", "rows"),
}  # fmt: skip
"""The tables and their columns."""


def tables(study: Study | None) -> dict[str, pa.Table]:
    """All tables of a study by name; empty ones where there is none."""
    made: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}
    if study is not None:
        arms = study.trial.arms
        made |= {
            "effects": [{"arm": arm, "outcome": one.name} | _of(effect) for arm, one, effect in study.effects],
            "policy": _policy(study),
            "ranking": _ranking(study),
            "deciles": [
                {"arm": arms[one.arm], "outcome": one.outcome, "learner": one.learner, "decile": one.decile, "lost": one.lost}
                | _of(one.effect) | {"p": one.p} for one in study.groups
            ],
            "curve": _curve(study),
            "advice": _advice(study),
            "sample": _sample(study),
            "balance": _balance(study),
            "left_out": [{"reason": reason, "rows": rows} for reason, rows in study.trial.left_out],
        }  # fmt: skip
    return {name: pa.Table.from_pylist(made[name], schema) for name, schema in TABLES.items()}


def _of(effect: Effect) -> dict[str, Any]:
    return {name: getattr(effect, name) for name in _EFFECT}


def _policy(study: Study) -> list[dict[str, Any]]:
    advised = {id(one.rule) for one in study.advice if one.verdict != "open"}
    return [
        {
            "arm": study.trial.arms[one.arm], "rule": one.name, "n": len(study.trial.pair(one.arm)), "share_mailed": one.share,
            "net": one.net.net, "net_low": one.net.low, "net_high": one.net.high, "over_everyone": one.over.net,
            "over_low": one.over.low, "over_high": one.over.high, "p": one.p, "advised": id(one) in advised,
        }
        for one in study.rules
    ]  # fmt: skip


def _ranking(study: Study) -> list[dict[str, Any]]:
    def per(value: float | None) -> float | None:
        return None if value is None else PER * value

    return [
        {
            "arm": study.trial.arms[one.arm], "outcome": one.outcome, "learner": one.learner, "n": len(one.score),
            "qini_per_1000": per(one.qini), "low": per(one.low), "high": per(one.high), "over_response": per(one.over),
            "over_response_low": per(one.over_low), "over_response_high": per(one.over_high), "sways": one.sways,
        }
        for one in study.ranked
    ]  # fmt: skip


def _curve(study: Study) -> list[dict[str, Any]]:
    out = []
    for one in study.ranked:
        shares, gains = one.curve
        for share in np.linspace(0, 1, STEPS + 1):
            gain, last = float(np.interp(share, shares, gains)), float(gains[-1])
            named = {"arm": study.trial.arms[one.arm], "outcome": one.outcome, "learner": one.learner}
            told = {"share": float(share), "gain_per_1000": PER * gain, "random_per_1000": PER * share * last}
            out.append(named | told)
    return out


def _advice(study: Study) -> list[dict[str, Any]]:
    arms = study.trial.arms
    return [
        {
            "arm": arms[one.arm], "advice": OPEN if one.verdict == "open" else one.verdict,
            "rule": one.rule.name, "share_mailed": one.rule.share,
            "n": len(study.trial.pair(one.arm)), "net": one.rule.net.net, "low": one.rule.net.low, "high": one.rule.net.high,
        }
        for one in study.advice
    ]  # fmt: skip


def _sample(study: Study) -> list[dict[str, Any]]:
    ratio = study.ratio
    rows = zip(study.trial.arms, ratio.counts, ratio.expected, strict=True)
    shared = {"chi_square": ratio.chi_square, "p": ratio.p}
    return [{"arm": arm, "n": n, "expected": expected} | shared for arm, n, expected in rows]


def _balance(study: Study) -> list[dict[str, Any]]:
    counts = dict(zip(study.trial.arms, study.trial.counts.tolist(), strict=True))
    control = int(study.trial.counts[0])
    return [row | {"n": counts[row["arm"]], "n_control": control} for row in study.balance]


SCORES = _schema("customer assigned arm outcome learner", "decile", "score", "",
                 "customer assigned arm outcome learner score decile")  # fmt: skip


def scores_table(study: Study | None) -> pa.Table:
    """Each customer's score by the best learner of each arm and outcome, made by models that never saw her.

    A customer without an id is named by her row, from 1.
    """
    parts = [SCORES.empty_table()]
    if study is None:
        return parts[0]
    trial = study.trial
    names = np.array([str(row) for row in range(1, len(trial) + 1)] if trial.ids is None else trial.ids.to_pylist())
    for arm, outcome in dict.fromkeys((one.arm, one.outcome) for one in study.groups):
        best, places = study.best(arm, outcome), trial.pair(arm)
        assert best is not None
        decile = np.zeros(len(trial), np.int64)
        for group in (one for one in study.groups if (one.arm, one.outcome) == (arm, outcome)):
            decile[group.places] = group.decile
        size = len(places)
        columns = [
            pa.array(names[places]), pa.array(np.array(trial.arms)[trial.arm[places]]), pa.array([trial.arms[arm]] * size),
            pa.array([outcome] * size), pa.array([best.learner] * size), pa.array(best.score), pa.array(decile[places]),
        ]  # fmt: skip
        parts.append(pa.table(columns, schema=SCORES))
    return pa.concat_tables(parts)
