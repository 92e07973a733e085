"""Starting a Spark session in which executors can import Holdfast."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from holdfast.errors import EngineMissing

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

__all__ = ["java", "start"]

OLDEST_JAVA = 17


def start(master: str = "local[*]", *, name: str = "Holdfast", options: Mapping[str, str] | None = None) -> SparkSession:
    """A Spark session on `master` whose executors use this Python and find this Holdfast.

    options  Spark settings on top, such as {"spark.executor.memory": "4g"}
    Where Holdfast lies elsewhere on the executors, set spark.executorEnv.PYTHONPATH (option) and PYSPARK_PYTHON (environment).
    Raises EngineMissing when PySpark or Java is missing.
    """
    if find_spec("pyspark") is None:
        raise EngineMissing("PySpark is not installed", "pip install 'holdfast[spark]'")
    java()
    from pyspark.sql import SparkSession

    # The classic session reads this from the environment alone, however it is configured.
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    home = str(Path(__file__).parents[2])
    given = {
        "spark.executorEnv.PYTHONPATH": os.pathsep.join(filter(None, [home, os.environ.get("PYTHONPATH")])),
        "spark.sql.session.timeZone": "UTC",
        **{f"spark.executorEnv.{name}": os.environ[name] for name in ("NUMBA_CACHE_DIR",) if name in os.environ},
        **(options or {}),
    }
    builder = SparkSession.builder.master(master).appName(name)
    for key, value in given.items():
        builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    return session


def java() -> str:
    """The Java that Spark will use; EngineMissing when there is none, or an old one."""
    home = os.environ.get("JAVA_HOME")
    found = shutil.which("java", path=str(Path(home) / "bin")) if home else shutil.which("java")
    if found is None:
        raise EngineMissing("Spark needs Java, and there is none", f"install Java {OLDEST_JAVA} or later, or set JAVA_HOME")
    said = subprocess.run([found, "-version"], capture_output=True, text=True, timeout=60, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version[1]) < OLDEST_JAVA:
        raise EngineMissing(
            f"Spark needs Java {OLDEST_JAVA} or later; {found} is {said.splitlines()[0] if said else 'silent'}",
            "install a later one, or set JAVA_HOME",
        )
    return found
