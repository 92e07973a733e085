"""A real cluster for the tests: a standalone master and two workers, child processes on the loopback, stopped by their ids."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path

HERE = "127.0.0.1"
QUICK_START = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
"""Java compiles little and cheaply: these programs live for a minute."""

PATIENCE = 60
"""Seconds in which a master or a worker must have come up."""


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[str]:
    """A master with so many workers of one core and 1 GB; gives the master's address."""
    address = f"spark://{HERE}:{_free_port()}"
    running: list[subprocess.Popen[bytes]] = []
    try:
        running.append(_launch(folder / "master.log", "master.Master", "--port", address.rsplit(":", 1)[1]))
        _until(folder / "master.log", "I have been elected leader", running)
        for place in range(workers):
            own = ("--cores", "1", "--memory", "1G", "--work-dir", str(folder / f"work{place}"))
            running.append(_launch(folder / f"worker{place}.log", "worker.Worker", *own, address))
        for place in range(workers):
            _until(folder / f"worker{place}.log", "Successfully registered with master", running)
        yield address
    finally:
        _stop(running)


def _launch(log: Path, kind: str, *options: str) -> subprocess.Popen[bytes]:
    spec = find_spec("pyspark")
    assert spec is not None
    assert spec.origin is not None
    home = Path(spec.origin).parent
    spark_class = str(home / "bin" / "spark-class")
    command = ["bash", spark_class, f"org.apache.spark.deploy.{kind}", "--host", HERE, "--webui-port", "0", *options]
    (log.parent / "log4j2.properties").write_text(LOGGING)
    environment = {
        **os.environ,
        "SPARK_HOME": str(home),
        "SPARK_LOCAL_IP": HERE,
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": f"{QUICK_START} -Dlog4j2.configurationFile={log.parent / 'log4j2.properties'}",
        "SPARK_NO_DAEMONIZE": "1",
        "PYSPARK_PYTHON": sys.executable,
    }
    with log.open("wb") as out:
        return subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, env=environment, cwd=log.parent)


LOGGING = """
rootLogger.level = info
rootLogger.appenderRef.out.ref = out
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = %d{HH:mm:ss} %p %m%n
"""


def _until(log: Path, words: str, running: list[subprocess.Popen[bytes]]) -> None:
    """Wait until a log says so; an error when a process ends first or patience does."""
    patience = time.monotonic() + PATIENCE
    while time.monotonic() < patience:
        if words in log.read_text(errors="replace"):
            return
        if any(process.poll() is not None for process in running):
            break
        time.sleep(0.1)
    raise RuntimeError(f"{log.name} never said {words!r}:\n{log.read_text(errors='replace')[-3000:]}")


def _stop(running: list[subprocess.Popen[bytes]]) -> None:
    for process in reversed(running):
        process.terminate()
    for process in reversed(running):
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(20)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind((HERE, 0))
        return int(free.getsockname()[1])
