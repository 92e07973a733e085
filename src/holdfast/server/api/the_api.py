"""The API with the routers of all rooms."""

from __future__ import annotations

from importlib import import_module

from ninja import NinjaAPI

from holdfast.server.api.errors import answer_errors

__all__ = ["ROOMS", "api"]

ROOMS = ("customers.api", "customers.api_care", "insights.api", "intake.api", "people.api")
"""Files of rooms that have a `router`."""

ABOUT = """Everything the pages of Holdfast can do, for programs.

Call it with a token from the page Keys: `Authorization: Bearer at_…`. Each operation says which scope it needs: look, care,
steer or own. Errors say `type`, `what` and `mend`. Lists come in pages: `limit`, `cursor`, and `next` in the answer.
Events are sent to /v1/ instead, with a write key."""


def _made() -> NinjaAPI:
    made = NinjaAPI(title="Holdfast", version="1", description=ABOUT, urls_namespace="api", docs_url=None)
    answer_errors(made)
    for room in ROOMS:
        made.add_router("", import_module(f"holdfast.server.{room}").router)
    return made


api = _made()
