"""Our browser script in a real Chromium, on a page of another site, against a web process that really runs.

Ann visits a shop; what she does there must arrive, once. Ben has Do-Not-Track on; Cleo sends Global Privacy Control; Dan has
not been asked yet: nothing of theirs is stored or sent.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
from running import Running, running

pytestmark = pytest.mark.one_database

STUB = """
window.holdfast = window.holdfast || [];
["load","identify","track","page","group","alias","reset","consent"].forEach(function (name) {
  holdfast[name] = holdfast[name] || function () { holdfast.push([name].concat([].slice.call(arguments))); };
});
"""
PAGE = (
    "<!doctype html><title>Teapots</title><script>{stub}{early}</script><script async src='{url}/holdfast.js' {data}></script>"
)
WORDS = "() => ({kept: Object.keys(localStorage), cookie: document.cookie})"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def server(needs, tmp_path_factory) -> Iterator[Running]:
    needs("browser")
    with running(tmp_path_factory.mktemp("js") / "shop") as server:
        yield server


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Iterator[tuple[str, Path]]:
    """The shop's own site: another origin than the server's."""
    folder = tmp_path_factory.mktemp("site")
    listening = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=listening.serve_forever, daemon=True)
    thread.start()
    yield f"http://localhost:{listening.server_address[1]}", folder
    listening.shutdown()


@pytest.fixture
def visit(server, site, request):
    """`visit(early, data)` opens a page of the shop with the script; gives the page."""
    contexts, chromium = [], request.getfixturevalue("_chromium")

    def opened(early: str, data: str = "", init: str = "", query: str = "", context=None):
        url, folder = site
        (folder / "index.html").write_text(PAGE.format(stub=STUB, early=early, url=server.url, data=data))
        if context is None:
            context = chromium.new_context()
            contexts.append(context)
        page = context.new_page()
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        if init:
            page.add_init_script(init)
        page.goto(f"{url}/index.html{query}")
        page.wait_for_function("() => !Array.isArray(window.holdfast)", timeout=8000)
        return page

    yield opened
    for context in contexts:
        context.close()


def arrived(server: Running) -> list[dict]:
    box = server.inbox()
    messages = [message for row in box.take(0, 1000) for message in json.loads(row.body)["batch"]]
    box.close()
    return messages


def from_page(server: Running, query: str) -> list[dict]:
    """The messages of the page with this query; one that was closed a moment ago may still be sending by beacon."""
    return [one for one in arrived(server) if one["context"]["page"]["search"] == query]


def wait_for(server: Running, name: str, value: str, count: int = 1) -> list[dict]:
    """The messages with this value, once so many different ones are there."""
    for _ in range(60):
        found = {one["messageId"]: one for one in arrived(server) if one.get(name) == value}
        if len(found) >= count:
            return list(found.values())
        time.sleep(0.1)
    raise AssertionError(f"{name}={value} did not arrive")


def test_calls_before_the_script_has_loaded_arrive_with_their_context(server, visit):
    early = f'holdfast.load("{server.write_key}"); holdfast.page(); holdfast.identify("ann", {{plan: "tea"}});'
    page = visit(early, query="?utm_source=mail&utm_campaign=spring")
    page.evaluate("() => holdfast.track('Product Added', {price: 12.5})")
    (track,) = wait_for(server, "event", "Product Added")
    (seen,) = [one for one in arrived(server) if one["type"] == "page" and one["anonymousId"] == track["anonymousId"]]
    assert track["userId"] == "ann"
    assert track["properties"] == {"price": 12.5}
    assert seen["properties"]["title"] == "Teapots"
    assert seen["context"]["campaign"] == {"source": "mail", "name": "spring"}
    assert seen["context"]["locale"]
    assert seen["context"]["timezone"]
    assert page.errors == []


def test_a_key_in_the_tag_is_all_it_takes(server, visit):
    page = visit("holdfast.track('By tag')", f'data-write-key="{server.write_key}"')
    wait_for(server, "event", "By tag")
    assert page.evaluate("() => holdfast.anonymousId()") == page.evaluate(
        "() => JSON.parse(localStorage['holdfast.anonymous'])"
    )


def test_the_visitor_is_the_same_on_the_next_page_and_another_after_reset(server, visit):
    key = f'data-write-key="{server.write_key}"'
    first = visit("", key)
    one = first.evaluate("() => holdfast.anonymousId()")
    second = visit("", key, context=first.context)
    assert second.evaluate("() => holdfast.anonymousId()") == one
    second.evaluate("() => holdfast.reset()")
    assert second.evaluate("() => holdfast.anonymousId()") != one


def test_another_person_on_the_same_device_is_another_visitor(server, visit):
    page = visit("", f'data-write-key="{server.write_key}"')
    page.evaluate("""() => {
        holdfast.identify('ann', {city: 'Leeds'}); holdfast.track('Shared', {who: 1});
        holdfast.identify('ben'); holdfast.track('Shared', {who: 2}); }""")
    ann, ben = sorted(wait_for(server, "event", "Shared", 2), key=lambda one: one["properties"]["who"])
    assert (ann["userId"], ben["userId"]) == ("ann", "ben")
    assert ann["anonymousId"] != ben["anonymousId"]
    (told,) = [one for one in arrived(server) if one["type"] == "identify" and one["userId"] == "ben"]
    assert told["traits"] == {}


def test_alias_group_and_page_have_segments_shape(server, visit):
    page = visit("", f'data-write-key="{server.write_key}"')
    page.evaluate(
        "() => { holdfast.group('firm-1', {seats: 3}); holdfast.alias('cleo', 'visitor-7'); holdfast.page('Docs', 'Tea') }"
    )
    (alias,) = wait_for(server, "previousId", "visitor-7")
    assert alias["userId"] == "cleo"
    (named,) = wait_for(server, "name", "Tea")
    assert (named["category"], named["context"]["groupId"]) == ("Docs", "firm-1")
    (group,) = wait_for(server, "groupId", "firm-1")
    assert group["traits"] == {"seats": 3}


def test_what_was_not_sent_when_the_page_closed_is_sent_by_beacon(server, visit):
    page = visit("", f'data-write-key="{server.write_key}"')
    page.evaluate("() => { holdfast.track('Last words'); location.href = 'about:blank' }")
    wait_for(server, "event", "Last words")


def test_while_the_server_does_not_answer_events_wait_and_then_arrive_once(server, visit):
    page = visit("", f'data-write-key="{server.write_key}"')
    page.wait_for_timeout(400)
    page.context.set_offline(True)
    page.evaluate("() => holdfast.track('Offline', {n: 1})")
    page.wait_for_timeout(700)
    assert "Offline" in page.evaluate("() => JSON.stringify(localStorage)")
    page.context.set_offline(False)
    wait_for(server, "event", "Offline")
    page.wait_for_function("() => !JSON.stringify(localStorage).includes('Offline')", timeout=5000)


@pytest.mark.parametrize(
    "broken",
    [
        "Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') }",
        "Object.defineProperty(window, 'localStorage', {get: () => { throw new DOMException('no', 'SecurityError') }})",
    ],
    ids=["full", "switched-off"],
)
def test_without_a_store_a_visitor_is_known_as_long_as_the_page_lives(server, visit, broken):
    page = visit(f'holdfast.load("{server.write_key}"); holdfast.identify("eve")', init=broken)
    page.evaluate("() => holdfast.track('Stored nowhere')")
    assert {one["userId"] for one in wait_for(server, "event", "Stored nowhere")} == {"eve"}
    page.evaluate("() => { holdfast.reset(); holdfast.track('After reset') }")
    assert "userId" not in wait_for(server, "event", "After reset")[-1]
    assert page.errors == []


@pytest.mark.parametrize(
    "wish",
    [
        "Object.defineProperty(Navigator.prototype, 'doNotTrack', {get: () => '1'})",
        "Object.defineProperty(Navigator.prototype, 'globalPrivacyControl', {get: () => true})",
    ],
    ids=["do-not-track", "global-privacy-control"],
)
def test_who_does_not_want_it_leaves_no_trace(server, visit, wish):
    query = f"?page={uuid4().hex}"
    page = visit(f'holdfast.load("{server.write_key}"); holdfast.page(); holdfast.identify("ben")', init=wish, query=query)
    page.evaluate("() => { holdfast.consent({analytics: true}); holdfast.track('Watched') }")
    page.wait_for_timeout(700)
    assert page.evaluate(WORDS) == {"kept": [], "cookie": ""}
    assert page.evaluate("() => holdfast.anonymousId()") is None
    assert from_page(server, query) == []
    assert page.errors == []


def test_before_consent_nothing_is_stored_or_sent_and_after_it_everything_is(server, visit):
    query = f"?page={uuid4().hex}"
    page = visit(
        "holdfast.track('Waited for Dan')", f'data-write-key="{server.write_key}" data-consent="required"', query=query
    )
    page.wait_for_timeout(700)
    assert page.evaluate(WORDS) == {"kept": [], "cookie": ""}
    assert from_page(server, query) == []
    page.evaluate("() => holdfast.consent({analytics: true, advertising: false})")
    (waited,) = wait_for(server, "event", "Waited for Dan")
    assert waited in from_page(server, query)
    said = {"categoryPreferences": {"analytics": True, "advertising": False}}
    assert waited["context"]["consent"] == said
    given = [
        one for one in wait_for(server, "event", "Consent Preference Updated") if one["anonymousId"] == waited["anonymousId"]
    ]
    assert [one["context"]["consent"] for one in given] == [said]


def test_consent_withdrawn_is_told_once_and_then_all_is_forgotten(server, visit):
    page = visit("holdfast.consent({analytics: true})", f'data-write-key="{server.write_key}" data-consent="required"')
    who = page.evaluate("() => holdfast.anonymousId()")
    page.evaluate("() => { holdfast.consent({analytics: false}); holdfast.track('After') }")
    for _ in range(50):
        told = [
            one for one in arrived(server) if one["anonymousId"] == who and one.get("event") == "Consent Preference Updated"
        ]
        if told and told[-1]["context"]["consent"] == {"categoryPreferences": {"analytics": False}}:
            break
        page.wait_for_timeout(100)
    else:
        raise AssertionError("nobody was told")
    page.wait_for_timeout(600)
    assert page.evaluate(WORDS) == {"kept": [], "cookie": ""}
    assert not [one for one in arrived(server) if one.get("event") == "After"]


@pytest.mark.parametrize("mode", ["", 'data-consent="required"'], ids=["not-asked-for", "required"])
def test_consent_withdrawn_in_one_tab_holds_in_the_other(server, visit, mode):
    """And what is agreed in one is agreed in the other."""
    data = f'data-write-key="{server.write_key}" {mode}'
    first = visit("", data)
    second = visit("", data, context=first.context)
    second.evaluate("() => holdfast.track('Before in the other tab')")
    first.evaluate("() => holdfast.consent({analytics: true})")
    wait_for(server, "event", "Before in the other tab")
    second.evaluate("() => holdfast.consent({analytics: false})")
    first.wait_for_timeout(300)
    first.evaluate("() => { holdfast.track('After in the other tab'); holdfast.identify('dan') }")
    first.wait_for_timeout(700)
    assert not [one for one in arrived(server) if one.get("event") == "After in the other tab"]
    assert first.evaluate(WORDS) in ({"kept": [], "cookie": ""}, {"kept": ["holdfast.consent"], "cookie": ""})


def test_the_script_is_public_cacheable_and_small(client):
    answer = client.get("/holdfast.js", headers={"accept-encoding": "gzip"})
    assert answer.status_code == 200
    assert answer["Access-Control-Allow-Origin"] == "*"
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "public" in answer["Cache-Control"]
    assert len(answer.content) < 4000
    assert answer["Vary"] == "Accept-Encoding", "one copy for all: no cookie and no language changes it"
    assert client.get("/holdfast.js", headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert client.get("/holdfast.js").content.startswith(b"/* Holdfast")
