"""The answer about contracts in words, and its notes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from holdfast.analyses.contract_value.contracts import Contracts, Judged
from holdfast.analyses.contract_value.valued import Valued
from holdfast.analyses.definitions import counted, percent
from holdfast.analyses.models.renewal_choice import Chosen

if TYPE_CHECKING:
    from holdfast.settings import Settings

__all__ = ["NO_CONTRACTS", "judged_words", "notes", "words"]

NO_CONTRACTS = (
    "This is about contracts, and the settings say that customers are those who are active: "
    'set base = "contract", with the start and end events, in holdfast.toml.'
)


def words(contracts: Contracts, whole: Chosen, retention: pa.Table, equity: pa.Table, horizon: str, settings: Settings) -> str:
    """What those under contract are worth, and how surely they renew."""
    running = int((contracts.now >= 0).sum())
    if not len(contracts):
        return "There is no contract yet."
    are = "is" if running == 1 else "are"
    if whole.model is None:
        return f"{running:,} of {counted(len(contracts), 'customer')} {are} under contract; {whole.why}."
    if not running:
        return f"Nobody of {counted(len(contracts), 'customer')} is under contract any more."
    row = equity.to_pylist()[-1]
    noun = "profit" if settings.margin is not None else "revenue"
    money = [f"{row[name]:,.0f}" for name in ("value", "value_low", "value_high")]
    worth = f"worth {money[0]} {settings.currency} of {noun} ({money[1]} to {money[2]}) by their renewals"
    if not row["value"]:
        worth = f"expected to renew {row['expected_renewals']:,.0f} times"
    renew = _renew(retention, A_YEAR_ON[contracts.rhythm.every])
    return f"{counted(running, 'customer')} under contract {are} {worth} of the next {horizon}. {renew}"


A_YEAR_ON = {"month": 12, "year": 5}
"""The renewal told beside the first one, or the last before it with enough behind it."""


def _renew(retention: pa.Table, upto: int) -> str:
    """The first retention rate, and a later one with enough behind it."""
    rows = [row for row in retention.to_pylist() if row["state"] == "observed"]
    first_segment = rows[0]["segment"] if rows else ""
    own = [row for row in rows[:upto] if row["segment"] == first_segment and row["at_risk"] >= 30]
    if not own:
        return ""
    one, last = own[0], own[-1]
    whose = "" if len({row["segment"] for row in rows}) == 1 else f"Of {first_segment}: "
    first, late = (percent(row["kept_share"], row["kept_low"], row["kept_high"]) for row in (one, last))
    said = f"{whose}{first} renew at their {_nth(one['renewal'])} opportunity"
    return said + ("." if last is one else f", {late} of those left at their {_nth(last['renewal'])}.")


def _nth(number: int) -> str:
    ends = {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{'th' if number % 100 in (11, 12, 13) else ends.get(number % 10, 'th')}"


def judged_words(found: Judged | None, every: str) -> str:
    """How the model did on the periods held out."""
    if found is None or found.model.model is None:
        return f"no {every} could be held out: too little was known before"
    name, kept = found.model.model.fit.model, int((found.kept >= found.periods).sum())
    same = name == found.plain.fit.model
    told = (
        "one rate for all is the model" if same else f"{name}, learned before, did {'worse' if found.worse else 'better'} than"
    )
    told += "" if same else f" one rate for all (log-likelihood {found.scores[0]:,.1f} against {found.scores[1]:,.1f})"
    last = every if found.periods == 1 else counted(found.periods, every)
    return f"held out the last {last}: {kept:,} of {found.customers:,} were kept; {told}"


def notes(
    contracts: Contracts, whole: Chosen, own: dict[int, Chosen], found: Valued | None, small: int, currency: str
) -> list[str]:
    """What to keep in mind."""
    out = [] if whole.model is None else [_model(whole.why)]
    out += _of_segments(contracts, own, small) if len(contracts.labels) > 1 else []
    out += _rarely(contracts)
    soon = int(np.count_nonzero(contracts.ended & ~contracts.lost))
    if soon:
        out.append(
            f"{counted(soon, 'contract')} ended in a period still running: the rates count them when its renewal day comes"
        )
    again = int(np.count_nonzero((contracts.now >= 0) & (contracts.now != contracts.begin)))
    if again:
        back = f"{counted(again, 'customer')} under contract came back after an earlier one ended"
        out.append(f"{back}: rates are of first contracts, value is of the one that runs")
    if found is not None and len(found.rows):
        unpaid = int(np.count_nonzero(found.per_period <= 0))
        if unpaid == len(found.rows):
            out.append("no payments are known since the contracts began: orders with a revenue would give each a value")
        elif unpaid:
            out.append(f"{unpaid:,} of {len(found.rows):,} under contract have paid nothing in it: they count 0 {currency}")
    return out


MEANING = {
    "one rate for all": "everyone leaves as readily, at every renewal",
    "shifted-beta-geometric": "customers differ, and those readiest to leave go first",
    "discrete Weibull": "customers are alike, and their readiness to leave changes with time",
    "beta-discrete-Weibull": "customers differ, and their readiness to leave changes with time",
}


def _model(why: str) -> str:
    """Which model and why, with what it takes customers for."""
    name, _, rest = why.partition(": ")
    return f"model: {name} ({MEANING[name]}): {rest}" if name in MEANING else f"model: {why}"


YEARLY, ENOUGH = 0.6, 10
"""Share of the lost who left at a twelfth renewal above which contracts look yearly; and the losses asked for."""


def _rarely(contracts: Contracts) -> list[str]:
    """A note where contracts taken for monthly look yearly: nearly all losses come at the twelfth renewal, or the 24th …"""
    left = contracts.lived[contracts.lost] + 1
    yearly = int(np.count_nonzero(left % 12 == 0))
    if contracts.rhythm.every != "month" or len(left) < ENOUGH or yearly < YEARLY * len(left):
        return []
    return [f"{yearly:,} of {len(left):,} left at a twelfth renewal: these look like yearly contracts: ask with “every” year"]


def _of_segments(contracts: Contracts, own: dict[int, Chosen], small: int) -> list[str]:
    out = []
    without = [contracts.labels[code] for code in contracts.shown() if code not in own or own[code].model is None]
    if without:
        told = ", ".join(without[:8]) + _more(without)
        out.append(f"too few contracts or losses for a model of their own, everyone's is used: {told}")
    if own:
        out.append("each segment by its own model, everyone is their sum; without a split one model for all gives another sum")
    few = [contracts.labels[code] for code in contracts.shown() if int((contracts.segment == code).sum()) < small]
    if few:
        out.append(f"fewer than {small} customers, read with care: {', '.join(few[:8])}" + _more(few))
    return out


def _more(names: list[str]) -> str:
    return " …" if len(names) > 8 else ""
