"""What stands around every page: headers, no inline scripts, errors that say what to do, hosts, rates."""

from __future__ import annotations

import os
import re
import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier

import psycopg
import pytest
from django.conf import settings
from django.core.cache import cache, caches
from django.core.cache.backends.db import DatabaseCache
from django.db import DatabaseError, OperationalError, connection, connections, transaction
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory, override_settings
from django.urls import path

import holdfast.server
from holdfast.errors import InputError, UsageError
from holdfast.server.people.error_pages import WORDS, answered, server_error
from holdfast.server.people.limits import allowed
from holdfast.server.people.safety import NOT_OURS
from tests.server.conftest import PASSWORD
from tests.server.test_role_matrix import OTHERS, OURS, _analyst_away, client_of, operations  # noqa: F401 - a fixture

pytestmark = pytest.mark.usefixtures("served", "db", "_analyst_away")

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SCRIPT = re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")[^>]*>", re.IGNORECASE)
HANDLER = re.compile(r"<[^>]*\son\w+\s*=", re.IGNORECASE)


def pages(people):
    """Every page that answers a GET, as the owner sees it; those for who is not signed in, as she does."""
    for one in OURS + [other for other in OTHERS if other.name in NOT_OURS]:
        need = getattr(getattr(one.view, "route", None), "needs", None)
        for who in ("owner", "anonymous"):
            if who == "owner" or need is None:
                yield one.pattern, client_of(people, who).get(one.filled())


def test_every_page_has_the_headers_no_inline_script_and_the_csrf_token_in_its_forms(people):
    wrong = []
    for pattern, response in pages(people):
        found = [*_headers(response)]
        if response.get("Content-Type", "").startswith("text/html"):
            found += [*_html(response)]
        wrong += [f"{pattern}: {one}" for one in found]
    assert not wrong, "\n".join(wrong)


def _headers(response):
    policy = response.get("Content-Security-Policy", "")
    if "script-src 'self'" not in policy or "unsafe-eval" in policy or re.search(r"script-src[^;]*unsafe", policy):
        yield f"Content-Security-Policy {policy!r}"
    script = response.get("Content-Type", "").startswith(("text/javascript", "application/javascript"))
    for name, value in HEADERS.items():
        # holdfast.js is for the pages of other sites.
        if response.get(name) != value and not (script and name == "Cross-Origin-Resource-Policy"):
            yield f"{name} {response.get(name)!r}"
    if "camera=()" not in response.get("Permissions-Policy", ""):
        yield "no Permissions-Policy"
    if not script and not any(word in response.get("Cache-Control", "") for word in ("no-store", "private", "no-cache")):
        yield f"Cache-Control {response.get('Cache-Control')!r}"


def _html(response):
    text = "" if response.streaming else response.content.decode("utf-8", "replace")
    yield from SCRIPT.findall(text) + HANDLER.findall(text)
    if "javascript:" in text:
        yield "a javascript: URL"
    for form in re.findall(r"<form\b.*?</form>", text, re.DOTALL | re.IGNORECASE):
        if re.search(r"method=\"?post", form[: form.index(">")], re.IGNORECASE) and "csrfmiddlewaretoken" not in form:
            yield f"no CSRF token: {form[:120]}"


def test_templates_hold_no_inline_script_and_nothing_from_other_servers():
    """Also those whose page needs data to be seen."""
    house = Path(holdfast.server.__file__).parent
    wrong = []
    for file in house.rglob("*.html"):
        text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", "", file.read_text("utf-8"), flags=re.DOTALL)
        wrong += [f"{file.relative_to(house)}: {found}" for found in SCRIPT.findall(text) + HANDLER.findall(text)]
        wrong += [f"{file.relative_to(house)}: {found}" for found in re.findall(r"(?:src|href)=\"https?://[^\"]*\"", text)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(("who", "status", "address"), [("analyst", 403, "/people/"), ("owner", 404, "/nothing/")])
def test_error_pages_say_what_happened_and_what_to_do(people, who, status, address):
    page = client_of(people, who).get(address)
    assert page.status_code == status
    assert str(WORDS[status].what) in page.content.decode()
    part = client_of(people, who).get(address, headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert 'role="alert"' in part.content.decode()


def test_a_bare_error_gets_a_page(people):
    """405 of a page that only reads; 401 of a fragment after the session ended."""
    answer = client_of(people, "owner").post("/people/")
    assert (answer.status_code, answer["Allow"]) == (405, "GET, HEAD")
    assert "Nothing was changed" in answer.content.decode()
    assert "Sign in" in Client().post("/people/").content.decode()


def test_errors_of_the_api_are_json(people):
    for answer in (Client().get("/api/v1/me"), client_of(people, "owner").get("/api/v1/nothing")):
        assert answer["Content-Type"].startswith("application/json")
        assert set(answer.json()) >= {"type", "what", "mend"}


class Broken:
    """URLs whose views fail, each in its way."""

    @staticmethod
    def asked_wrongly(_request: HttpRequest) -> HttpResponse:
        """A question that cannot be right."""
        raise UsageError("no day is called 'soon'", "write it as 2026-01-31")

    @staticmethod
    def not_there(_request: HttpRequest) -> HttpResponse:
        """Something outside is not there."""
        raise InputError("the lake cannot be read", "look whether the disk is there")

    @staticmethod
    def bug(_request: HttpRequest) -> HttpResponse:
        """A bug."""
        raise RuntimeError("a secret detail")


def opened(view) -> object:
    view.route = None
    return view


urlpatterns = [
    path("asked/", opened(Broken.asked_wrongly), name="asked"),
    path("there/", opened(Broken.not_there), name="there"),
    path("bug/", opened(Broken.bug), name="bug"),
    path("forgotten/", lambda _request: HttpResponse("open"), name="forgotten"),
    path("accounts/login/", lambda _request: HttpResponse("login"), name="account_login"),
]
handler404 = "holdfast.server.people.error_pages.not_found"
handler500 = "holdfast.server.people.error_pages.server_error"


@override_settings(ROOT_URLCONF="tests.server.test_safety")
def test_a_view_that_does_not_say_who_may_does_not_exist():
    assert Client().get("/forgotten/").status_code == 404
    assert Client().get("/accounts/login/").status_code == 200


@override_settings(ROOT_URLCONF="tests.server.test_safety")
def test_an_error_that_names_its_mend_says_it_and_a_bug_tells_no_secret():
    client = Client(raise_request_exception=False)
    asked, there, bug = (client.get(f"/{name}/") for name in ("asked", "there", "bug"))
    assert (asked.status_code, there.status_code, bug.status_code) == (400, 503, 500)
    assert "write it as 2026-01-31" in asked.content.decode()
    assert "look whether the disk is there" in there.content.decode()
    assert "Something went wrong on our side" in bug.content.decode()
    assert "secret detail" not in bug.content.decode()


def test_an_answer_with_a_body_stays_as_it_is():
    request = RequestFactory().get("/x/")
    request.user = None
    assert answered(request, HttpResponse("no", status=403)).content == b"no"


def test_a_database_that_is_away_is_said_to_be():
    """503 and when to come again, in plain words where even the frame of the page needs the database."""

    class Away(HttpRequest):
        @property
        def user(self):
            raise OperationalError(
                "connection to server at 10.0.0.7 failed: password of holdfast"
            ) from psycopg.OperationalError()

    request = Away()
    request.path, request.method = "/", "GET"
    try:
        assert request.user
    except OperationalError:
        answer = server_error(request)
    assert (answer.status_code, answer["Retry-After"]) == (503, "5")
    assert "This does not work just now" in answer.content.decode()
    assert "10.0.0.7" not in answer.content.decode()


def sqlite_says(code: int) -> sqlite3.OperationalError:
    """What SQLite's module raises for a code."""
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    return error


@pytest.mark.parametrize(
    ("cause", "status"),
    [
        (sqlite_says(sqlite3.SQLITE_BUSY_SNAPSHOT), 503), (sqlite_says(sqlite3.SQLITE_FULL), 503),
        (sqlite_says(sqlite3.SQLITE_CANTOPEN), 503), (sqlite_says(sqlite3.SQLITE_ERROR), 500),
        (psycopg.errors.AdminShutdown(), 503), (psycopg.errors.TooManyConnections(), 503), (psycopg.OperationalError(), 503),
        (psycopg.errors.DeadlockDetected(), 503), (psycopg.errors.QueryCanceled(), 500), (None, 500),
    ],
)  # fmt: skip
def test_only_a_database_that_is_away_or_busy_is_said_to_be(cause, status):
    """A table that is not there is a bug of ours: it is not mended by trying again in a minute."""
    request = RequestFactory().get("/api/v1/x")
    try:
        raise OperationalError("words") from cause
    except OperationalError:
        assert server_error(request).status_code == status


def test_a_table_that_is_not_there_is_a_bug():
    request = RequestFactory().get("/api/v1/x")
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT * FROM nowhere")
    except DatabaseError:
        assert server_error(request).status_code == 500


@contextmanager
def full_disk() -> Iterator[None]:
    """The database takes nothing more, not one row."""
    row = "INSERT INTO kept_for_a_while (cache_key, value, expires) VALUES (%s, %s, '2020-01-01')"
    with connection.cursor() as cursor:
        pages = cursor.execute("PRAGMA page_count").fetchone()[0]
        cursor.execute(f"PRAGMA max_page_count = {pages}")
        for size in (2000, 100, 1):
            with suppress(OperationalError):
                for number in range(10_000):
                    cursor.execute(row, [f"{size} {number} {'k' * size}"[:250], "v" * size])
        try:
            yield
        finally:
            cursor.execute("PRAGMA max_page_count = 1000000000")


@pytest.mark.skipif(bool(os.environ.get("DATABASE_URL")), reason="a disk is filled as SQLite can tell it")
@pytest.mark.django_db(transaction=True)
def test_on_a_full_disk_nobody_is_told_that_she_came_too_often(people):
    """Olga cannot sign in, and hears what is true; who is in goes on reading; once there is room she gets in."""
    anna, said = client_of(people, "analyst"), {"login": "olga@example.com", "password": PASSWORD}
    with full_disk():
        answer = client_of(people, "anonymous").post("/accounts/login/", said)
        assert (answer.status_code, "too often" in answer.content.decode()) == (503, False)
        assert "This does not work just now" in answer.content.decode()
        with pytest.raises(OperationalError):
            allowed("mail", "olga", 2, 60)
        assert anna.get("/me/").status_code == 200
    assert Client().post("/accounts/login/", said).status_code == 302


def test_what_somebody_else_holds_is_no_failure_of_the_database():
    """`add` gives False where there is one already, and the trial leaves nothing behind."""
    assert [cache.add("held", 1), cache.add("held", 2), cache.get("held")] == [True, False, 1]
    cache.set("held", 3)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM kept_for_a_while WHERE cache_key LIKE 'trial:%%'")
        assert (cache.get("held"), cursor.fetchone()[0]) == (3, 0)


def test_a_wrong_name_says_how_it_is_mended():
    answer = Client(HTTP_HOST="192.168.1.5:8642").get("/accounts/login/")
    assert (answer.status_code, "HOLDFAST_ALLOWED_HOSTS" in answer.content.decode()) == (400, True)


def test_only_named_hosts_are_answered():
    assert Client().get("/accounts/login/", headers={"host": "evil.example"}).status_code == 400
    assert Client().get("/accounts/login/", headers={"host": "localhost"}).status_code == 200


def test_over_https_cookies_and_the_browser_stay_there(tmp_path):
    """The same settings with an https address, read in a process of their own."""
    import json
    import os
    import subprocess
    import sys

    code = (
        "import json; from holdfast.server import django_settings as s;"
        "print(json.dumps([s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE, s.SECURE_HSTS_SECONDS, s.CSRF_TRUSTED_ORIGINS,"
        " s.CONTENT_SECURITY_POLICY['DIRECTIVES']['form-action'], s.ALLAUTH_TRUSTED_PROXY_COUNT]))"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ
        | {
            "HOLDFAST_WORKSPACE": str(tmp_path),
            "HOLDFAST_URL": "https://shop.example",
            "HOLDFAST_SIGN_ON": "https://id.example/x client secret",
            "HOLDFAST_BEHIND_PROXY": "yes",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    secure, csrf, hsts, origins, forms, proxies = json.loads(told.stdout)
    assert (secure, csrf, hsts, proxies) == (True, True, 31_536_000, 1)
    assert origins == ["https://shop.example"]
    assert forms == ["'self'", "https://id.example"]


def test_a_rate_is_counted_per_key_and_window():
    assert [allowed("mail", "olga", 2, 60, now=1000) for _try in range(3)] == [True, True, False]
    assert allowed("mail", "max", 2, 60, now=1000)
    assert allowed("mail", "olga", 2, 60, now=1060)
    allowed("mail", "agnes", 2, 3600)
    with connection.cursor() as cursor:
        cursor.execute("SELECT max(expires) FROM kept_for_a_while WHERE cache_key LIKE %s", ["%agnes%"])
        end = datetime.fromisoformat(str(cursor.fetchone()[0])[:19]).replace(tzinfo=UTC)
    assert end > datetime.now(UTC) + timedelta(minutes=50), "an hour is counted for an hour"


@pytest.mark.django_db(transaction=True)
def test_who_tries_from_many_sides_at_once_is_counted_each_time():
    """Eight at the same moment, three are allowed: no count is lost, on either database."""
    together = Barrier(8)

    def one(_place: int) -> bool:
        try:
            together.wait(10)
            return allowed("mail", "mallory", 3, 60, now=1000)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(one, range(8))) == 3


def test_counts_are_kept_in_the_database():
    assert isinstance(caches["default"], DatabaseCache)
    assert settings.PASSWORD_HASHERS == ["django.contrib.auth.hashers.Argon2PasswordHasher"]


def test_the_page_of_the_api_shows_every_operation(people):
    page = client_of(people, "analyst").get("/api/").content.decode()
    assert all(one["operationId"] in page for _method, _path, one in operations())
    assert "https://" not in page.replace("https://www.w3.org", "")


def test_the_pages_are_loaded_without_what_reads_events(tmp_path):
    """Web and worker stay small when idle: numpy and its like belong to the analyst."""
    import os
    import subprocess
    import sys

    code = (
        "import sys, django; django.setup(); import holdfast.server.urls;"
        "print([name for name in ('numpy', 'pyarrow', 'numba', 'duckdb', 'deltalake', 'plotly') if name in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | {"HOLDFAST_WORKSPACE": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.strip() == "[]"


def test_a_form_that_is_too_large_is_called_so(settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = Client().post("/accounts/login/", {"login": "x" * 200})
    assert (answer.status_code, "too large" in answer.content.decode()) == (413, True)
