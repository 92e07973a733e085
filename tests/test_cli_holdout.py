"""`holdfast holdout` on the command line: words, tables that fit, people, mends."""

from __future__ import annotations

import json
from functools import cache

import pyarrow.parquet as pq
from shells import holdfast, made_folder

from holdfast import datasets


@cache
def shop() -> str:
    """A workspace with the made stream; made once, only read."""
    folder = made_folder()
    pq.write_table(datasets.made_stream(), folder / "stream.parquet")
    told = holdfast("import", folder / "stream.parquet", "-w", folder / "shop", "--yes", "--zone", "UTC", "--currency", "EUR")
    assert told.code == 0, told.err
    return str(folder / "shop")


def test_the_answer_names_the_model_and_the_plain_rate() -> None:
    told = holdfast("holdout", "-w", shop())
    assert told.code == 0
    assert "further order days came" in told.out.replace("\n", " ")
    assert "plain rate" in told.out
    assert "serves this shop" in told.out


def test_each_table_fits_a_hundred_columns_and_people_open() -> None:
    for show in ("frequency", "tracking", "models", "coverage", "counts", "money"):
        told = holdfast("holdout", "-w", shop(), "--show", show)
        assert told.code == 0, told.err
        assert "too narrow" not in told.out
    table = json.loads(holdfast("holdout", "-w", shop(), "--json").out)["table"]
    rows = [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]
    ids = holdfast("holdout", "-w", shop(), "--people", "frequency=1", "--csv", "-").out.split()[1:]
    assert len(ids) == rows[1]["customers"] > 0


def test_wrong_choices_name_what_is_right() -> None:
    told = holdfast("holdout", "-w", shop(), "--model", "BG/NBT")
    assert told.code == 2
    assert "BG/NBD" in told.err
    assert "counts everyone" in holdfast("holdout", "-w", shop(), "--by", "platform").err
    assert holdfast("holdout", "-w", shop(), "--split", "1999-01-01").code == 2
