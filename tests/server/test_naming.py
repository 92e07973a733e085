"""Who is named in a text: she wherever she stands whole, however it is written, and nobody whose address hers is part of."""

from __future__ import annotations

import json
import unicodedata
from urllib.parse import quote, urlencode

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from holdfast.server.customers import traces
from holdfast.server.customers.naming import as_written, in_bytes, in_text

HERS = ["Ann Smith", "ann@example.com", "customer-1", "Саша Иванов", "491701234567"]


def found(folder, text, texts=HERS):
    """Whether texts and files agree that she is named, and what is left where she is blotted out."""
    (folder / "told").write_bytes(text.encode() if isinstance(text, str) else text)
    in_file = bool(list(traces.in_files(folder, texts)))
    assert isinstance(text, bytes) or bool(in_text(texts).search(text)) == in_file
    return in_file


def test_names_are_found_however_they_are_written(tmp_path):
    """In JSON with escapes, in a URL, over the edge of what is read at once, after a line's end in JSON."""
    written = ['{"name": "Zo\\u00eb Quill"}', "zo%C3%AB%20quill", "x" * (traces.PIECE - 4) + " ZOË QUILL", '"a\\nzoë@ex.org"']
    for number, text in enumerate(written):
        (tmp_path / f"{number}.txt").write_text(text)
    (tmp_path / "other.txt").write_text("x" * (traces.PIECE - 9) + " Zoë Quills, aZoë Quill, zoë@ex.org.uk")
    names = traces.in_files(tmp_path, ["Zoë Quill", "zoë@ex.org"])
    assert [path.name for path in names] == ["0.txt", "1.txt", "2.txt", "3.txt"]


@pytest.mark.parametrize("text", [
    "Ann Smith.csv", "Ann Smith_orders.csv", "orders_Ann Smith-2025.csv", "it was Ann Smith.She wants", "by Ann Smith+Ben",
    "ann@example.com.csv", "ann@example.com_2025.csv", "email%3Dann%40example.com", "email%3dann%40example.com&a",
    "ann@example.com.", "ann@example.com-2025.csv", "mailto:ann@example.com", '"\\u2014Ann Smith\\u2014"', "customer-1.csv",
    "id%3Dcustomer-1", "customer-1.", "ann@example.com+ben@example.com", "Ann%20Smith_1", "ANN SMITH.CSV", "a\\nAnn Smith",
    "?email=ann%40example.com", "<ann@example.com>", "\\u003cann@example.com\\u003e", "'ann@example.com'",
    "ann\\u0040example.com",
    "“ann@example.com”", "…ann@example.com…", "see...ann@example.com",
    "-ann@example.com", "q=mail+ann%40example.com", "?n=Ann+Smith&",
    "\\\\nann@example.com", "%E2%80%9CAnn%20Smith%E2%80%9D", "Саша Иванов.", json.dumps("Саша Иванов"),
    '{"id":491701234567}', "-491701234567", "tel:+491701234567", "(customer-1)", "CUSTOMER-1", "@customer-1", "a--Ann Smith",
])  # fmt: skip
def test_she_is_found_beside_any_sign_that_makes_no_other_of_her(tmp_path, text):
    assert found(tmp_path, text)


@pytest.mark.parametrize("text", [
    "customer-12", "customer-1-2", "customer-1.2", "a.customer-1", "customer-1_b", "customer-1@shop", "joann@example.com",
    "jo.ann@example.com", "jo-ann@example.com", "jo+ann@example.com", "ann@example.com.au", "ann@example.community",
    "ann@example.com-pany.de", "JoAnn Smith", "Ann Smithers", "ann@example.com.csvx", "Ann Smith2",
    "Ann Smith-Jones", "Jo-Ann Smith", "mary_ann@example.com", "mary--ann@example.com", "mary%2Bann%40example.com",
    "mary\\u002Bann@example.com",
    "\\u00e9ann@example.com", "%C3%A9ann%40example.com", "éann@example.com", "Саша Иванова", json.dumps("Саша Иванова"),
    quote("Саша Иванова"), "customer-1%40shop.com", "shop@customer-1",
    "Ann Smithe\u0301",
    "1491701234567", "491701234567-9", "0.491701234567", "x_customer-1", "customer-1-x",
])  # fmt: skip
def test_who_is_called_longer_is_somebody_else(tmp_path, text):
    assert not found(tmp_path, text)


@pytest.mark.parametrize("text", [
    "o'brien@example.com", "O'BRIEN@EXAMPLE.COM", "'o'brien@example.com'", '"o\\u0027brien@example.com"',
    "o%27brien%40example.com", "o''brien@example.com", "o\\'brien@example.com", "d'brien@example.com",
    "a\\no'brien@example.com", "see O'Brien Smith",
])  # fmt: skip
def test_an_apostrophe_behind_the_o_of_the_irish_is_part_of_what_they_are_called(tmp_path, text):
    assert not found(tmp_path, text, ["brien@example.com", "Brien Smith"])


@pytest.mark.parametrize("text", [
    "'brien@example.com'", "b'brien@example.com'", "N'brien@example.com'", "l'adresse d'ann@example.com",
    "Bo'brien@example.com", "['o','brien@example.com']", "x='brien@example.com'", "''brien@example.com''",
    "the dog's'brien@example.com'",
])  # fmt: skip
def test_what_stands_in_quotes_or_behind_an_elided_word_is_hers(tmp_path, text):
    assert found(tmp_path, text, ["brien@example.com", "ann@example.com"])


def test_the_last_letter_of_an_escape_is_no_letter_of_hers(tmp_path):
    """Blotting it out would leave a file that is no JSON any more."""
    assert not found(tmp_path, '"to:\\nora@example.com"', ["nora@example.com"])
    assert found(tmp_path, '"to:\\nora@example.com"', ["ora@example.com"])
    assert found(tmp_path, '"to:\\nnora@example.com"', ["nora@example.com"])


def test_an_id_that_is_a_word_is_found_as_it_is_written_alone():
    assert in_text(["martin"]).sub("[…]", "martin: Martin Luther") == "[…]: Martin Luther"
    assert list(in_bytes(["martin"]).within(b"Martin Luther")) == []


def test_hers_that_begin_one_another_are_found_each():
    texts = ["customer-1", "customer-12", "Ann Smith", "Ann Smith (home)"]
    written = "customer-1, customer-12, customer-123; Ann Smith, Ann Smith (home), Ann Smith (home)s"
    assert in_text(texts).sub("#", written) == "#, #, customer-123; #, #, # (home)s"


@pytest.mark.parametrize("codec", ["utf-8", "cp1252", "utf-16"])
def test_a_file_in_the_letters_of_excel_names_her(tmp_path, codec):
    assert found(tmp_path, "id;name\r\n1;Zoë Quill\r\n".encode(codec), ["Zoë Quill"])
    assert not found(tmp_path, "id;name\r\n1;Zoë Quills\r\n".encode(codec), ["Zoë Quill"])


def test_a_name_typed_on_a_mac_is_the_same_name():
    assert in_text(["Zoë Quill"]).search(unicodedata.normalize("NFD", "Zoë Quill.csv"))


WORD = st.text("abyz019é", min_size=1, max_size=4)
LOCAL = st.lists(WORD, min_size=1, max_size=3).flatmap(lambda words: st.sampled_from("._-+").map(lambda sign: sign.join(words)))
ADDRESS = st.builds(lambda local, host: f"{local}@{host}.example", LOCAL, st.text("abyz", min_size=2, max_size=4))
IDS = st.builds(lambda one, two, sign: f"{one}{sign}{two}", WORD, WORD, st.sampled_from("-_+"))
TOLD = st.lists(st.one_of(ADDRESS, IDS), min_size=1, max_size=6)
BETWEEN = st.sampled_from([" ", ", ", "; ", "\n", " <", '"', " 'x' ", " mailto:", " /", "?email=", "&a=", " (", "…", " - "])


def written_as(text, way):
    ways = {
        "plainly": lambda: text,
        "in JSON": lambda: json.dumps(text),
        "in JSON of bytes": lambda: json.dumps(text, ensure_ascii=False),
        "in JSON for a page": lambda: json.dumps(text).replace("<", "\\u003c").replace(">", "\\u003e").replace("'", "\\u0027"),
        "in JSON in JSON": lambda: json.dumps(json.dumps(text)),
        "in a form": lambda: urlencode({"a": 1, "q": text}),
        "in a path": lambda: quote(text),
    }
    return ways[way]()


WAYS = ("plainly", "in JSON", "in JSON of bytes", "in JSON for a page", "in JSON in JSON", "in a form", "in a path")


def told_well(way, people):
    """A form writes a blank as a plus, which may as well be part of an id: there only addresses tell themselves."""
    return way != "in a form" or all("@" in one for one in people)


@given(hers=st.one_of(ADDRESS, IDS), others=TOLD, between=BETWEEN, way=st.sampled_from(WAYS), upper=st.booleans())
def test_she_is_found_where_she_is_one_of_those_told_and_nowhere_else(hers, others, between, way, upper):
    """The oracle knows what was put into the text, word by word."""
    assume(told_well(way, [hers, *others]))
    told = [one.upper() for one in others] if upper else others
    text = written_as(between + between.join(told) + " ", way)
    expected = hers.casefold() in [one.casefold() for one in told]
    assert bool(in_text([hers]).search(text)) == expected
    assert any(True for _ in in_bytes([hers]).within(text.encode())) == expected


@given(others=TOLD, place=st.integers(0, 5), between=BETWEEN, way=st.sampled_from(WAYS))
def test_blotted_out_nothing_of_hers_is_left_and_everything_of_the_others(others, place, between, way):
    assume(told_well(way, others))
    hers = others[place % len(others)]
    text = written_as(between + between.join(others) + " ", way)
    kept = written_as(between + between.join("HERSELF" if one == hers else one for one in others) + " ", way)
    assert in_text([hers]).sub("HERSELF", text) == kept
    assert as_written([hers]).sub("HERSELF", text) == kept
