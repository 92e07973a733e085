"""Web and worker stay small: what they do not import, what they are told about giving memory back, what they remember."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from serving import until

import holdfast.server
from holdfast.server.customers.firsts import Firsts
from holdfast.settings import Settings
from holdfast.workspace import Workspace

AT_START_MB = 320
"""Some 230 MB on Linux; the bar is 400 MB with 30 million events: python -m benchmarks.memory."""

OF_OTHERS = {"duckdb", "llvmlite", "ninja", "numba", "pandas", "plotly", "pydantic"}
"""What the analyst needs, or the web."""

NOTED = st.lists(st.tuples(st.integers(-4, 4), st.integers(0, 9)), max_size=9)


def resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.one_database
def test_web_and_worker_of_a_new_shop_are_small_and_told_to_give_memory_back(tmp_path, running):
    shop = Workspace.create(tmp_path / "shop", Settings(name="Corner shop", zone="Europe/London", currency="GBP")).path
    server = running(shop)
    assert server.get("/", seconds=30)[0] == 200
    pids = [until(lambda name=name: server.pid(name)) for name in ("web", "worker")]
    for pid in pids:
        told = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        assert b"ARROW_DEFAULT_MEMORY_POOL=system" in told
        assert b"MALLOC_ARENA_MAX=2" in told
        packages = Path(f"/proc/{pid}/maps").read_text()
        assert "/pandas/" not in packages
        assert "/psycopg" not in packages
    assert sum(map(resident, pids)) < AT_START_MB * 1e6


@pytest.mark.one_database
@pytest.mark.parametrize(("database", "there"), [("", "False"), ("postgresql:///shop", "True")])
def test_the_client_of_postgresql_is_imported_where_there_is_postgresql(tmp_path, database, there):
    code = (
        "import sys\nfrom holdfast.server.process.lean import keep_out\nkeep_out()\n"
        "import huey.storage\nprint('psycopg' in sys.modules and sys.modules['psycopg'] is not None)"
    )
    environment = os.environ | {"DATABASE_URL": database, "HOLDFAST_WORKSPACE": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == there


@pytest.mark.one_database
def test_no_job_of_the_worker_imports_what_is_the_analysts(tmp_path):
    """Whatever its functions import is imported here: numba alone is 60 MB that the worker would keep."""
    wanted = {f"holdfast.server.{name}" for name in ("customers.forgetting", "customers.projection", "intake.digesting")}
    for path in Path(holdfast.server.__file__).parent.glob("*/jobs.py"):
        found = (node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ImportFrom))
        wanted |= {node.module for node in found if (node.module or "").startswith("holdfast")}
    code = (
        "import sys, django\nfrom importlib import import_module\n"
        "from holdfast.server.process.lean import keep_out\nkeep_out()\ndjango.setup(set_prefix=False)\n"
        f"for name in {sorted(wanted)}: import_module(name)\n"
        f"print(sorted({{name.partition('.')[0] for name in sys.modules}} & {OF_OTHERS}),"
        " [name for name in sys.modules if name.startswith(('holdfast.analyses', 'holdfast.charts'))])"
    )
    environment = os.environ | {"HOLDFAST_WORKSPACE": str(tmp_path)}
    environment |= {"DJANGO_SETTINGS_MODULE": "holdfast.server.django_settings"}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"


@given(st.lists(NOTED, max_size=4))
def test_what_is_remembered_at_once_is_what_was_noted_part_by_part(parts):
    arrays = [(np.array([one for one, _ in part], np.int64), np.array([at for _, at in part], np.int64)) for part in parts]
    piecemeal = Firsts()
    for ids, times in arrays:
        piecemeal.note(ids, times)
    whole = Firsts.of(iter(arrays))
    first = {one: min(at for part in parts for other, at in part if other == one) for part in parts for one, _ in part}
    asked = np.arange(-5, 6, dtype=np.int64)
    for made in (piecemeal, whole):
        assert len(made) == len(first)
        for at in range(11):
            news = made.news(asked, np.full(len(asked), at, np.int64))
            assert news.tolist() == [one not in first or at < first[one] for one in asked.tolist()]
