"""retentioneering: transition counts of its event stream. Its telemetry is switched off before it is imported."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

os.environ["RETENTIONEERING_NO_TRACK"] = "1"

import pandas as pd
from retentioneering import Eventstream

from benchmarks.engine import Rows

__all__ = ["Peer"]


class Peer:
    """retentioneering on a pandas frame."""

    questions = ("transitions",)

    def __init__(self, name: str, folder: Path) -> None:
        self.file = folder / "events.parquet"

    def load(self, parquet: Path) -> None:
        """Keep the columns it wants, sorted."""
        raw = pd.read_parquet(parquet, columns=["customer_id", "event", "time"])
        frame = raw.rename(columns={"customer_id": "user_id", "time": "timestamp"}).sort_values(["user_id", "timestamp"])
        frame.astype({"event": "str"}).to_parquet(self.file, index=False)

    def open(self) -> None:
        """Make the event stream."""
        frame = pd.read_parquet(self.file)
        frame["timestamp"] = frame["timestamp"].dt.tz_localize(None)
        self.stream = Eventstream(frame)

    def ask(self, question: str) -> Any:
        """Its transition graph's data."""
        return self.stream.transition_graph_data(edge_weight="count")

    def rows(self, question: str, answer: Any) -> Rows:
        """The counts between events, without its artificial starts and ends."""
        pairs = answer.drop(index=["path_start", "path_end"]).drop(columns=["path_start", "path_end"]).stack()
        return [(source, target, int(count)) for (source, target), count in pairs.items() if count > 0]
