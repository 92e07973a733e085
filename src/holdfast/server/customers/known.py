"""Who somebody is, for pages: a profile where there is one, all ids of a person, what she is called.

The one door through which pages reach customers: `who_or_404(key)` for the customer of a URL.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from django.http import Http404
from django.utils import timezone

from holdfast.server.customers.figures import figures
from holdfast.server.customers.links import person_of
from holdfast.server.customers.models import Account, Customer, KnownAs, ids_of
from holdfast.server.customers.resolving import ANONYMOUS
from holdfast.server.customers.standing import name_shown
from holdfast.server.place import settings

__all__ = ["Who", "names_of", "today", "who", "who_or_404"]


@dataclass(frozen=True)
class Who:
    """A person as pages show her.

    person    the id that she is shown under · ids  all her ids, that one first
    asked     the id that was asked for: another than `person` when the two are one
    customer  her profile; None for one who only has events
    """

    person: str
    ids: tuple[str, ...]
    asked: str
    customer: Customer | None

    @property
    def name(self) -> str:
        """What she is called."""
        one = self.customer
        return name_shown(one.name, one.email, self.person) if one else name_shown("", "", self.person)

    @property
    def shown_ids(self) -> tuple[str, ...]:
        """Her ids as people read them: an alias names an id as customer and as visitor at once, told here as the customer."""
        twice = {ANONYMOUS + one for one in self.ids}
        return tuple(one for one in self.ids if one not in twice)

    @property
    def account(self) -> str:
        """The id of her account; "" for none."""
        return str(self.customer.account) if self.customer else ""

    @property
    def account_name(self) -> str:
        """What her account is called."""
        found = Account.objects.filter(account=self.account).first() if self.account else None
        return str(found) if found else self.account


def who(person: str) -> Who | None:
    """Who has that id; None for nobody that anything is known of."""
    ids = tuple(ids_of(person))
    found = Customer.objects.filter(person__in=ids, merged_into="").first()
    if found is None and not figures(ids[:1]):
        return None
    return Who(ids[0], ids, person, found)


def who_or_404(key: str) -> Who:
    """The customer of a URL."""
    found = who(person_of(key))
    if found is None:
        raise Http404
    return found


def names_of(persons: Iterable[str]) -> dict[str, str]:
    """What each of some ids is called, merged ones by the name of the person that they really are."""
    wanted = set(persons)
    merged = dict(KnownAs.objects.filter(known_as__in=wanted).values_list("known_as", "person"))
    whole = {one: merged.get(one, one) for one in wanted}
    rows = Customer.objects.filter(person__in=set(whole.values())).values_list("person", "name", "email")
    named = {person: name_shown(name, email, person) for person, name, email in rows}
    return {one: named.get(person) or name_shown("", "", person) for one, person in whole.items()}


def today() -> date:
    """The day it is in the zone of the business."""
    return timezone.now().astimezone(ZoneInfo(settings().zone)).date()
