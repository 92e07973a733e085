"""The corner shop of the stories about pages: Ann comes often, Ben has fallen silent, Cleo has two ids, Dan bought once.

Ann and Ben work for Acme; HOSTILE has a name made to do harm; VISITOR is nobody yet.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from holdfast.server.customers import projection
from holdfast.server.customers.links import key_of
from holdfast.workspace import Workspace
from tests.server.lakes import happened, pour

__all__ = ["HOSTILE", "LONG", "RTL", "SLASHED", "VISITOR", "open_corner", "url"]

HOSTILE = 'x" onmouseover="alert(1)'
SLASHED = "crm/17?a=b#c ü 顧客"
RTL = "rtl-1"
LONG = "long-1"
VISITOR = "anon:browser-1"


def order(number: int, who: str, pounds: int, day: float) -> dict[str, Any]:
    products = json.dumps([{"product_id": "mug", "name": "Blue <b>mug</b>", "quantity": 2, "price": pounds / 2}])
    return happened(
        number,
        who,
        "Order Completed",
        order_id=f"o{number}",
        revenue=Decimal(pounds),
        currency="GBP",
        products=products,
        day=day,
    )


def told(number: int, who: str, **traits: str) -> dict[str, Any]:
    return happened(number, who, kind="identify", day=0.5, **{f"traits.{name}": value for name, value in traits.items()})


def open_corner(workspace: Workspace) -> Workspace:
    """Pour the stories, build timelines and profiles."""
    pour(workspace, [
        told(1, "ann", name="Ann Archer", email="ann@example.com", phone="+44 20 7946 0001", gender="female", interests="tea"),
        told(2, "ben", name="Ben Brook", email="ben@example.com", company="Acme Ltd"),
        told(3, "cleo-1", name="Cleo Park", email="cleo@example.com"),
        told(4, "cleo-2", name="Cleo P.", email="cleo@example.com", plan="gold"),
        told(5, "dan", name="Dan Dale", country="Ireland"),
        told(6, HOSTILE, name="<script>alert(1)</script>", email="<img src=x onerror=alert(2)>@x.com", told="</dd><script>"),
        told(7, SLASHED, name="Slash Ünïcode"),
        told(8, RTL, name="\u202eمحمد gnp.exe"),
        told(9, LONG, name="Wolfeschlegelsteinhausenbergerdorff" * 7),
        *(order(20 + n, "ann", 20 + n, 1 + 10 * n) for n in range(6)),
        *(order(40 + n, "ben", 50, 1 + 3 * n) for n in range(4)),
        order(60, "dan", 7, 55),
        order(61, "cleo-1", 12, 30),
        order(62, "cleo-2", 13, 40),
        happened(70, "ann", "Order Refunded", order_id="o20", revenue=Decimal(5), currency="GBP", day=12),
        happened(71, "ann", "Page Viewed", day=58, title="Teapots"),
        happened(72, None, "Page Viewed", device="browser-1", day=59, title="Home"),
        happened(73, HOSTILE, "<script>alert(3)</script>", day=59, title="<svg onload=alert(4)>"),
        *(happened(80 + n, ("ann", "ben")[n], kind="group", day=0.6, groupId="acme", name="Acme & Sons <b>") for n in range(2)),
    ])  # fmt: skip
    assert workspace.timelines.events > 20
    projection.follow()
    return workspace


def url(person: str, *more: str) -> str:
    """The page of a person, or one below it."""
    return "/".join(["/customers", key_of(person), *more, ""])
