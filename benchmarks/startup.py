"""How soon the shell answers: `import holdfast`, and `holdfast metrics` on the demo shop (make demo first).

python -m benchmarks.startup [WORKSPACE]
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from time import perf_counter

RUNS = 5
IMPORT_AT_MOST = 0.3
METRICS_AT_MOST = 1.5


def best(command: list[str]) -> float:
    """Seconds of the fastest of five runs, after one to warm the caches."""
    times = []
    for _ in range(RUNS + 1):
        start = perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(perf_counter() - start)
    return min(times[1:])


def main() -> int:
    """Print each time with its bar; 1 when one is missed."""
    workspace = Path(sys.argv[1] if len(sys.argv) > 1 else "demo")
    bare = best([sys.executable, "-c", "pass"])
    imported = best([sys.executable, "-c", "import holdfast"])
    print(f"python alone          {bare:6.3f} s")
    print(f"import holdfast       {imported - bare:6.3f} s more  (bar {IMPORT_AT_MOST} s)")
    missed = imported - bare > IMPORT_AT_MOST
    if not (workspace / "holdfast.toml").exists():
        print(f"holdfast metrics      not measured: {workspace} is no workspace (make demo)")
        return int(missed)
    command = [str(Path(sys.executable).with_name("holdfast")), "metrics", "-w", str(workspace)]
    metrics = best(command)
    print(f"holdfast metrics      {metrics:6.3f} s       (bar {METRICS_AT_MOST} s)")
    return int(missed or metrics > METRICS_AT_MOST)


if __name__ == "__main__":
    sys.exit(main())
