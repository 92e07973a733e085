"""Hostile requests over loopback against a web process that really runs; the full run is `python -m benchmarks.fuzz_intake`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def test_a_thousand_hostile_requests_and_none_is_answered_by_500():
    command = [sys.executable, "-m", "benchmarks.fuzz_intake", "--cases", "1000", "--seed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "  200: " in done.stdout
    assert "  400: " in done.stdout
