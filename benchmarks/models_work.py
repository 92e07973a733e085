"""One model, fitted by one package, in one process: prints one line of JSON for benchmarks.models.

python -m benchmarks.models_work PACKAGE TASK NPZ RUNS

Imports, the data in the shape the package wants and a first fit of 500 rows (compilation) come before the clock. Memory is what
the resident set grew by at its highest while the clock ran, from what it held when it began.
"""

from __future__ import annotations

import json
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

Data = dict[str, Any]
Work = Callable[[Data], dict[str, Any]]

MONTH = 4.345
"""Weeks of a month, as lifetimes counts them."""

RATE = 0.01
WARM = 500


def holdfast_bg(data: Data) -> dict[str, Any]:
    """BG/NBD."""
    from holdfast.analyses.models import bg_nbd

    return _ours(bg_nbd, data)


def holdfast_mbg(data: Data) -> dict[str, Any]:
    """MBG/NBD."""
    from holdfast.analyses.models import mbg_nbd

    return _ours(mbg_nbd, data)


def holdfast_pareto(data: Data) -> dict[str, Any]:
    """Pareto/NBD."""
    from holdfast.analyses.models import pareto_nbd

    return _ours(pareto_nbd, data)


def _ours(module: Any, data: Data) -> dict[str, Any]:
    from holdfast.analyses.models.histories import Histories

    fit = module.fitted(Histories.of(data["x"], data["t_x"], data["T"])).fit
    return {"parameters": list(fit.values)}


def holdfast_clv(data: Data) -> dict[str, Any]:
    """Value of twelve months: expected orders times expected money, discounted month by month."""
    from holdfast.analyses.models.bg_nbd import BgNbd
    from holdfast.analyses.models.fitting import given
    from holdfast.analyses.models.gamma_gamma import GammaGamma
    from holdfast.analyses.models.histories import Histories

    model = BgNbd.of(*data["bg"])
    money = GammaGamma(given("Gamma-Gamma", ("p", "q", "v"), tuple(data["gg"])), *data["gg"])
    told = Histories.of(data["x"], data["t_x"], data["T"])
    months = np.arange(1, 13)
    bought = model.expected_at(told, months * MONTH)
    weights = (1 + RATE) ** -months.astype(float)
    # Each month's orders are the difference of two totals: the sum over months takes the totals by differences of weights.
    discounted = bought @ (weights - np.append(weights[1:], 0.0))
    value = discounted[told.place] * money.mean(data["x"], data["money"])
    return {"total": float(value.sum())}


def lifetimes_bg(data: Data) -> dict[str, Any]:
    """BG/NBD."""
    from lifetimes import BetaGeoFitter

    fitted = BetaGeoFitter().fit(data["x"], data["t_x"], data["T"])
    return {"parameters": [float(fitted.params_[name]) for name in ("r", "alpha", "a", "b")]}


def lifetimes_mbg(data: Data) -> dict[str, Any]:
    """MBG/NBD."""
    from lifetimes import ModifiedBetaGeoFitter

    fitted = ModifiedBetaGeoFitter().fit(data["x"], data["t_x"], data["T"])
    return {"parameters": [float(fitted.params_[name]) for name in ("r", "alpha", "a", "b")]}


def lifetimes_pareto(data: Data) -> dict[str, Any]:
    """Pareto/NBD."""
    from lifetimes import ParetoNBDFitter

    fitted = ParetoNBDFitter().fit(data["x"], data["t_x"], data["T"])
    return {"parameters": [float(fitted.params_[name]) for name in ("r", "alpha", "s", "beta")]}


def lifetimes_clv(data: Data) -> dict[str, Any]:
    """Value of twelve months, with the same parameters."""
    import pandas as pd
    from lifetimes import BetaGeoFitter, GammaGammaFitter

    frame = data["frame"]
    buying, money = BetaGeoFitter(), GammaGammaFitter()
    buying.params_ = pd.Series(dict(zip(("r", "alpha", "a", "b"), data["bg"], strict=True)))
    money.params_ = pd.Series(dict(zip(("p", "q", "v"), data["gg"], strict=True)))
    buying.predict = buying.conditional_expected_number_of_purchases_up_to_time
    value = money.customer_lifetime_value(
        buying, frame["frequency"], frame["recency"], frame["T"], frame["money"], time=12, discount_rate=RATE, freq="W"
    )
    return {"total": float(value.sum())}


def pymc_bg(data: Data) -> dict[str, Any]:
    """BG/NBD, maximum a posteriori under flat priors, which is the maximum of the likelihood."""
    from pymc_extras.prior import Prior
    from pymc_marketing.clv import BetaGeoModel

    model = BetaGeoModel(model_config={name: Prior("HalfFlat") for name in ("r", "alpha", "a", "b")})
    model.fit(data["frame"], method="map", progressbar=False)
    found = model.fit_result
    return {"parameters": [float(found[name].to_numpy().ravel()[0]) for name in ("r", "alpha", "a", "b")]}


WORK: dict[str, dict[str, Work]] = {
    "holdfast": {"bg": holdfast_bg, "mbg": holdfast_mbg, "pareto": holdfast_pareto, "clv": holdfast_clv},
    "lifetimes": {"bg": lifetimes_bg, "mbg": lifetimes_mbg, "pareto": lifetimes_pareto, "clv": lifetimes_clv},
    "pymc": {"bg": pymc_bg},
}


def shaped(data: Data, package: str) -> Data:
    """The data as the package wants them; parameters (bg, gg) as plain numbers."""
    out = {name: part.tolist() if name in ("bg", "gg") else part for name, part in data.items()}
    if package != "holdfast":
        import pandas as pd

        columns = {"frequency": data["x"].astype(float), "recency": data["t_x"], "T": data["T"]}
        extra = {"money": data["money"]} if "money" in data else {}
        out["frame"] = pd.DataFrame({"customer_id": np.arange(len(data["x"])), **columns, **extra})
    return out


def first(data: Data, rows: int) -> Data:
    """The first so many customers."""
    return {name: part if name in ("bg", "gg") else part[:rows].copy() for name, part in data.items()}


def resident_mb(line: str) -> float:
    """VmRSS (now) or VmHWM (the most since it was reset) of this process."""
    told = next(text for text in Path("/proc/self/status").read_text().splitlines() if text.startswith(line))
    return int(told.split()[1]) / 1024


def main() -> None:
    """Warm up, then measure."""
    package, task, npz, runs = sys.argv[1:]
    warnings.simplefilter("ignore")
    with np.load(npz) as held:
        data = dict(held)
    work = WORK[package][task]
    work(shaped(first(data, WARM), package))
    ready = shaped(data, package)
    seconds, busy, out = [], [], {}
    Path("/proc/self/clear_refs").write_text("5")
    before = resident_mb("VmRSS")
    for _ in range(int(runs)):
        start, began = perf_counter(), process_time()
        out = work(ready)
        seconds.append(perf_counter() - start)
        busy.append(process_time() - began)
    print(json.dumps({**out, "seconds": min(seconds), "busy": min(busy), "grew_mb": resident_mb("VmHWM") - before}))


if __name__ == "__main__":
    main()
