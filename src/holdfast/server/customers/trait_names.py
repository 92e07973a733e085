"""Known names of traits: which of four classes a trait belongs to (mission 3.14), and which one shows as name, e-mail, …

demographic    who she is: age, gender, place, firm        psychographic  what she likes and believes: interests, style
behavioural    what she does: orders, spending, plan       contextual     in which situation: device, language, channel

A business can put a trait elsewhere (`TraitClass`). What no name tells is behavioural: most own traits count what people do.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

__all__ = ["SHOWN", "Class", "class_of", "classes", "plain"]

Class = Literal["demographic", "psychographic", "behavioural", "contextual"]

SHOWN: dict[str, tuple[str, ...]] = {
    "name": ("name", "full_name", "display_name", "customer_name", "billing_name"),
    "email": ("email", "email_address", "customer_email"),
    "phone": ("phone", "phone_number", "mobile", "telephone", "billing_phone"),
    "account": ("group_id", "account_id", "account", "company_name", "company", "organization", "firm"),
    "city": ("city", "address_city", "billing_city", "shipping_city", "town"),
    "country": ("country", "address_country", "billing_country", "shipping_country", "country_code"),
}
"""Shown field → the traits that may fill it, the surest first."""

_WORDS: dict[Class, str] = {
    "demographic": (
        "name first last given family middle title gender sex age birthday birth birthdate dob born email phone "
        "mobile telephone address street city town state region province county postcode postal zip country "
        "nationality company account organization organisation firm group job position occupation profession "
        "industry employees income education marital children household avatar website username"
    ),
    "psychographic": (
        "interest interests hobby hobbies like likes dislikes favourite favorite preference preferences preferred "
        "style taste lifestyle value values attitude opinion personality motivation goal goals diet allergy brand "
        "brands topic topics frequency persona sentiment satisfaction nps csat"
    ),
    "behavioural": (
        "order orders spent spend revenue purchase purchases visit visits login logins session sessions plan "
        "subscription tier points loyalty usage active last count total lifetime referral referred coupon discount "
        "created signup signed"
    ),
    "contextual": (
        "device browser os platform app version language locale timezone zone currency channel source medium "
        "campaign utm referrer ip screen network location latitude longitude weather season consent opt accepts "
        "subscribed newsletter marketing"
    ),
}
_CLASS: dict[str, Class] = {word: kind for kind, words in _WORDS.items() for word in words.split()}
_WHOLE: dict[str, Class] = {
    "last_name": "demographic",
    "created_at": "behavioural",
    "date_of_birth": "demographic",
    "job_title": "demographic",
    "postal_code": "demographic",
    "user_agent": "contextual",
    "accepts_marketing": "contextual",
    "email_opt_in": "contextual",
    "sms_opt_in": "contextual",
    "email_marketing_consent": "contextual",
    "total_spent": "behavioural",
    "first_order": "behavioural",
    "last_order": "behavioural",
}


@lru_cache(maxsize=10_000)
def plain(name: str) -> str:
    """A trait's name in small letters with underscores: firstName, first-name and First Name are first_name."""
    apart = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^\w]+", "_", apart).strip("_").lower()


def class_of(name: str, own: dict[str, Class] | None = None) -> Class:
    """The class of a trait.

    own  trait → class as the business says (`classes()`), which goes before the table
    """
    if own and name in own:
        return own[name]
    whole = plain(name)
    if whole in _WHOLE:
        return _WHOLE[whole]
    words = whole.split("_")
    for told in ("consent", "opt", "subscribed", "accepts"):
        if told in words:
            return "contextual"
    return next((_CLASS[word] for word in words if word in _CLASS), "behavioural")


def classes() -> dict[str, Class]:
    """The traits that this business put into a class of its own choice."""
    from holdfast.server.customers.models import TraitClass

    return dict(TraitClass.objects.values_list("name", "kind"))
