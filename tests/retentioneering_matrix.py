"""The transition counts of a clickstream by retentioneering itself, as JSON: run by the Python of an environment that has it.

    python tests/retentioneering_matrix.py [FILE] > matrix.json

FILE is a CSV with user_id, event, timestamp; without it the sample data in the package. Its telemetry is switched off before it
is imported. Starts and ends are its path_start and path_end.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path

os.environ["RETENTIONEERING_NO_TRACK"] = "1"


def main(path: str | None = None) -> None:
    """Write the version, the file read, and {from: {to: how often}} without zeros, to standard output."""
    with contextlib.redirect_stdout(sys.stderr):
        import pandas as pd
        import retentioneering

        path = path or str(Path(retentioneering.__file__).parent / "datasets" / "ecom.csv.gz")
        frame = pd.read_csv(path, usecols=["user_id", "event", "timestamp"], parse_dates=["timestamp"])
        frame = frame.sort_values(["user_id", "timestamp"], kind="stable")
        data = retentioneering.Eventstream(frame).transition_graph_data(edge_weight="count")
    counts = {
        str(source): {str(target): int(count) for target, count in row.items() if count > 0} for source, row in data.iterrows()
    }
    json.dump({"version": retentioneering.__version__, "file": path, "counts": counts}, sys.stdout, sort_keys=True)


main(*sys.argv[1:])
