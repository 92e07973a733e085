"""What the runner found, as a Markdown page: times, ratios, memory, load times, machine and date."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

__all__ = ["machine", "printed", "written"]

TITLES = {
    "first_orders": "monthly grid, first orders",
    "any_event": "weekly grid, any event",
    "rfm": "RFM scores and segments",
    "bridge": "base and bridge, monthly",
    "transitions": "transition counts",
    "funnel": "three-step funnel, 1 day",
    "tree": "path tree, five steps",
    "early_signs": "early signs",
    "personas": "six personas",
    "summary": "lifetimes' own summary",
}


def machine() -> str:
    """Processor, cores and memory."""
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    model = next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    here = f"{platform.system()}, Python {platform.python_version()}"
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {memory:.0f} GB, {here}"


def printed(events: int, results: dict[str, dict[str, Any]], wrong: list[str]) -> str:
    """The whole page."""
    day = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    parts = [f"# {events:,} events, {day}", f"{machine()}; load {_load_average()} when done.", _agreement(results, wrong)]
    parts += [_answers(results), _costs(results), _missing(results)]
    return "\n\n".join(part for part in parts if part) + "\n"


def written(text: str, events: int, folder: Path) -> Path:
    """Add the page to the day's file and say where that is."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{datetime.now(UTC):%Y-%m-%d}-{events}.md"
    path.write_text(text, encoding="utf-8")
    return path


def _load_average() -> str:
    return f"{os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else "unknown"


def _there(results: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {name: found for name, found in results.items() if "missing" not in found}


def _agreement(results: dict[str, dict[str, Any]], wrong: list[str]) -> str:
    if wrong:
        return "**The engines disagree:**\n\n" + "\n".join(f"- {line}" for line in wrong)
    counts = {
        question: sum(question in found["ask"]["answers"] for found in _there(results).values())
        for question in TITLES
        if question != "summary"
    }
    shared = [f"{TITLES[question]} ({n} engines)" for question, n in counts.items() if n > 1]
    return f"Equal in every row: {'; '.join(shared)}." if shared else "Only one engine answered: nothing could be compared."


def _answers(results: dict[str, dict[str, Any]]) -> str:
    there = _there(results)
    lines = [
        "Seconds, warm, best of five (in brackets: the first time); times as long as Holdfast.",
        "",
        "| question | " + " | ".join(there) + " |",
        "|---|" + "---:|" * len(there),
    ]
    for question, title in TITLES.items():
        ours = there.get("holdfast", {}).get("ask", {}).get("answers", {}).get(question)
        cells = [_cell(found["ask"]["answers"].get(question), ours, name) for name, found in there.items()]
        if any(cells):
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _cell(answer: dict[str, Any] | None, ours: dict[str, Any] | None, name: str) -> str:
    if answer is None:
        return ""
    ratio = f" · {answer['best'] / ours['best']:.1f}×" if ours and name != "holdfast" else ""
    return f"{answer['best']:.4f} ({answer['first']:.2f}){ratio}"


def _costs(results: dict[str, dict[str, Any]]) -> str:
    lines = [
        "| | load s | load peak MB | kept MB | open s | asking peak MB |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for name, found in _there(results).items():
        load, ask = found["load"], found["ask"]
        lines.append(
            f"| {name} | {load['seconds']:.1f} | {load['peak_mb']:,.0f} | {load['disk_mb']:,.0f} | {ask['open']:.2f} "
            f"| {ask['peak_mb']:,.0f} |"
        )
    return "\n".join(lines)


def _missing(results: dict[str, dict[str, Any]]) -> str:
    lines = [f"- {name}: {found['missing']}" for name, found in results.items() if "missing" in found]
    return "Not there:\n\n" + "\n".join(lines) if lines else ""
