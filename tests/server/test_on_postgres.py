"""The same tests on PostgreSQL: tests/server once more, in a process of its own, on a database made for it.

What says nothing of the database carries the mark `one_database` and is not asked again.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSIDE = "HOLDFAST_TESTS_ON_POSTGRES"


@pytest.mark.skipif(INSIDE in os.environ, reason="this is the run on PostgreSQL")
def test_the_same_tests_on_postgresql(needs):
    needs("postgresql")
    from postgres_cluster import postgres

    with postgres() as url:
        done = subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--create-db", str(HERE)),
                *("-m", "not one_database"),
            ],
            cwd=HERE.parents[1],
            env=os.environ | {"DATABASE_URL": url, "HOLDFAST_DATABASE_URL": url, INSIDE: "1"},
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
