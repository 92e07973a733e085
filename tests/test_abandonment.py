"""Abandonment: carts and checkouts left behind, against figures by hand and a plain walk through each life."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pyarrow as pa
import pytest
from funnel_chains import START
from hypothesis import given, settings
from hypothesis import strategies as st
from shops import shop

from holdfast.analyses.abandonment import Abandonment
from holdfast.analyses.funnel import Funnel
from holdfast.cli import run
from holdfast.errors import UnknownName, UsageError
from holdfast.settings import Settings
from holdfast.timelines.timelines import Timelines

NAMES = {
    "P": "Product Added", "R": "Product Removed", "C": "Checkout Started", "S": "Shipping Info Entered",
    "Y": "Payment Info Entered", "O": "Order Completed", "V": "Page Viewed",
}  # fmt: skip


def told(story: str, settings: Settings | None = None) -> Timelines:
    """A line a customer: `ann P0 C1 O2` puts something into the cart at hour 0; `P0:12.50x2` two things of 12.50."""
    rows = []
    for line in story.strip().splitlines():
        who, *moves = line.split()
        for move in moves:
            name, at, price, many = re.fullmatch(r"(\w)([\d.]+)(?::([\d.]+|free)(?:x(\d+))?)?", move).groups()
            when = START + timedelta(hours=float(at))
            rows.append({"customer_id": who, "event": NAMES[name], "time": when, "price": price, "quantity": many})
    kinds = [(name, pa.string()) for name in ("customer_id", "event", "price", "quantity")]
    schema = pa.schema([*kinds, ("time", pa.timestamp("us", tz="UTC"))])
    return Timelines.from_arrow(pa.Table.from_pylist(rows, schema), settings or Settings(currency="EUR"))


def row_of(timelines: Timelines, question: Abandonment, what: str, period: str = "all") -> dict:
    rows = timelines.ask(question).table.to_pylist()
    return next(row for row in rows if (row["what"], row["period"]) == (what, period))


def test_four_people_by_hand():
    """Ann buys; Ben leaves at the payment; Cleo leaves her cart and another a day later; Dan's window is open at the end."""
    timelines = told("ann P0 C1 Y2 O3\nben P0 C1 Y2\ncleo P0 P1 P30\ndan P99 C100")
    question = Abandonment()
    cart, checkout = row_of(timelines, question, "cart"), row_of(timelines, question, "checkout")
    names = ("started", "bought", "abandoned", "in_progress", "n", "rate", "customers", "customers_started")
    assert tuple(cart[name] for name in names) == (5, 1, 3, 1, 4, 0.75, 2, 4)
    assert tuple(checkout[name] for name in names) == (3, 1, 1, 1, 2, 0.5, 1, 3)
    assert question.people(timelines, what="cart").ids == ("ben", "cleo")
    assert question.people(timelines, what="cart", outcome="in progress").ids == ("dan",)
    assert question.people(timelines, what="checkout", outcome="bought").ids == ("ann",)
    steps = [row for row in timelines.ask(question).extra["steps"].to_pylist() if row["what"] == "cart"]
    assert [(row["name"], row["reached"], row["left"], row["customers"]) for row in steps] == [
        ("Product Added", 4, 2, 1),
        ("Checkout Started", 2, 0, 0),
        ("Payment Info Entered", 2, 1, 1),
    ]
    assert question.people(timelines, what="cart", step=2).ids == ("ben",)
    assert question.people(timelines, what="cart", step=0).ids == ("cleo",)


def test_a_sign_of_life_keeps_a_cart_and_looking_around_does_not():
    """24 hours after the last sign: Ann's checkout at 20 carries her cart to the order at 44; Ben only looked at pages."""
    timelines = told("ann P0 C20 O44\nben P0 V20 O44\ncleo P0 V99")
    assert Abandonment().people(timelines, outcome="bought").ids == ("ann",)
    answer = timelines.ask(Abandonment())
    assert "1 order came without a cart before, of all customers" in answer.notes  # Ben's
    session = Abandonment(window="session")
    assert session.people(told("ann P0 V0.4 V0.8 O1.2\nben P0 O0.6"), outcome="bought").ids == ("ann",)


def test_the_money_left_in_carts():
    """12.50 twice and 5 put in, 5 taken out: 25 left; Ben's has no price; Cleo bought hers."""
    timelines = told("ann P0:12.50x2 P1:5 R2:5\nben P0\ncleo P0:7 O1\ndan P0:free V90")
    row = row_of(timelines, Abandonment(), "cart")
    assert (row["value_left"], row["valued"], row["abandoned"]) == (25.0, 1, 3)
    assert "25.00 EUR were left in 1 cart" in timelines.ask(Abandonment()).words
    assert row_of(timelines, Abandonment(), "cart", "2024-01")["value_left"] == 25.0


def test_a_checkout_without_a_cart_and_names_of_ones_own():
    timelines = told("ann C0 S1 V90\nben C0 S1 O2")
    answer = timelines.ask(Abandonment())
    assert {row["what"] for row in answer.table.to_pylist()} == {"checkout"}
    assert "nothing put into a cart" in " ".join(answer.notes)
    own = Abandonment(cart=("Page Viewed",), checkout=("Checkout Started|Shipping Info Entered",))
    assert timelines.ask(own).definition.rules["checkout"] == "Checkout Started|Shipping Info Entered"
    assert own.people(timelines, what="cart", outcome="in progress").ids == ("ann",)


def test_what_the_data_do_not_know_is_said():
    answer = shop().ask(Abandonment())
    assert "No cart" in answer.words
    assert answer.table.num_rows == 0
    nobody = told("ann P0 V1").ask(Abandonment())
    assert any("no order" in note for note in nobody.notes)


def test_wrong_questions_name_what_is_right():
    timelines = told("ann P0 C1 O3")
    with pytest.raises(UnknownName, match="step"):
        timelines.ask(Abandonment(cart=("Basket",)))
    with pytest.raises(UsageError, match="two things"):
        timelines.ask(Abandonment(cart=("Checkout Started",)))
    with pytest.raises(UsageError, match="cart, checkout"):
        Abandonment().people(timelines, what="basket")
    with pytest.raises(UsageError, match="0 is the cart"):
        Abandonment().people(timelines, step=7)
    with pytest.raises(UnknownName, match="property"):
        timelines.ask(Abandonment(price="worth"))


def plain_walk(life: list[tuple[float, str]], window: float, until: float) -> list[tuple[str, float, str, int]]:
    """(what, opened at, how it ended, furthest step) of each cart and checkout of one life, told as a person would."""
    found = []
    for what, opening, alive in (("cart", "P", "PRCSY"), ("checkout", "CSY", "CSY")):
        now: list | None = None
        for at, name in life:
            if now and name in alive + "O" and at - now[1] > window:
                found.append((what, now[0], "abandoned", now[2]))
                now = None
            if name == "O" and now:
                found.append((what, now[0], "bought", now[2]))
                now = None
            elif name in opening and not now:
                now = [at, at, 0]
            if now and name in alive:
                now = [now[0], at, max(now[2], " CSY".find(name))]
        if now:
            found.append((what, now[0], "in progress" if until - now[1] <= window else "abandoned", now[2]))
    return found


LIVES = st.lists(
    st.lists(st.tuples(st.integers(0, 60).map(float), st.sampled_from("PPRCSYOV")), min_size=1, max_size=12),
    min_size=1,
    max_size=4,
)
EVERYTHING = "zoe V0 P0 R0 C0 S0 Y0 O0"
"""Someone who makes every event known to the data."""


@settings(max_examples=120)
@given(LIVES, st.sampled_from((5, 24)))
def test_counts_equal_a_plain_walk_and_every_number_opens(lives, hours):
    lives = {f"c{place}": sorted(life, key=lambda one: one[0]) for place, life in enumerate(lives)}
    lines = [" ".join((who, *(f"{name}{at}" for at, name in life))) for who, life in lives.items()]
    timelines = told("\n".join([*lines, EVERYTHING]))
    lives["zoe"] = [(0.0, name) for name in "VPRCSYO"]
    until = max(at for life in lives.values() for at, _ in life) + 1 / 3600
    found = [(who, *one) for who, life in lives.items() for one in plain_walk(life, hours, until)]
    question = Abandonment(window=f"{hours} hours", period="day")
    answer = timelines.ask(question)
    for row in answer.table.to_pylist():
        own = [
            (who, ended) for who, what, at, ended, _ in found
            if what == row["what"] and (row["period"] == "all" or row["period"] == str((START + timedelta(hours=at)).date()))
        ]  # fmt: skip
        for ended, column, customers in (
            ("abandoned", "abandoned", "customers"), ("bought", "bought", "customers_bought"),
            ("in progress", "in_progress", "customers_in_progress"),
        ):  # fmt: skip
            people = tuple(sorted({who for who, one in own if one == ended}))
            assert row[column] == sum(one == ended for _, one in own)
            assert row[customers] == len(people)
            assert question.people(timelines, what=row["what"], period=row["period"], outcome=ended).ids == people
        assert row["started"] == row["bought"] + row["abandoned"] + row["in_progress"] == len(own)
    steps = answer.extra["steps"].to_pylist()
    for row in steps:
        left = [who for who, what, _, ended, far in found if (what, ended, far) == (row["what"], "abandoned", row["step"])]
        assert (row["left"], row["customers"]) == (len(left), len(set(left)))
        assert question.people(timelines, what=row["what"], step=row["step"]).ids == tuple(sorted(set(left)))
        following = [one for one in steps if (one["what"], one["step"]) == (row["what"], row["step"] + 1)]
        assert not following or following[0]["reached"] == row["reached"] - row["left"]


@settings(max_examples=15)
@given(LIVES)
def test_threads_and_the_order_of_arrival_change_nothing(lives):
    lines = [" ".join((f"c{place}", *(f"{name}{at}" for at, name in sorted(life)))) for place, life in enumerate(lives)]
    one, other = told("\n".join([*lines, EVERYTHING])), told("\n".join([EVERYTHING, *lines[::-1]]))
    other.threads = 1
    assert one.ask(Abandonment()).table == other.ask(Abandonment()).table


def test_an_earlier_as_of_equals_data_that_end_there():
    whole, part = told("ann P0 C1 O50\nben P2 O3"), told("ann P0 C1\nben P2 O3")
    moment = (START + timedelta(hours=3, seconds=1)).isoformat()
    assert whole.ask(replace(Abandonment(), as_of=moment)).table == part.ask(Abandonment()).table


def test_pictures_are_drawn_of_whatever_there_is():
    timelines = told("ann P0:5 C1 O3\nben P0:7 C1\ncleo V0")
    for answer in (
        timelines.ask(Abandonment()), timelines.ask(Abandonment(by="price")), shop().ask(Abandonment()),
        timelines.ask(Funnel(("Product Added", "Order Completed"))), timelines.ask(Funnel()), shop().ask(Funnel()),
        timelines.ask(Funnel(("Product Added", "Order Completed"), by="price")), told("ann V0 V1").ask(Funnel()),
    ):  # fmt: skip
        assert answer.figure().layout.meta["description"]


def test_on_the_command_line(tmp_path, monkeypatch, capsys):
    """Read in, asked, opened to its people."""
    rows = "customer_id,event,time\n" + "".join(
        f"{who},{NAMES[name]},2024-01-0{day} 10:00:00\n"
        for who, life in {"ann": "P1 C1 O2", "ben": "P1 P3", "cleo": "P3"}.items()
        for name, day in map(tuple, life.split())
    )
    (tmp_path / "events.csv").write_text(rows)
    monkeypatch.chdir(tmp_path)
    assert run(["init", "."]) == 0
    assert run(["import", "events.csv", "--yes"]) == 0
    capsys.readouterr()
    assert run(["funnel", "Product Added", "Order Completed", "--window", "3 days"]) == 0
    assert "Of 3 customers who began with Product Added, 33.3 %" in capsys.readouterr().out
    assert run(["funnel", "Product Added", "Order Completed", "--people", "step=1", "what=dropped"]) == 0
    assert capsys.readouterr().out.split() == ["ben", "cleo"]
    assert run(["abandonment", "--period", "week"]) == 0
    assert "of 2 carts" in capsys.readouterr().out
    assert run(["abandonment", "--people", "what=cart", "outcome=abandoned"]) == 0
    assert capsys.readouterr().out.split() == ["ben"]


def test_intervals_follow_customers_who_have_many_carts():
    """Ann leaves four carts, Ben one of two, Cleo buys all three: 5 of 9, but of three people in their own manner.

    By hand: Σ(x − y 5/9)² = 482/81, variance 482/81², effective carts (20/81) / (482/6561) = 1620/482 = 3.3610.
    """
    story = "ann P0 P30 P60 P90\nben P0 P30 O31\ncleo P0 O1 P30 O31 P60 O61\ndan V200"
    answer = told(story).ask(Abandonment(period="year"))
    row = next(row for row in answer.table.to_pylist() if row["period"] == "all")
    assert (row["abandoned"], row["n"]) == (5, 9)
    assert (row["low"], row["high"]) == pytest.approx(by_hand(5 / 9, 1620 / 482), abs=1e-9)
    left = next(row for row in answer.extra["steps"].to_pylist() if row["what"] == "cart")
    assert (left["low"], left["high"]) == (row["low"], row["high"])
    once = told("ann P0\nben P0 O1\ncleo P0\ndan P0\neve V200").ask(Abandonment(period="year"))
    row = next(row for row in once.table.to_pylist() if row["period"] == "all")
    assert (row["low"], row["high"]) == pytest.approx(by_hand(3 / 4, 4), abs=1e-9)


def by_hand(share: float, n: float) -> tuple[float, float]:
    """Wilson's interval of a share of so many trials."""
    z = 1.959963984540054
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * (share * (1 - share) / n + z * z / (4 * n * n)) ** 0.5
    return middle - half, middle + half
