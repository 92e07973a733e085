"""The frame of the server: it starts, its settings are told, its roles are in order."""

from __future__ import annotations

from itertools import pairwise

import pytest

from holdfast.server.people.access import NEEDS, ROLES

pytestmark = pytest.mark.one_database


def test_each_role_may_all_that_the_one_before_may():
    order = ["analyst", "agent", "manager", "owner"]
    assert all(ROLES[low] < ROLES[high] for low, high in pairwise(order))
    assert ROLES["owner"] == set(NEEDS)


def test_nobody_is_sent_to_the_login(as_):
    assert as_(None).get("/accounts/login/").status_code == 200


def test_keys_of_one_letter_can_be_turned_off(served, browse):
    """WCAG 2.1.4: who speaks to her computer must not go elsewhere by a word; the list of keys is a button, too."""
    page = browse("anna")
    page.goto("/me/")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_label("These keys are on").uncheck()
    page.get_by_role("button", name="Close").click()
    page.reload()
    page.keyboard.press("?")
    page.keyboard.press("/")
    assert not page.locator("dialog#keys").is_visible()
    assert page.url.endswith("/me/")
    page.get_by_role("button", name="Keyboard").click()
    page.get_by_label("These keys are on").check()
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    assert page.locator("dialog#keys").is_visible()
