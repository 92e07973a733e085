"""`holdfast demo` at a terminal ends with the server, and the link that it prints signs its owner in, once."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from http.cookiejar import CookieJar
from select import select
from time import monotonic
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, Request, build_opener

import pytest
from shells import holdfast, small_shop

pytestmark = pytest.mark.one_database

LINK = re.compile(r"by this link, once: (http://\S+)\s")


def test_the_demo_ends_with_the_shop_in_the_browser(tmp_path):
    shutil.copytree(small_shop(), tmp_path / "demo")  # what was read in is not read again: the demo is quick
    ours, theirs = pty.openpty()
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "DISPLAY", "HOLDFAST_WORKSPACE"}}
    process = subprocess.Popen(
        [sys.executable, "-m", "holdfast", "demo", "--folder", str(tmp_path / "demo")],
        env=environment | {"HOLDFAST_PORT": "0", "DATABASE_URL": "", "HOLDFAST_ANALYST": "process"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        process_group=0,
    )
    os.close(theirs)
    try:
        link = read_until(ours, LINK)
        assert (tmp_path / "demo" / "report.html").exists()
        browser = build_opener(HTTPCookieProcessor(CookieJar()))
        page = signed_in(browser, link)
        assert ">Demo</a>" in page
        assert "Sign out" in page
        assert not opens(build_opener(), link)
    finally:
        code = ended(process)
        os.close(ours)
    assert code in {0, 130}


def test_without_a_terminal_it_ends_and_says_how_to_serve(tmp_path):
    shutil.copytree(small_shop(), tmp_path / "demo")
    told = holdfast("demo", "--folder", tmp_path / "demo")
    assert told.code == 0, told.err
    assert f"serve -w {tmp_path / 'demo'}" in told.out
    assert not (tmp_path / "demo" / "server").exists()


def ended(process: subprocess.Popen, seconds: float = 60.0) -> int:
    """By Ctrl-C; with its whole group when that does not end it."""
    process.send_signal(signal.SIGINT)
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait()


def read_until(handle: int, pattern: re.Pattern[str], seconds: float = 120.0) -> str:
    """What the pattern finds in what a terminal shows."""
    end, shown = monotonic() + seconds, ""
    while not (found := pattern.search(shown)):
        assert select([handle], [], [], max(0.0, end - monotonic()))[0], shown
        shown += os.read(handle, 4096).decode(errors="replace")
    return found.group(1)


def signed_in(browser, link: str) -> str:
    """Open the link, press its button; the page that one then sees."""
    page = browser.open(link, timeout=20).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page).group(1)
    return browser.open(Request(link, urlencode({"csrfmiddlewaretoken": token}).encode()), timeout=30).read().decode()


def opens(browser, link: str) -> bool:
    """Whether the link still offers to sign somebody in."""
    try:
        return "csrfmiddlewaretoken" in browser.open(link, timeout=20).read().decode()
    except HTTPError:
        return False
