"""Made shops under contract: customers whose readiness to leave is known, with a payment at every renewal."""

from __future__ import annotations

from datetime import date

import numpy as np
import pyarrow as pa

from holdfast.analyses.contract_value.calendar import Rhythm
from holdfast.settings import Contract, Settings
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.zone import day_of

SETTINGS = Settings(zone="UTC", currency="EUR", base="contract", contract=Contract(("Started",), ("Ended",)))


def contract_shop(
    customers: int, *, seed: int = 1, alpha: float = 0.8, beta: float = 6.0, fee: float = 10.0, every: str = "month",
    settings: Settings = SETTINGS, until: date = date(2026, 6, 30), periods: int = 36,
) -> Timelines:  # fmt: skip
    """Contracts begun evenly over so many periods; a share θ ~ Beta(α, β) of one's own leaves at each renewal, some days before
    it. Odd customers are on plan "plus", even ones on "basic"; each pays her fee at the start and at every renewal."""
    rng, rhythm, last = np.random.default_rng(seed), Rhythm(every), day_of(until)
    begin = rng.integers(rhythm.earlier(last, periods), last, customers)
    lives = np.ceil(np.log(rng.random(customers)) / np.log1p(-rng.beta(alpha, beta, customers))).astype(np.int64)
    end = rhythm.renewal(begin, lives) - rng.integers(0, 20, customers)
    rows: list[tuple[str, str, int, float | None, str]] = []
    for one in range(customers):
        who, plan = f"c{one:05}", "plus" if one % 2 else "basic"
        rows.append((who, "Started", int(begin[one]), None, plan))
        over = int(end[one]) <= last
        paid = rhythm.renewal(np.full(lives[one], begin[one]), np.arange(lives[one]))
        rows += [(who, "Order Completed", int(day), fee, plan) for day in paid if day <= last]
        if over:
            rows.append((who, "Ended", int(end[one]), None, plan))
    who, event, day, money, plan = zip(*rows, strict=True)
    time = pa.array(np.array(day, np.int64) * 86_400_000_000 + 43_200_000_000, pa.timestamp("us", tz="UTC"))
    table = pa.table(
        {
            "customer_id": pa.array(who), "event": pa.array(event), "time": time,
            "revenue": pa.array(money, pa.float64()).cast(pa.decimal128(18, 4)), "plan": pa.array(plan),
        }
    )  # fmt: skip
    return Timelines.from_arrow(table, settings)
