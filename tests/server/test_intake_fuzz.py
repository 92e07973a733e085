"""Hostile requests over loopback against a web process that really runs; the full run is `python -m benchmarks.fuzz_intake`."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from running import running

pytestmark = pytest.mark.one_database

ROOT = Path(__file__).parents[2]


def test_six_hundred_hostile_requests_and_none_is_answered_by_500():
    command = [sys.executable, "-m", "benchmarks.fuzz_intake", "--cases", "600", "--seed", "3"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stdout + done.stderr[-2000:]
    assert "  200: " in done.stdout
    assert "  400: " in done.stdout


def test_who_hangs_up_in_the_middle_of_a_request_is_not_told_that_we_failed(tmp_path):
    """Ben's gadget announces 100 bytes, sends two, and closes its half of the connection."""
    with running(tmp_path / "shop") as server:
        where = urlsplit(server.url)
        for path in ("/v1/track", "/welcome/"):
            with socket.create_connection((where.hostname, where.port), timeout=60) as gadget:
                gadget.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\n{{}}".encode())
                gadget.shutdown(socket.SHUT_WR)
                assert gadget.recv(1000)[:12] in (b"", b"HTTP/1.1 400")
