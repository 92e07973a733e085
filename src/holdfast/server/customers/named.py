"""What people are called, as every list of them shows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from holdfast.server.customers.links import customer_url, key_of
from holdfast.server.customers.models import Customer

__all__ = ["Named", "named"]


@dataclass(frozen=True)
class Named:
    """Somebody as lists show her; name and e-mail are empty where they are not known."""

    person: str
    name: str
    email: str

    @property
    def url(self) -> str:
        """Her page."""
        return customer_url(self.person)

    def told(self) -> dict[str, str]:
        """As the HTTP API tells her."""
        return {"id": self.person, "key": key_of(self.person), "name": self.name, "email": self.email}


def named(persons: Iterable[str]) -> list[Named]:
    """These people (person ids) in the order given, with their names."""
    listed = list(persons)
    rows = Customer.objects.filter(person__in=listed, merged_into="").values_list("person", "name", "email")
    known = {person: (name, email) for person, name, email in rows}
    return [Named(one, *known.get(one, ("", ""))) for one in listed]
