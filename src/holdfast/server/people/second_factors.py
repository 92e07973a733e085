"""What is kept of second factors, sealed: secrets of authenticator apps and the seeds of recovery codes.

They cannot be hashed, for codes are reckoned from them. They are encrypted with a key made of the server's secret key, which is
not in the database: whoever gets hold of the database or of a backup of it reckons no codes. What was kept in the clear before
is read as it is, and sealed by the migration 0003.
"""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils.translation import gettext as _

from holdfast.errors import HoldfastError
from holdfast.server.place import secret_key

__all__ = ["SecondFactors", "drop_unreadable"]

LABEL = b"holdfast.server.people: second factors"
MARK = "sealed."
"""How a sealed value begins; none that was kept in the clear does: those are base32 or hexadecimal."""


class SecondFactors(DefaultMFAAdapter):
    """allauth's second factors, with what it keeps sealed."""

    def encrypt(self, text: str) -> str:
        """A secret as it is kept; one that is sealed stays as it is."""
        return text if text.startswith(MARK) else MARK + _box().encrypt(text.encode()).decode("ascii")

    def decrypt(self, encrypted_text: str) -> str:
        """The secret. HoldfastError where it was sealed under another key: then no code is right, and nobody gets in by it."""
        if not encrypted_text.startswith(MARK):
            return encrypted_text
        try:
            return _box().decrypt(encrypted_text.removeprefix(MARK).encode("ascii")).decode()
        except InvalidToken as error:
            raise HoldfastError(
                _("The server has another key than when this second factor was set up, so that no code can be checked"),
                _("A passkey still lets in. Else ask whoever runs the server: holdfast user reset gives a link that lets in."),
            ) from error


def drop_unreadable(user: Any) -> bool:
    """Throw away recovery codes that were sealed under another key: they let nobody in, and keep that page of hers from
    opening. Whether there were any."""
    from allauth.mfa.models import Authenticator

    for one in Authenticator.objects.filter(user=user, type=Authenticator.Type.RECOVERY_CODES):
        try:
            SecondFactors().decrypt(str(one.data.get("seed", "")))
        except HoldfastError:
            one.delete()
            return True
    return False


def _box() -> Fernet:
    key = HKDF(algorithm=SHA256(), length=32, salt=None, info=LABEL).derive(secret_key().encode())
    return Fernet(base64.urlsafe_b64encode(key))
