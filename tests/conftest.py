"""What all tests share: where numba keeps its machine code, and which outside engines are there.

A test that stands on an engine outside Python takes the fixture `needs` and says so: `needs("java")`. On a bare machine it is
skipped with a word; with HOLDFAST_REQUIRE_ALL=1 (as .ci/run sets it) a missing engine is a failure.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from hypothesis import settings

# Compiled walks are kept between runs and shared by all processes of a run, also where the checkout cannot be written.
os.environ.setdefault("NUMBA_CACHE_DIR", str(Path(tempfile.gettempdir()) / f"holdfast-numba-{os.getuid()}"))

# The web half serves one workspace a process: in the tests an empty folder, until a test puts its own in its place.
SERVED = tempfile.mkdtemp(prefix="holdfast-served-")
os.environ.setdefault("HOLDFAST_WORKSPACE", SERVED)
os.environ.setdefault("HOLDFAST_ANALYST", "inline")
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "holdfast.server.django_settings")

# A first example may compile a walk: seconds, not a defect.
settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")


def pytest_configure() -> None:
    """Django is set up once; pytest-django finds it ready."""
    import django

    django.setup()


def pytest_unconfigure() -> None:
    """Nothing is left behind."""
    shutil.rmtree(SERVED, ignore_errors=True)


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


def require(name: str) -> None:
    """Skip the running test when an engine is missing; fail it when all are required."""
    there, word = ENGINES[name]
    if there():
        return
    if os.environ.get("HOLDFAST_REQUIRE_ALL") == "1":
        pytest.fail(f"{word}, and HOLDFAST_REQUIRE_ALL=1 asks for every engine", pytrace=False)
    pytest.skip(word)


@pytest.fixture(scope="session")
def needs() -> Callable[[str], None]:
    """`needs("java")`, "chromium", "spark", "png", "retentioneering" or "notebook": this test stands on that engine."""
    return require
