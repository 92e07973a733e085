"""What a person chooses about a file: which column is what, and how its texts are read. Pure: form → values → form."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

__all__ = ["choices", "chosen"]

ROLES: dict[str, Any] = {
    "time": _("Time"),
    "customer": _("Customer"),
    "anonymous": _("Device or browser"),
    "order": _("Order number"),
    "product": _("Product"),
    "product_name": _("Name of the product"),
    "category": _("Category"),
    "quantity": _("Quantity"),
    "price": _("Price of one"),
    "revenue": _("Amount"),
    "currency": _("Currency"),
    "event": _("Event"),
    "type": _("Kind of call"),
    "event_id": _("Id of the event"),
    "refund_of": _("Order that is taken back"),
    "products": _("Products as a list"),
}
"""Role → its name for people, in the order of the page."""

OPTIONS: dict[str, tuple[Any, tuple[tuple[str, Any], ...]]] = {
    "shape": (
        _("A row is"),
        (("lines", _("a line of an order")), ("orders", _("a whole order")), ("events", _("any event"))),
    ),
    "dates": (
        _("Dates are written"),
        (
            ("iso", _("year-month-day")),
            ("dmy", _("day first: 31/12/2024")),
            ("mdy", _("month first: 12/31/2024")),
            ("compact", _("20241231")),
            ("epoch_s", _("seconds since 1970")),
            ("epoch_ms", _("milliseconds since 1970")),
            ("epoch_us", _("microseconds since 1970")),
        ),
    ),
    "decimal": (_("Decimal sign"), ((".", _("point: 10.05")), (",", _("comma: 10,05")))),
    "separator": (
        _("Between fields"),
        ((",", ","), (";", ";"), ("\t", _("tab")), ("|", "|"), ("whitespace", _("blanks"))),
    ),
    "header": (_("First row"), (("first row", _("names the columns")), ("none", _("is data")))),
    "duplicates": (_("Rows that repeat"), (("drop", _("are dropped")),)),
}
"""Option → its name, and its values with theirs."""

TEXTS: dict[str, tuple[Any, Any]] = {
    "zone": (_("Times without offset are of"), _("an IANA zone, such as Europe/London")),
    "currency": (_("Amounts are in"), _("three letters, such as GBP")),
    "encoding": (_("Letters are encoded as"), _("such as utf-8, cp1252, utf-16")),
    "sheet": (_("Sheet"), _("of a workbook")),
    "event": (_("Every row tells of"), _("the name of an event, such as Page Viewed")),
}
"""Options that are written: name, example."""


def chosen(form: Mapping[str, str]) -> tuple[dict[str, str], dict[str, Any]]:
    """The mapping and the options that a form says; what is left to be guessed stands in neither."""
    columns = {role: form.get(f"role-{role}", "") for role in ROLES}
    chosen_here = {role: column for role, column in columns.items() if column not in ("", form.get(f"guess-{role}"))}
    mapping = {role: "" if column == "-" else column for role, column in chosen_here.items()}
    options: dict[str, Any] = {}
    for name, (_label, values) in OPTIONS.items():
        if form.get(name, "") in {value for value, _said in values}:
            options[name] = form[name]
    for name in TEXTS:
        if said := form.get(name, "").strip()[:80]:
            options[name] = said.upper() if name == "currency" else said
    if events := _events(form.get("events", "")):
        options["events"] = events
    return mapping, options


def choices(plan: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The form: each role with its columns and why, each option with its values and what is guessed."""
    why = {what: {"value": value, "reason": reason, "sure": sure} for what, value, reason, sure in plan.get("guesses", [])}
    known = [role for role in ROLES if role in plan.get("roles", [])]
    mapping, columns = plan.get("mapping", {}), plan.get("columns", [])
    roles = [
        {
            "role": role,
            "label": ROLES[role],
            "column": mapping.get(role, ""),
            "why": why.get(role),
            "guessed": role in why and why[role]["reason"] != "given",
        }
        for role in known
    ]
    return {
        "taken": [one for one in roles if one["column"]],
        "open": [one for one in roles if not one["column"]],
        "columns": columns,
        "options": [
            {
                "name": name,
                "label": label,
                "values": values,
                "said": options.get(name, ""),
                "why": why.get(name),
                "found": _found(name, why.get(name)),
            }
            for name, (label, values) in OPTIONS.items()
        ],
        "texts": [
            {"name": name, "label": label, "help": example, "said": options.get(name, ""), "why": why.get(name)}
            for name, (label, example) in TEXTS.items()
        ],
        "events": "\n".join(f"{name}={event}" for name, event in (options.get("events") or {}).items()),
        "names": [{"name": one, "label": _SAMPLE.get(one, one)} for one in plan.get("sample", {}).get("names", [])],
    }


def _found(name: str, why: Mapping[str, Any] | None) -> Any:
    """What holds where nothing is chosen, in words."""
    if why is None:
        return _("are kept") if name == "duplicates" else _("as found")
    return dict(OPTIONS[name][1]).get(why["value"], why["value"])


def _events(text: str) -> dict[str, str]:
    """Lines `name=event`."""
    pairs = [line.partition("=") for line in text.splitlines()[:200] if "=" in line]
    return {name.strip(): event.strip() for name, _sign, event in pairs if name.strip() and event.strip()}


_SAMPLE: dict[str, Any] = {**ROLES, "amount": _("Amount"), "properties": _("Everything else")}
