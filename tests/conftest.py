"""What all tests share: where numba keeps its machine code, and which outside engines are there.

A test that stands on an engine outside Python takes the fixture `needs` and says so: `needs("java")`. On a bare machine it is
skipped with a word; with HOLDFAST_REQUIRE_ALL=1 (as .ci/run sets it) a missing engine is a failure.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
from engines import ENGINES
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
