"""Links to customers. A person id may hold any sign, so that in a URL it stands as base64url of its UTF-8 bytes."""

from __future__ import annotations

import base64
import binascii

from django.http import Http404
from django.urls import reverse

__all__ = ["customer_url", "key_of", "person_of"]


def key_of(person: str) -> str:
    """A person id as it stands in a URL."""
    return base64.urlsafe_b64encode(person.encode()).decode().rstrip("=")


def person_of(key: str) -> str:
    """The person id of a key. Http404 when it is none."""
    try:
        person = base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)).decode()
    except (binascii.Error, ValueError) as error:
        raise Http404 from error
    if "\0" in person:
        raise Http404
    return person


def customer_url(person: str) -> str:
    """The page of a customer."""
    return reverse("customer", args=[key_of(person)])
