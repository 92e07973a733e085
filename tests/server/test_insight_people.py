"""The people behind a number are as many as the number says, and exactly they."""

from __future__ import annotations

import pytest
from insight_shop import links, page, shop  # noqa: F401 - shop is a fixture

from holdfast.server.insights.catalogue import INSIGHTS
from holdfast.server.insights.cells import cells_of, rules_of
from holdfast.server.insights.counted import unsaid
from holdfast.server.insights.spec import Spec, address_of, cell_of

ROWS = 4
"""Rows of each table whose numbers are opened here; `HOLDFAST_EVERY_ROW=1` opens them all."""


def rows_of(table) -> list[dict]:
    """Some rows of a table, evenly taken; the first and the last are among them."""
    import os

    rows = table.to_pylist()
    if os.environ.get("HOLDFAST_EVERY_ROW") or len(rows) <= ROWS:
        return rows
    return [rows[place * (len(rows) - 1) // (ROWS - 1)] for place in range(ROWS)]


SPLIT = (
    *("bridge", "lifecycle", "money", "losses", "cohorts", "repeat", "one-year", "survival", "stages", "gone-after", "rfm"),
    *("personas", "concentration", "orders", "sessions", "paths", "transitions", "funnel", "stickiness"),
)
"""Questions that are asked again with segments beside each other."""

EVERY = [(one.slug, ()) for one in INSIGHTS if one.slug != "rate"]
BY = [(slug, (("by", "Country"),)) for slug in SPLIT]
OTHERWISE = [
    ("sessions", (("period", "quarter"),)),
    ("funnel", (("period", "month"),)),
    ("cohorts", (("entry", "each period"),)),
    ("paths", (("unit", "sessions"), ("by", "Country"))),
    ("paths", (("unit", "transitions"),)),
]
"""Questions that count otherwise, or have a table that the first answer has not."""


@pytest.mark.one_database
@pytest.mark.parametrize(("slug", "pairs"), [*EVERY, *BY, *OTHERWISE])
def test_as_many_people_as_the_number_says(shop, slug, pairs):  # noqa: F811
    """Every number of every table that opens, also where segments are set beside each other."""
    from holdfast.server.analyst.client import _inline
    from holdfast.server.insights.asking import put
    from holdfast.server.place import folder

    found = put(_inline(folder()), Spec(slug, pairs))
    by = found.spec.values("by")
    answer = found.question.answer(found.timelines)
    for table in (answer.table, *answer.extra.values()):
        assert unsaid(answer, table) == [], "a count opens to its people, or the page says what it counts"
        rules = rules_of(answer, table)
        for row in rows_of(table):
            cells = cells_of(rules, row, bool(by))
            always = {name for name, rule in rules.items() if not rule.but[0] and isinstance(row[name], int)}
            assert always <= cells.keys(), (slug, "numbers that have a rule and do not open")
            for column, cell in cells.items():
                people = found.question.people(found.timelines, **cell)
                assert rules[column].adds_up or len(people) == row[column], (slug, column, cell)


@pytest.mark.one_database
def test_a_page_says_what_its_numbers_count_that_open_to_nobody(people, shop, client):  # noqa: F811
    client.force_login(people["anna"])
    assert "sessions, bounces, share n: sessions" in page(client, "/insights/sessions/")


def test_a_cell_travels_through_an_address():
    cell = {"period": 3, "months": 12.0, "half": 0.5, "item": "85123", "what": "did and left"}
    assert cell_of(dict(address_of(cell))) == {"period": 3, "months": 12, "half": 0.5, "item": "85123", "what": "did and left"}


def test_a_number_opens_to_its_people_page_by_page(people, shop, client):  # noqa: F811
    """From the bridge to the lost of a month: a hundred on a page, all of them in the CSV, which is audited."""
    from holdfast.server.people.models import AuditEntry

    client.force_login(people["max"])
    address = next(one for one in links(page(client, "/insights/bridge/")) if "2011-11" in one and "what=lost" in one)
    first = page(client, address)
    n = int(address.split("shown.number=")[1].split("&")[0])
    assert f"{n} customers" in first
    assert f"1 to 100 of {n}" in first
    second = page(client, f"{address}&page=2")
    assert f"101 to {n} of {n}" in second
    rows = b"".join(client.get(address.replace("people/", "people.csv"), HTTP_HOST="localhost").streaming_content)
    ids = [line.split(",")[0] for line in rows.decode().splitlines()[1:]]
    assert tuple(ids) == shop.people(_bridge(), period="2011-11", what="lost").ids
    assert AuditEntry.objects.get(action="insight.people_csv").details == {"n": n}


def _bridge():
    from holdfast.analyses.bridge import Bridge

    return Bridge()


def test_names_are_shown_where_they_are_known(people, shop, client):  # noqa: F811
    """The profile's name beside the id; of an unknown one the id alone."""
    from holdfast.server.customers.models import Customer

    ids = shop.people(_bridge(), period="2011-11", what="new").ids
    from django.utils import timezone

    Customer.objects.create(person=ids[0], name="<i>Ann</i>", email="ann@example.com", first_us=0, first_seen=timezone.now())
    client.force_login(people["anna"])
    text = page(client, "/insights/bridge/people/?cell.period=2011-11&cell.what=new")
    assert "&lt;i&gt;Ann&lt;/i&gt;" in text
    assert "ann@example.com" in text
    assert f">{ids[1]}<" in text


def test_who_may_not_steer_gets_no_list_to_take_along(people, shop, client):  # noqa: F811
    client.force_login(people["agnes"])
    assert client.get("/insights/bridge/people.csv?cell.what=new", HTTP_HOST="localhost").status_code == 403
    assert "people.csv" not in page(client, "/insights/bridge/people/?cell.period=2011-11&cell.what=new")


@pytest.mark.parametrize("cell", ["cell.what=nonsense", "cell.strange=1", "cell.period=2042-01&cell.what=new"])
def test_a_cell_that_cannot_be_is_refused_with_a_word(people, shop, client, cell):  # noqa: F811
    client.force_login(people["anna"])
    assert 'role="alert"' in page(client, f"/insights/bridge/people/?{cell}", 400)


def test_a_number_that_is_none_is_no_address(people, shop, client):  # noqa: F811
    client.force_login(people["anna"])
    page(client, "/insights/cohorts/people/?cell.cohort=2011-01&cell-number.period=soon", 404)
    page(client, "/insights/nonsense/people/", 404)


@pytest.mark.one_database
def test_pictures_open_too(people, shop, client):  # noqa: F811
    """Bars of the life cycle, cells of RFM and of the cohort grid, columns of the bridge."""
    client.force_login(people["anna"])
    for slug in ("lifecycle", "rfm", "migration"):
        text = page(client, f"/insights/{slug}/")
        opens = text.split('id="figure-opens">')[1].split("</script>")[0]
        assert f"/insights/{slug}/people/?" in opens
    assert 'class="c"' in (grid := page(client, "/insights/cohorts/"))
    assert "cell-number.period=3" in grid.split('class="grid"')[1].split("</table>")[0]
    assert "what=lost" in page(client, "/insights/bridge/").split('class="bridge"')[1].split("</svg>")[0]


@pytest.mark.one_database
def test_a_point_that_several_rows_could_mean_opens_nobody(people, shop, client):  # noqa: F811
    """The overview's curve is retention by month, its table a row a metric, several of them of one month."""
    client.force_login(people["anna"])
    assert 'id="figure-opens">[]</script>' in page(client, "/insights/metrics/")
