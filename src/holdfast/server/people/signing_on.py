"""Single sign-on by OpenID Connect, as the option SIGN_ON says it: issuer, client id and secret."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from holdfast.errors import SettingsError

__all__ = ["ISSUER_ID", "OpenIdConnect", "sign_on"]

ISSUER_ID = "sign-on"
"""What the issuer is called in URLs."""


@dataclass(frozen=True)
class OpenIdConnect:
    """An issuer that people sign on by.

    issuer  its URL; its discovery document stands at /.well-known/openid-configuration under it
    client  our id there
    secret  our secret there
    """

    issuer: str
    client: str
    secret: str

    @property
    def origin(self) -> str:
        """Scheme and host of the issuer; forms may lead there."""
        parts = urlsplit(self.issuer)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def apps(self) -> list[dict[str, Any]]:
        """As allauth wants it. Addresses are trusted when the issuer says that it verified them."""
        return [
            {
                "provider_id": ISSUER_ID,
                "name": urlsplit(self.issuer).hostname,
                "client_id": self.client,
                "secret": self.secret,
                "settings": {"server_url": self.issuer},
            }
        ]


def sign_on(text: str) -> OpenIdConnect | None:
    """The issuer that an option names; None where it is empty. SettingsError when it is not three words, the first a URL."""
    words = text.split()
    if not words:
        return None
    if len(words) != 3 or not urlsplit(words[0]).netloc:
        raise SettingsError(
            "HOLDFAST_SIGN_ON is no issuer, client id and secret", "write it as https://id.example.com client secret"
        )
    return OpenIdConnect(*words)
