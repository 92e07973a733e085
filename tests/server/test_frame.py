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
