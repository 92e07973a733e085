"""Finding customers as one types: by each beginning of each of their words, in any script, best first."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from holdfast.server.customers import listing, profiles
from holdfast.server.customers.models import Customer, CustomerWord
from holdfast.server.customers.profiles import Telling
from holdfast.server.customers.search import found
from holdfast.server.customers.words import folded, parts, words_of

pytestmark = pytest.mark.django_db


def told(people: dict[str, dict[str, str]]) -> None:
    """Customers with these traits."""
    stamped = {
        person: Telling(1_000_000 + number, {name: [1, number, value] for name, value in traits.items()})
        for number, (person, traits) in enumerate(people.items())
    }
    profiles.refreshed(profiles.told(stamped))


def ids(text: str) -> list[str]:
    return [hit.person for hit in found(text)]


@pytest.fixture
def shop():
    told({
        "1001": {"name": "Ann Smith", "email": "ann.smith@example.com", "phone": "+44 20 7946 0018"},
        "1002": {"name": "Anna Smythe", "email": "smythe@work.example", "company": "Acme Ltd"},
        "1003": {"name": "Łukasz Żółć", "email": "LZ@Example.com"},
        "1004": {"name": "王小明", "city": "台北"},
        "1005": {"name": "Seán O'Brien", "phone": "020 7946 0999"},
        "user|a/7@x": {"name": "Ольга Иванова"},
    })  # fmt: skip


@pytest.mark.usefixtures("shop")
@pytest.mark.parametrize(
    ("text", "persons"),
    [
        ("ann", ["1001", "1002"]),
        ("an sm", ["1001", "1002"]),
        ("SMITH ANN", ["1001"]),
        ("ann.sm", ["1001"]),
        ("ann.smith@example.com", ["1001"]),
        ("example.com", ["1003", "1001"]),
        ("lukasz zolc", ["1003"]),
        ("ŻÓŁ", ["1003"]),
        ("小明", ["1004"]),
        ("o'br", ["1005"]),
        ("sean", ["1005"]),
        ("ольг", ["user|a/7@x"]),
        ("user|a/7", ["user|a/7@x"]),
        ("020 7946 00", ["1001"]),
        ("+44 20 7946", ["1001"]),
        ("2079460999", ["1005"]),
        ("1002", ["1002"]),
        ("acme", ["1002"]),
        ("acme smith", []),
        ("", []),
        ("@ .", []),
        ("_", []),
        ("Ann Smith <ann.smith@example.com>,", ["1001"]),
        ("@work.example", ["1002"]),
        ("“Ann” (Smith)", ["1001"]),
        ("ann" * 2_000, []),
        ("%", []),
    ],
)
def test_who_is_found(text, persons):
    assert sorted(ids(text)) == sorted(persons)


@pytest.mark.usefixtures("shop")
def test_the_best_come_first():
    assert ids("ann")[0] == "1001"
    assert ids("anna")[0] == "1002"
    told({"ann": {"name": "Zoe"}})
    assert ids("ann")[0] == "ann"


def test_a_change_of_name_changes_what_finds_her():
    told({"1": {"name": "Ann Smith"}})
    profiles.refreshed(profiles.told({"1": Telling(1, {"name": [9, 9, "Ann Jones"]})}))
    assert ids("smith") == []
    assert ids("jones") == ["1"]


def test_so_many_ids_do_not_push_her_name_out():
    """Fourteen guest accounts with long ids, merged: the name and the address still find her."""
    others = [f"{n:08x}-4c1d-4b5e-9f00-{n:012x}" for n in range(14)]
    found_by = words_of(("Zoe Zimmer",), ("zoe@zimmer.example",), (), others)
    assert {"zoe zimmer", "zimmer zoe", "zoe@zimmer.example", "zimmer.example", *others} <= found_by


TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=20)
PEOPLE = st.lists(
    st.fixed_dictionaries(
        {"name": TEXT, "email": TEXT, "company": TEXT, "phone": st.from_regex(r"\+?[0-9 ()-]{0,14}", fullmatch=True)}
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(people=PEOPLE)
def test_each_beginning_of_each_word_finds_her(people):
    Customer.objects.all().delete()
    told({f"id-{number}": traits for number, traits in enumerate(people)})
    for row in Customer.objects.all():
        for word in (*parts(folded(row.name)), *parts(folded(row.account)), folded(row.email)):
            for stop in range(1, len(word) + 1):
                begun = word[:stop]
                if parts(begun) and len(begun.split()) == 1:
                    assert row.person in [hit.person for hit in found(begun, limit=100)], (begun, row.name)


@given(TEXT)
def test_folding_is_settled(text):
    assert folded(folded(text)) == folded(text)
    words_of((text,), (text,), (text,), (text,))


def test_pages_follow_each_other_without_gaps():
    told(
        {f"p{n}": {"email": f"p{n}@example.com" if n % 2 else "", "country": "Malta" if n % 5 == 0 else ""} for n in range(23)}
    )
    seen, after = [], ""
    while True:
        page = listing.page(listing.Filters(has_email=True), after, size=4)
        seen += [row.person for row in page.customers]
        after = page.next
        if not after:
            break
    assert seen == [f"p{n}" for n in range(21, 0, -2)]
    assert listing.how_many(listing.Filters(country="Malta")) == (5, False)
    assert listing.page(listing.Filters(), "rubbish").customers[0].person == "p22"


def test_no_word_is_left_when_customers_go():
    told({"1": {"name": "Ann Smith"}})
    Customer.objects.all().delete()
    assert not CustomerWord.objects.exists()
