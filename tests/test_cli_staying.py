"""The verbs drivers, activation, breadth and adoption on the command line: words, rows, people, mends."""

from __future__ import annotations

import json
from functools import cache

import pyarrow.parquet as pq
import pytest
from shells import holdfast, made_folder

from holdfast import datasets


@cache
def shop() -> str:
    """A workspace with the made stream of 600 customers; made once, only read."""
    folder = made_folder()
    pq.write_table(datasets.made_stream(600, 1), folder / "stream.parquet")
    told = holdfast("import", folder / "stream.parquet", "-w", folder / "shop", "--yes", "--zone", "UTC", "--currency", "EUR")
    assert told.code == 0, told.err
    return str(folder / "shop")


def rows(*args: str) -> list[dict[str, object]]:
    """The rows of a verb's answer."""
    table = json.loads(holdfast(*args, "-w", shop(), "--json").out)["table"]
    return [dict(zip(table["columns"], row, strict=True)) for row in table["rows"]]


def people(*args: str) -> list[str]:
    """The ids that --people lists."""
    return holdfast(*args, "-w", shop(), "--csv", "-").out.split()[1:]


def test_drivers_says_together_not_because_and_opens_to_people() -> None:
    told = holdfast("drivers", "-w", shop(), "--staying", "any", "--touched", "platform")
    assert "together with it, not because of it" in told.out.replace("\n", " ")
    first = rows("drivers", "--staying", "any", "--touched", "platform")[0]
    assert (first["behaviour"], first["n"]) == ("Wishlist Product Added", 3)
    who = ("behaviour=Wishlist Product Added", "n=3", "what=did and stayed")
    assert len(people("drivers", "--staying", "any", "--people", *who)) == first["did_stayed"]


def test_adjust_none_is_at_first_sight() -> None:
    plain = rows("drivers", "--staying", "any", "--touched", "platform", "--adjust", "none")[0]
    assert plain["adjusted_share"] == pytest.approx(plain["share_difference"])


def test_activation_breadth_and_adoption_open_to_people() -> None:
    reached = next(row for row in rows("activation", "--within", "7") if row["cohort"] == "everyone")
    assert len(people("activation", "--people", "cohort=everyone", "days=7")) == reached["activated"]
    narrow = rows("breadth", "--staying", "any")[1]
    assert len(people("breadth", "--staying", "any", "--people", "features=1", "what=stayed")) == narrow["stayed"]
    web = rows("adoption", "--staying", "any")[0]
    assert len(people("adoption", "--people", f"value={web['value']}", "what=only")) == web["only"]
    assert "breadth" not in holdfast("orders", "--by", "breadth", "-w", shop()).err


@pytest.mark.parametrize(
    ("args", "mend"),
    [
        (("drivers", "--by", "platform"), "says nothing to this question"),
        (("drivers", "--adjust", "age"), "tenure, basket, activity"),
        (("drivers", "--touched", "planet"), "planet"),
        (("activation", "--value", "Bought"), "Bought"),
        (("adoption", "--of", "planet"), "planet"),
        (("breadth", "--people", "features=99"), "0 to 10"),
    ],
)
def test_what_cannot_be_is_said_with_its_mend(args: tuple[str, ...], mend: str) -> None:
    told = holdfast(*args, "-w", shop())
    assert told.code == 2
    assert mend in told.err
