"""Models of buying, ours against lifetimes and PyMC-Marketing: time, memory, and the same likelihood.

    python -m benchmarks.models [--customers 1e6]

Two shops: the 2,357 CDNOW customers of the papers, and simulated customers with real-valued times, no two alike. Each package
fits each model in a process of its own (benchmarks.models_work says what is measured). What it found is put into our
likelihood: another package's maximum must be the same to a millionth, or the run fails. benchmarks/README.md says where the
peers live.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.table import machine

HERE = Path(__file__).parent
VENV = HERE.parent / ".venv"
PYTHON = {"holdfast": Path(sys.executable), "lifetimes": VENV / "peers/bin/python", "pymc": VENV / "pymc/bin/python"}
TITLES = {"bg": "BG/NBD", "mbg": "MBG/NBD", "pareto": "Pareto/NBD", "clv": "value of 12 months (BG/NBD, Gamma-Gamma)"}
BARS = {"bg": 2.0, "clv": 1.0, "pareto": 30.0}
"""Seconds for a million customers."""

MOST_MB = 250.0
BG, GG = (0.8, 6.0, 0.9, 2.5), (6.25, 3.74, 15.44)
SLOW = {("lifetimes", "pareto")}
"""Not asked of the large shop: its 2F1 takes too long."""


def main() -> int:
    """Make the data, run everything, print and write; 1 when a likelihood differs or a bar is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.models", description=__doc__)
    parser.add_argument("--customers", default="1e6")
    parser.add_argument("--packages", nargs="*", choices=list(PYTHON), default=list(PYTHON), help="packages beside Holdfast")
    asked = parser.parse_args()
    many = int(float(asked.customers))
    shops = {"CDNOW": cdnow_file(), f"{many:,} simulated": simulated_file(many)}
    told = [f"# Models of buying, {datetime.now(UTC):%Y-%m-%d %H:%M UTC}", machine()]
    wrong: list[str] = []
    for shop, npz in shops.items():
        found = run(npz, asked.packages, large=shop != "CDNOW")
        wrong += compared(npz, found)
        wrong += missed(found, many) if shop != "CDNOW" else []
        told.append(table(shop, found))
    told.append(
        f"Load {os.getloadavg()[0]:.1f} when done. Seconds: the best of five (of two for the large shop); imports, shaping and "
        "a first fit of 500 rows come before the clock. MB: what the process grew by at most, beyond imports and data. "
        "Of a core: what the work took of all cores together, which a busy machine stretches less than the clock."
    )
    told.append("\n".join(f"- **{line}**" for line in wrong) or "The likelihoods agree to a millionth; every bar is met.")
    text = "\n\n".join(told) + "\n"
    print(text)
    if set(asked.packages) >= set(PYTHON):
        (HERE / "results" / f"{datetime.now(UTC):%Y-%m-%d}-models.md").write_text(text, encoding="utf-8")
    return int(bool(wrong))


def cdnow_file() -> Path:
    """The sample of the papers, in weeks."""
    from tests.cdnow_sample import sample

    rows = sample()
    path = HERE / "data" / "models-cdnow.npz"
    path.parent.mkdir(exist_ok=True)
    np.savez(path, x=rows.x, t_x=rows.last_day / 7, T=rows.watched_days / 7)
    return path


def simulated_file(customers: int) -> Path:
    """Customers who buy as BG/NBD says, with the money of Gamma-Gamma; kept for the next run."""
    from tests.simulated_shops import simulate

    path = HERE / "data" / f"models-{customers}.npz"
    if not path.exists():
        told = simulate("bg_nbd", dict(zip(("r", "alpha", "a", "b"), BG, strict=True)), customers, 7)
        random = np.random.default_rng(8)
        p, q, v = GG
        rate = random.gamma(q, 1 / v, customers)
        x = told["x"]
        money = np.where(x > 0, random.gamma(p * np.maximum(x, 1)) / rate / np.maximum(x, 1), 0.0)
        np.savez(path, x=x, t_x=told["t_x"], T=told["T"], money=money, bg=np.array(BG), gg=np.array(GG))
    return path


def run(npz: Path, packages: list[str], *, large: bool) -> dict[str, dict[str, Any]]:
    """Task → package → what its process printed."""
    from benchmarks.models_work import WORK

    out: dict[str, dict[str, Any]] = {}
    for package in dict.fromkeys(("holdfast", *packages)):
        for task in WORK[package]:
            if (large and (package, task) in SLOW) or (not large and task == "clv"):
                continue
            print(f"{package} {task} ...", file=sys.stderr, flush=True)
            out.setdefault(task, {})[package] = child(package, task, npz, runs=2 if large else 5)
    return out


def child(package: str, task: str, npz: Path, runs: int) -> dict[str, Any]:
    """One process; a word instead of figures when the package is missing or fails."""
    if not PYTHON[package].exists():
        return {"missing": f"{PYTHON[package].parent.parent} is not there"}
    command = [str(PYTHON[package]), "-m", "benchmarks.models_work", package, task, str(npz.resolve()), str(runs)]
    done = subprocess.run(command, cwd=HERE.parent, capture_output=True, text=True, check=False)
    if done.returncode:
        return {"missing": (done.stderr.strip().splitlines() or [f"ended with {done.returncode}"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return found


def compared(npz: Path, found: dict[str, dict[str, Any]]) -> list[str]:
    """Put each package's parameters into our likelihood, and say where a maximum differs by more than a millionth."""
    wrong = []
    with np.load(npz) as data:
        for task, answers in found.items():
            for answer in answers.values():
                if "parameters" in answer:
                    answer["loglik"] = loglik(task, data, answer["parameters"])
            key = "total" if task == "clv" else "loglik"
            ours = answers["holdfast"].get(key)
            if ours is None:
                wrong.append(f"{task}: {answers['holdfast'].get('missing')}")
                continue
            for package, answer in answers.items():
                if key in answer and abs(answer[key] / ours - 1) > 1e-6:
                    wrong.append(f"{TITLES[task]}: {package} finds {answer[key]:.6f}, Holdfast {ours:.6f}")
    return wrong


def loglik(task: str, data: Any, parameters: list[float]) -> float:
    """Our log-likelihood at somebody's parameters."""
    from holdfast.analyses.models import pareto_nbd
    from holdfast.analyses.models.coins import Likelihood
    from holdfast.analyses.models.histories import Histories

    told = Histories.of(data["x"], data["t_x"], data["T"])
    if task == "pareto":
        ask = pareto_nbd._loglik(told.x, told.t_x, told.T, told.customers)
        return ask(np.log(parameters))[0]
    return Likelihood(told, first=0 if task == "bg" else 1)(np.log(parameters))[0]


def missed(found: dict[str, dict[str, Any]], customers: int) -> list[str]:
    """The bars that were missed."""
    if customers != 1_000_000:
        return []
    out = []
    for task, bar in BARS.items():
        ours = found[task]["holdfast"]
        if ours.get("seconds", np.inf) > bar:
            out.append(f"{TITLES[task]}: {ours.get('seconds', np.inf):.2f} s, the bar is {bar:g} s")
        if task == "bg" and ours["grew_mb"] > MOST_MB:
            out.append(f"{TITLES[task]}: {ours['grew_mb']:.0f} MB, the bar is {MOST_MB:g} MB")
        out += [f"{TITLES[task]}: {package} is faster" for package, answer in found[task].items()
                if answer.get("seconds", np.inf) < ours.get("seconds", np.inf)]  # fmt: skip
    return out


def table(shop: str, found: dict[str, dict[str, Any]]) -> str:
    """A row per model and package."""
    head = "| model | package | seconds | of a core | MB | log-likelihood (value: total) |"
    lines = [f"## {shop} customers", "", head, "|---|---|---:|---:|---:|---:|"]
    for task, answers in found.items():
        ours = answers["holdfast"].get("seconds")
        for package, answer in answers.items():
            if "missing" in answer:
                lines.append(f"| {TITLES[task]} | {package} | {answer['missing']} | | | |")
                continue
            ratio = "" if package == "holdfast" or not ours else f" · {answer['seconds'] / ours:.0f}×"
            said = answer.get("loglik", answer.get("total", np.nan))
            costs = f"{answer['seconds']:.4f}{ratio} | {answer['busy']:.4f} | {answer['grew_mb']:.0f}"
            lines.append(f"| {TITLES[task]} | {package} | {costs} | {said:,.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
