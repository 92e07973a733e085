"""Cards: every count opens to its people, small groups are held back, and what is written by hand stands beside the counts."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from people import START, told
from persona_streams import events_of, timelines_of
from test_personas import ORDER, STORY, orders, shopping

from holdfast.analyses.clusters import Clusters
from holdfast.analyses.clusters.features import feature_step
from holdfast.analyses.personas import Personas
from holdfast.analyses.personas.card import PersonaCard
from holdfast.analyses.personas.card_tables import HELD_BACK
from holdfast.analyses.personas.rules import persona_rule
from holdfast.analyses.personas.who import who_of
from holdfast.analyses.scope import Scope
from holdfast.datasets import made_stream
from holdfast.errors import SettingsError, UnknownName, UsageError
from holdfast.report.asked import Asked
from holdfast.report.sections.personas import section
from holdfast.settings import Settings
from holdfast.settings_file import read_settings, settings_of, write_settings
from holdfast.timelines.order_lines import OrderLines
from holdfast.timelines.timelines import Timelines
from holdfast.timelines.walk import Shard

EVERYBODY = Settings(small_group=1, gone_after=10)


def parts(answer, persona):
    found = {}
    for row in answer.table.to_pylist():
        if row["persona"] == persona:
            found.setdefault(row["part"], {})[row["item"]] = row
    return found


def seen(timelines, settings):
    return Timelines(timelines.source.columns, settings)


def test_a_card_by_hand():
    """Ann orders books on Mondays and once toys, Ben toys once, Cleo looks at books; day 0 is a Monday, noon UTC."""
    rows = [*orders("ann", (0, 7, 15), categories=("Books", "Books", "Toys")), *orders("ben", (1,), categories=("Toys",))]
    rows += [
        ("cleo", 20 * 1440 + 60, "Page Viewed", None, None, "Books"),
        ("cleo", 20 * 1440 + 61, "Page Viewed", None, None, None),
    ]
    answer = seen(shopping(rows), EVERYBODY).ask(PersonaCard())
    ann, cleo = parts(answer, "repeat buyer"), parts(answer, "passive browser")
    assert {item: row["customers"] for item, row in ann["category"].items()} == {"Books": 1}
    assert (ann["category"]["Books"]["n"], ann["category"]["Books"]["share"]) == (1, 1.0)
    assert ann["category"]["Books"]["all_share"] == 2 / 3
    assert ann["category"]["Books"]["index"] == pytest.approx(150)
    assert list(ann["weekday"]) == ["Monday"]
    assert (list(ann["hour"]), list(cleo["hour"])) == (["12:00"], ["13:00"])
    assert {item: row["customers"] for item, row in ann["standing"].items()} == {"still a customer": 1, "gone": 0}
    value = {row["persona"]: row for row in answer.extra["value"].to_pylist()}
    assert (value["repeat buyer"]["revenue"], value["repeat buyer"]["aov"], value["repeat buyer"]["days_since"]) == (30, 10, 5)
    way = [row for row in answer.extra["journey"].to_pylist() if row["persona"] == "repeat buyer"]
    assert [(row["visit"], row["day"], row["time"], row["event"]) for row in way] == [
        (1, 0, "12:00", "Order Completed"), (2, 7, "12:00", "Order Completed"), (3, 15, "12:00", "Order Completed"),
    ]  # fmt: skip
    assert "ann" not in str(answer.extra["journey"].to_pylist())
    assert answer.people(persona="repeat buyer", part="journey").ids == ("ann",)


def test_small_groups_are_held_back_and_everything_adds_up():
    answer = told(STORY, Settings(small_group=2)).ask(PersonaCard())
    sizes = {row["persona"]: row for row in answer.table.to_pylist() if row["part"] == "size"}
    assert {name: row["customers"] for name, row in sizes.items()} == {
        "bouncer": 2, "cart abandoner": 2, "one-time low value": 2, HELD_BACK: 2,
    }  # fmt: skip
    assert {row["n"] for row in sizes.values()} == {8}
    assert answer.people(persona=HELD_BACK).ids == ("ann", "eve")
    assert any("2 groups of together 2 customers are held back" in note for note in answer.notes)
    assert {row["persona"] for row in answer.extra["trend"].to_pylist()} == set(sizes) - {HELD_BACK}
    with pytest.raises(UnknownName, match="cart abandoner"):
        answer.people(persona="repeat buyer")
    alone = told(STORY).ask(PersonaCard("repeat buyer"))
    assert alone.words == "No card is shown: 1 customer, fewer than 30 in each group."


def test_fields_written_by_hand_go_through_the_file_onto_the_card(tmp_path):
    path = tmp_path / "holdfast.toml"
    write_settings(path, EVERYBODY)
    text = path.read_text().replace("# [personas]\n", "")
    path.write_text(text + '\n[personas."repeat buyer"]\ngoals = ["a full pantry", "no queue"]\nname = "Clara"\n')
    settings = read_settings(path)
    assert settings.personas == (("repeat buyer", (("name", "Clara"), ("goals", "a full pantry; no queue"))),)
    write_settings(path, replace(settings, name="Other"))
    assert read_settings(path).personas == settings.personas
    write_settings(tmp_path / "fresh.toml", settings)
    assert read_settings(tmp_path / "fresh.toml") == settings
    answer = seen(told(STORY), settings).ask(PersonaCard("repeat buyer"))
    assert [(row["field"], row["text"]) for row in answer.extra["profile"].to_pylist()] == list(settings.personas[0][1])
    assert ("profile", "written by hand in holdfast.toml") in {
        (row["part"], row["rests_on"]) for row in answer.extra["evidence"].to_pylist()
    }
    with pytest.raises(SettingsError, match="no field age"):
        settings_of({"personas": {"repeat buyer": {"age": "40"}}})
    with pytest.raises(SettingsError, match="table for each"):
        settings_of({"personas": {"repeat buyer": "Clara"}})


def test_what_the_gone_did_before_leaving_and_why():
    """Forty cart abandoners: the twenty gone saw an error in their last days, the twenty kept did not."""
    rows = []
    for who in range(40):
        day = 0 if who < 20 else 60
        if who < 20:
            rows += [(f"c{who}", day * 1440, "Error Shown", None, None, None)]
        rows += [(f"c{who}", day * 1440 + 1, "Product Added", None, None, None)]
    timelines = seen(shopping(rows), Settings(small_group=10, gone_after=30))
    answer = timelines.ask(PersonaCard("cart abandoner"))
    before = parts(answer, "cart abandoner")["before leaving"]
    assert {item: (row["customers"], row["n"], row["all_share"]) for item, row in before.items()} == {
        "Error Shown": (20, 20, 0.0)
    }
    assert answer.people(part="before leaving", item="Error Shown").ids == tuple(sorted(f"c{who}" for who in range(20)))
    assert "Together with leaving, in the last 30 days: Error Shown (100.0 % against 0.0 %)." in answer.words
    (row,) = [row for row in answer.extra["leaving"].to_pylist() if row["event"] == "Error Shown"]
    assert (row["gone"], row["kept"], row["difference"]) == (20, 0, 1.0)


def test_reasons_are_those_that_the_gone_gave_last():
    """Ann said price, then delivery, and is gone; Ben said price and is still there."""
    rows = [("ann", 0, ORDER, None), ("ann", 1, "Survey Answered", "price"), ("ann", 2, "Survey Answered", "delivery"),
            ("ben", 90, ORDER, None), ("ben", 91, "Survey Answered", "price")]  # fmt: skip
    names = ("customer_id", "time", "event", "reason")
    table = pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))
    times = [START + timedelta(days=day) for day in table["time"].to_pylist()]
    timelines = Timelines.from_arrow(table.set_column(1, "time", pa.array(times)), replace(EVERYBODY, gone_after=30))
    answer = timelines.ask(PersonaCard("one-time low value"))
    assert {item: row["customers"] for item, row in parts(answer, "one-time low value")["reason"].items()} == {"delivery": 1}
    assert answer.people(part="reason", item="delivery").ids == ("ann",)
    assert answer.people(part="standing", item="gone").ids == ("ann",)
    assert answer.words.startswith("2 one-time low value customers: 100.0 % of 2")


FAVOURITE = """
WITH counted AS (
    SELECT customer_id, {column} AS value, row_number() OVER (PARTITION BY customer_id, {column} ORDER BY place) AS nth, place
    FROM (SELECT *, row_number() OVER () AS place FROM events) WHERE {column} IS NOT NULL
)
SELECT value, count(*) FROM (
    SELECT customer_id, arg_max(value, nth * 1e9 - place) AS value FROM counted GROUP BY customer_id
) WHERE list_contains($who, customer_id) GROUP BY value
"""


@pytest.mark.parametrize("column", ["category", "brand", "channel"])
def test_favourites_equal_sql(column):
    """On the made stream, whose customers look at several categories and brands each."""
    stream = made_stream(600)
    timelines = Timelines.from_arrow(stream, Settings())
    answer = timelines.ask(PersonaCard("repeat buyer"))
    who = list(timelines.ask(Personas()).people(persona="repeat buyer").ids)
    sql = duckdb.connect()
    sql.execute("set threads = 1")
    sql.register("events", stream)
    expected = dict(sql.execute(FAVOURITE.format(column=column), {"who": who}).fetchall())
    found = {item: row["customers"] for item, row in parts(answer, "repeat buyer")[column].items()}
    assert found == expected


@pytest.mark.parametrize("shop", ["retentioneering", "online retail"])
def test_every_count_opens_to_its_people_and_the_trend_ends_at_the_size(shop):
    timelines = seen(timelines_of(shop), replace(timelines_of(shop).settings, small_group=20))
    answer = timelines.ask(PersonaCard())
    whole = {row["persona"]: row["customers"] for row in timelines.ask(Personas()).table.to_pylist()}
    rows = answer.table.to_pylist()
    for row in rows[::3]:
        assert len(answer.people(persona=row["persona"], part=row["part"], item=row["item"])) == row["customers"]
    sizes = {row["persona"]: row["customers"] for row in rows if row["part"] == "size"}
    assert sum(sizes.values()) == sum(whole.values())
    for name in set(sizes) - {HELD_BACK}:
        assert sizes[name] == whole[name]
        trend = [row for row in answer.extra["trend"].to_pylist() if row["persona"] == name]
        assert trend[-1]["customers"] == sizes[name]
        assert len(answer.people(persona=name, part="journey")) == 1
    for part in ("hour", "weekday"):
        for name in set(sizes) - {HELD_BACK}:
            told_ = [row for row in rows if row["persona"] == name and row["part"] == part]
            assert sum(row["customers"] for row in told_) == told_[0]["n"]


def test_clusters_have_cards_too():
    timelines = timelines_of("online retail")
    answer = timelines.ask(PersonaCard(kind="cluster"))
    assert [row["persona"] for row in answer.table.to_pylist() if row["part"] == "size"][:2] == ["cluster 1", "cluster 2"]
    assert answer.extra["profile"].to_pylist()[0]["text"] == Clusters().model(timelines).names[0]
    assert "customers in cluster 2 (" in timelines.ask(PersonaCard("cluster 2", "cluster")).words
    assert len(answer.people(persona="cluster 1")) == answer.table.to_pylist()[0]["customers"]
    assert answer.figure() is not None


def test_the_size_of_clusters_by_month_and_their_moves_equal_the_data_as_they_were_then():
    """By the centres of now: the sizes at a month's end are those that data cut off there give."""
    timelines = timelines_of("online retail")
    answer, model = timelines.ask(PersonaCard(kind="cluster")), Clusters().model(timelines)
    trend = answer.extra["trend"].to_pylist()
    months = sorted({row["month"] for row in trend})
    sizes = {month: [row["customers"] for row in trend if row["month"] == month] for month in months}
    assert len(months) == 4
    assert sizes[months[-1]] == [row["customers"] for row in answer.table.to_pylist() if row["part"] == "size"]
    assert all(sum(sizes[row["month"]]) == row["n"] for row in trend)
    assert sizes[months[0]] == then(model, timelines, months[0])
    moves = answer.extra["moves"].to_pylist()
    for row in (row for row in answer.table.to_pylist() if row["part"] == "size"):
        assert sum(move["customers"] for move in moves if move["after"] == row["persona"]) == row["customers"]
    before = [
        sum(move["customers"] for move in moves if move["before"] == f"cluster {place + 1}")
        for place in range(len(model.names))
    ]
    assert before == then(model, timelines, "2011-09-10")


def then(model, timelines, day):
    """The sizes of the clusters in data that end with that day."""
    until = timelines.as_of(day).until
    events = events_of("online retail")  # noqa: F841  # named in the query
    cut = duckdb.sql("SELECT * FROM events WHERE epoch(time) < $until", params={"until": until}).to_arrow_table()
    early = Timelines.from_arrow(cut, timelines.settings)
    as_of = early.as_of(day)
    rule = persona_rule(early, as_of, split=0.0)
    step = feature_step(early.meta, rule, who_of(early, as_of, Scope(), None), buyers=True)
    codes = replace(model, step=step).codes(Shard(early.source, 0, early.customers))
    return np.bincount(codes, minlength=len(model.names) + 1)[1:].tolist()


def test_wrong_questions_name_what_is_right():
    timelines = told(STORY, EVERYBODY)
    with pytest.raises(UnknownName, match="repeat buyer"):
        timelines.ask(PersonaCard("buyer"))
    with pytest.raises(UsageError, match="cluster"):
        PersonaCard(kind="segment")
    with pytest.raises(UsageError, match="1 day or more"):
        PersonaCard(last_days=0)
    with pytest.raises(UnknownName, match="weekday"):
        PersonaCard().people(timelines, persona="repeat buyer", part="day", item="Monday")
    with pytest.raises(UnknownName, match="Monday"):
        PersonaCard().people(timelines, persona="repeat buyer", part="weekday", item="Mon")


def test_favourites_of_a_shop_whose_categories_stand_in_the_products_of_its_orders():
    """No event has a category: Ann bought toys, books and books, then toys twice on the day after the as-of; Ben toys and
    books, and toys was first."""
    baskets = [
        ("ann", 0, ("Toys",)),
        ("ann", 1, ("Books", "Books")),
        ("ann", 3, ("Toys", "Toys")),
        ("ben", 1, ("Toys", "Books")),
    ]
    table = pa.Table.from_pylist(
        [
            {"customer_id": who, "time": START + timedelta(days=day), "order_id": f"{who}{day}", "revenue": 5.0,
             "event": ORDER, "products": json.dumps([{"product_id": f"p{n}", "category": one} for n, one in enumerate(bought)])}
            for who, day, bought in baskets
        ]
    )  # fmt: skip
    timelines, lines = Timelines.from_arrow(table, EVERYBODY), OrderLines.from_arrow(table)
    early = timelines.ask(PersonaCard(as_of=START.date() + timedelta(days=1), lines=lines))
    assert {item: row["customers"] for item, row in parts(early, "repeat buyer")["category"].items()} == {"Books": 1}
    ben = next(row["persona"] for row in early.table.to_pylist() if row["part"] == "size" and row["persona"] != "repeat buyer")
    assert list(parts(early, ben)["category"]) == ["Toys"]
    late = timelines.ask(PersonaCard(lines=lines))
    assert list(parts(late, "repeat buyer")["category"]) == ["Toys"]
    assert late.people(persona="repeat buyer", part="category", item="Toys").ids == ("ann",)
    assert ("category", "the category of the products of orders, the value met most often", 1) in {
        (row["part"], row["rests_on"], row["n"]) for row in late.extra["evidence"].to_pylist()
    }
    assert "brand" not in parts(late, "repeat buyer")
    assert any("of the products of orders" in note for note in late.notes)
    assert "category" not in parts(timelines.ask(PersonaCard()), "repeat buyer")
    reported = str(section(Asked(timelines, lines=lines)).body)
    assert "the category of the products of orders" in reported


def test_one_is_told_as_one():
    answer = told("ann o1 5 @0 ben o2 3 @1 ben o3 3 @2", EVERYBODY).ask(PersonaCard("one-time high value", split=1))
    assert answer.words.startswith("1 one-time high value customer: 50.0 % of 2")


def test_nobody_of_the_asked_persona_is_said_so():
    """Two look around, nobody orders: there is no repeat buyer, and the note names the mend."""
    timelines = shopping([("ann", 0, "Page Viewed", None, None, None), ("ben", 5, "Page Viewed", None, None, None)])
    answer = timelines.ask(PersonaCard("repeat buyer"))
    assert answer.words == "No card is shown: none of 2 customers is a repeat buyer."
    assert any("--map-event" in note for note in answer.notes)
    assert answer.people().ids == answer.people(part="hour", item="12:00").ids == ()
    high = timelines.ask(PersonaCard("one-time high value"))
    assert high.words == "No card is shown: none of 2 customers is a one-time high value customer."
    before = timelines.ask(PersonaCard("repeat buyer", as_of="2020-01-01"))
    assert before.words == "Nobody has an event before the as-of: there is nobody to tell of."
