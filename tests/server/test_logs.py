"""What is logged of an error: where and of what class, never its text, which may name a customer."""

from __future__ import annotations

import json
import logging

import pytest

from holdfast.server.process.logs import configure


@pytest.fixture
def logged(capsys):
    """What is written to the log while the test runs; the root logger is put back."""
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield capsys
    root.handlers[:] = before
    root.setLevel(level)


@pytest.mark.parametrize("manner", ["lines", "json"])
def test_the_text_of_an_error_is_not_logged_its_place_is(logged, manner):
    configure("web", manner)
    try:
        raise ValueError("ann@example.com is no number")
    except ValueError:
        logging.getLogger("holdfast.x").exception("could not be done")
    said = logged.readouterr().err
    assert "could not be done" in said
    assert "ValueError" in said
    assert "test_logs.py" in said
    assert "ann@example.com" not in said.replace('raise ValueError("ann@example.com is no number")', "").replace(
        json.dumps('raise ValueError("ann@example.com is no number")')[1:-1], ""
    )


def test_what_the_system_says_is_logged(logged):
    configure("worker", "lines")
    try:
        raise OSError(28, "No space left on device", "/home/ann/shop")
    except OSError:
        logging.getLogger("holdfast.x").exception("could not be written")
    said = logged.readouterr().err
    assert "No space left on device" in said
    assert said.count("/home/ann") == 1  # the line of code above
