"""Engines outside Python that some tests stand on: how each is found, and what is said where it is missing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def _has_java() -> bool:
    return bool(os.environ.get("JAVA_HOME") or shutil.which("java"))


def _has_chromium() -> bool:
    return bool(os.environ.get("BROWSER_PATH") or any(shutil.which(name) for name in BROWSERS))


def oracle_python() -> Path:
    """The Python of the environment that holds the oracles (`make .venv/.oracle-ready`)."""
    return Path(
        os.environ.get("HOLDFAST_ORACLE_PYTHON") or Path(__file__).parent.parent / ".venv" / "oracle" / "bin" / "python"
    )


def _has_segment_for_python() -> bool:
    return any(oracle_python().parents[1].glob("lib/python*/site-packages/segment/analytics"))


def _has_segment_for_node() -> bool:
    client = Path(__file__).parent.parent / ".venv" / "node" / "node_modules" / "@segment" / "analytics-node"
    return bool(shutil.which("node")) and client.exists()


def postgres_programs() -> Path | None:
    """The folder with initdb and postgres; None where they are not installed."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    return folders[-1] if folders else None


ENGINES: dict[str, tuple[Callable[[], bool], str]] = {
    "java": (_has_java, "Java is not installed"),
    "chromium": (_has_chromium, "neither Chromium nor Chrome is installed"),
    "spark": (lambda: _has_java() and find_spec("pyspark") is not None, "holdfast[spark] or Java is not installed"),
    "png": (lambda: _has_chromium() and find_spec("kaleido") is not None, "holdfast[png] or Chromium is not installed"),
    "retentioneering": (lambda: oracle_python().exists(), "retentioneering is not installed (make .venv/.oracle-ready)"),
    "browser": (lambda: _has_chromium() and find_spec("playwright") is not None, "Playwright or Chromium is not installed"),
    "fuzzer": (lambda: find_spec("schemathesis") is not None, "schemathesis is not installed (group web)"),
    "node": (_has_segment_for_node, "Node or Segment's client for it is not installed (make .venv/.node-ready)"),
    "postgresql": (lambda: bool(postgres_programs()), "the programs of PostgreSQL are not installed"),
    "segment": (_has_segment_for_python, "Segment's client is not installed (make .venv/.oracle-ready)"),
    "notebook": (lambda: find_spec("nbformat") is not None, "holdfast[notebook] is not installed"),
}
