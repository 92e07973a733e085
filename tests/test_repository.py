"""The repository keeps its promises: exact versions, no package host, verbs explained, reasons written, data in the wheel."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import version
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LOCKS = ("requirements.lock", "requirements-extras.lock", "requirements-bench.lock")
# In pieces, so that this file does not name them either.
HOSTS = tuple(
    ".".join(parts)
    for parts in (
        ("pypi", "org"),
        ("files", "pythonhosted"),
        ("registry", "npmjs"),
        ("registry", "yarnpkg"),
        ("deb", "debian"),
        ("archive", "ubuntu"),
        ("conda", "anaconda"),
        ("repo1", "maven"),
        ("proxy", "golang"),
        ("static", "crates"),
    )
)


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def names(requirements: list[str]) -> set[str]:
    return {plain(re.match(r"[A-Za-z0-9_.-]+", line).group()) for line in requirements}


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").splitlines()
    return {plain(name): number for name, number in (line.split("==") for line in lines if not line.startswith("#"))}


def tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if listed.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in listed.stdout.decode().split("\0") if name]


@pytest.mark.parametrize("file", LOCKS)
def test_a_lock_holds_exact_versions_and_nothing_else(file):
    for line in (ROOT / file).read_text(encoding="utf-8").splitlines():
        assert line.startswith("#") or re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.+!-]+", line), line


def test_the_locks_cover_what_the_project_asks_for():
    table = project()
    assert names(table["project"]["dependencies"]) <= set(locked("requirements.lock"))
    assert names(table["dependency-groups"]["dev"]) <= set(locked("requirements.lock"))
    both = set(locked("requirements.lock")) | set(locked("requirements-extras.lock"))
    for extra in table["project"]["optional-dependencies"].values():
        assert names(extra) <= both
    assert names(table["dependency-groups"]["bench"]) <= both | set(locked("requirements-bench.lock"))


def test_the_locks_never_disagree():
    seen: dict[str, str] = {}
    for file in LOCKS:
        for name, number in locked(file).items():
            assert seen.setdefault(name, number) == number, f"{name} in {file}"


def test_no_tracked_file_names_a_package_host():
    for path in tracked():
        if path.is_file():
            text = path.read_bytes().lower()
            assert not [host for host in HOSTS if host.encode() in text], path


def test_every_dependency_has_its_reason():
    table = project()["project"]
    asked = names(table["dependencies"]) | {name for extra in table["optional-dependencies"].values() for name in names(extra)}
    (record,) = (ROOT / "docs" / "decisions").glob("0001-*.md")
    rows = re.findall(r"^\| ([A-Za-z0-9_.-]+) \| (\d[^ ]*) \|", record.read_text(encoding="utf-8"), re.M)
    explained = {plain(name): number for name, number in rows}
    assert set(explained) == asked
    both = locked("requirements.lock") | locked("requirements-extras.lock")
    assert explained == {name: both[name] for name in asked}


def test_the_version_is_said_once():
    import holdfast

    assert holdfast.__version__ == project()["project"]["version"] == version("holdfast")


def test_make_alone_prints_its_verbs():
    if shutil.which("make") is None:
        pytest.skip("make is not installed")
    printed = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    verbs = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)
    assert {"bench", "clean", "demo", "help", "lint", "report", "test"} <= set(verbs)
    for verb in verbs:
        assert re.search(rf"^  {verb} +\S", printed, re.M), verb


def test_an_old_python_is_refused_in_plain_words(tmp_path):
    """A machine with Python 3.9 only: no traceback, but what was found and how to mend it."""
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = "--version" ] && echo "Python 3.9.2" && exit 0\nexit 1\n', encoding="utf-8")
    old.chmod(0o755)
    dirname = tmp_path / "dirname"
    dirname.symlink_to(shutil.which("dirname"))
    done = subprocess.run(
        ["/bin/sh", str(ROOT / "tools" / "make-venv")], env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or later" in done.stderr
    assert "found: Python 3.9.2" in done.stderr
    assert "mend:" in done.stderr


def test_the_wheel_carries_the_data_and_the_licence(tmp_path):
    built = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert built.returncode == 0, built.stderr
    (wheel,) = tmp_path.glob("holdfast-*.whl")
    inside = set(zipfile.ZipFile(wheel).namelist())
    for name in ("cdnow.parquet", "online_retail.parquet", "rfm_reference.parquet", "README.md", "__init__.py"):
        assert f"holdfast/datasets/{name}" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert not [name for name in inside if name.startswith(("tests", "benchmarks"))]
    sources = {
        path.relative_to(ROOT / "src").as_posix() for path in tracked() if path.is_relative_to(ROOT / "src") and path.exists()
    }
    assert sources <= inside
