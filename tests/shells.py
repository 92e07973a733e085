"""The command line in a test: run in this process, with what stood on stdout and stderr; and a small shop as a file."""

from __future__ import annotations

import atexit
import contextlib
import io
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from holdfast.cli import run

ORDERS = """customer,time,order,revenue,Country
ann,2024-01-05 10:00,a1,100.00,France
ann,2024-02-10 10:00,a2,50.00,France
ann,2024-03-08 10:00,a3,25.50,France
ann,2024-04-09 10:00,a4,80.00,France
ben,2024-01-20 10:00,b1,40.00,Germany
ben,2024-02-20 10:00,b2,30.00,Germany
cleo,2024-01-25 10:00,c1,60.00,France
cleo,2024-04-25 10:00,c2,60.00,France
dan,2024-02-02 10:00,d1,10.05,Germany
"""
"""Ann comes every month, Ben fades, Cleo goes and comes back, Dan ordered once. Fades and goes are with 40 days of silence."""


@dataclass(frozen=True)
class Told:
    """What a run said and how it ended."""

    code: int
    out: str
    err: str


def holdfast(*args: str | Path) -> Told:
    """`holdfast ARGS` in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run([str(arg) for arg in args])
    return Told(code, out.getvalue(), err.getvalue())


def orders_file(folder: Path, text: str = ORDERS) -> Path:
    """The small shop's orders as a CSV file."""
    path = folder / "orders.csv"
    path.write_text(text, encoding="utf-8")
    return path


def made_folder() -> Path:
    """A folder for what is made once a run; it is gone when the run ends."""
    folder = Path(mkdtemp(prefix="holdfast-test-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


@cache
def small_shop() -> str:
    """The path of a workspace with the small shop in it, gone after 40 days; made once a run, only read."""
    folder = made_folder()
    told = holdfast("import", orders_file(folder), "-w", folder / "shop", "--yes", "--zone", "UTC", "--currency", "EUR")
    assert told.code == 0, told.err
    settings = folder / "shop" / "holdfast.toml"
    settings.write_text(settings.read_text("utf-8").replace("# gone_after =", "gone_after = 40"), "utf-8")
    return str(folder / "shop")
