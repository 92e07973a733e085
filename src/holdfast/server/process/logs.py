"""One manner of logging for all processes: lines for people, or one JSON object a line for machines (option LOG).

Every line carries the process and, inside a request, the request's number. What a page was asked is named by its route, never
by its address: addresses hold customer ids and keys.
"""

from __future__ import annotations

import logging
import sys
import time
from contextvars import ContextVar
from traceback import format_tb
from typing import Any

__all__ = ["REQUEST", "configure"]

REQUEST: ContextVar[str] = ContextVar("request", default="")
"""The number of the request that is being answered; empty outside one."""

QUIET = {
    "django": logging.WARNING,
    "huey": logging.WARNING,
    "_granian": logging.WARNING,
    "granian": logging.ERROR,
    "numba": logging.WARNING,
    "asyncio": logging.WARNING,
    "django.security.DisallowedHost": logging.CRITICAL,  # whoever asks for another name is told so; it is no fault of ours
}
"""Others' loggers, and from which level on they are heard."""

PLAIN = frozenset(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "taskName", "request", "status_code"}


def configure(process: str, manner: str) -> None:
    """Log to stderr from now on, in this process.

    process  its name: parent, web, worker, analyst
    manner   "lines" or "json"
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Json(process) if manner == "json" else _Lines(process))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    for name, level in QUIET.items():
        logging.getLogger(name).setLevel(level)


class _Plain(logging.Formatter):
    """A traceback tells places and the class of the error: its text, and what a database adds to it, may name a customer."""

    def __init__(self, process: str) -> None:
        super().__init__()
        self.process = process

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """The places, the innermost last, and the class; of the system's errors also what it says of the number."""
        kind, error, trace = ei
        told = f": {error.strerror}" if isinstance(error, OSError) else ""
        return "".join(format_tb(trace)) + (f"{kind.__module__}.{kind.__qualname__}{told}" if kind else "")


class _Lines(_Plain):
    """`2026-11-22T15:36:59Z web INFO holdfast.server.x: what happened, seconds=0.3`"""

    def format(self, record: logging.LogRecord) -> str:
        """One line; a traceback follows it."""
        said = "".join(f", {name}={value}" for name, value in _extra(record).items())
        trace = f"\n{self.formatException(record.exc_info)}" if record.exc_info else ""
        return f"{_when(record)} {self.process} {record.levelname} {record.name}: {_message(record)}{said}{trace}"


class _Json(_Plain):
    """One object a line: time, level, process, logger, message, and whatever was given as `extra`."""

    def format(self, record: logging.LogRecord) -> str:
        """One line, also with a traceback."""
        import json

        said: dict[str, Any] = {"time": _when(record), "level": record.levelname.lower(), "process": self.process}
        said |= {"logger": record.name, "message": _message(record)} | _extra(record)
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said, default=str, ensure_ascii=False)


def _when(record: logging.LogRecord) -> str:
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z"


def _extra(record: logging.LogRecord) -> dict[str, Any]:
    """What was given as `extra`, and the request's number."""
    said = {name: value for name, value in record.__dict__.items() if name not in PLAIN}
    number = REQUEST.get()
    return said | ({"request": number} if number else {})


def _message(record: logging.LogRecord) -> str:
    """What is said. Django's words about a request name its address; ours name the method, the route and the status."""
    request = record.__dict__.get("request")
    if request is None:
        return record.getMessage()
    match = getattr(request, "resolver_match", None)
    route = getattr(match, "route", None) or "(no such page)"
    return f"{request.method} {route} {record.__dict__.get('status_code', '')}".strip()
