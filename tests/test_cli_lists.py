"""Lists of customers on the command line: a screen shows the first, a file holds all; what a shop without products is told."""

from __future__ import annotations

from pathlib import Path

import pytest
from shells import holdfast, made_folder
from test_cli_value import folder

VERBS = {"next": 1, "taste": 1, "customers": 1, "recommend": 10}
"""Verbs that list customers, with the rows that each customer has."""


@pytest.mark.parametrize("verb", VERBS)
def test_a_csv_holds_every_customer_and_a_limit_still_cuts(verb: str, tmp_path: Path) -> None:
    def lines(*more: str) -> int:
        told = holdfast(verb, "-w", folder() / "shop", *more, "--csv", tmp_path / "all.csv")
        assert told.code == 0, told.err
        return len((tmp_path / "all.csv").read_text().splitlines()) - 1

    assert lines() > 50 * VERBS[verb]
    assert lines("--limit", "3") == 3 * VERBS[verb]


def test_a_shop_whose_orders_name_no_product_is_told_what_to_import() -> None:
    home = made_folder()
    (home / "orders.csv").write_text("customer,date,order,total\nann,2025-01-02,1,10\nben,2025-02-03,2,20\n")
    assert holdfast("import", home / "orders.csv", "-w", home / "shop", "--yes", "--currency", "EUR").code == 0
    told = holdfast("recommend", "-w", home / "shop").out
    assert "import order lines with a column for the product" in told
    assert "shop.recommend()" not in told
