from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import migrations

KEPT = {"totp": "secret", "recovery_codes": "seed"}


def sealed(apps: Any, _schema_editor: Any) -> None:
    """Encrypt what was kept in the clear."""
    from holdfast.server.people.second_factors import SecondFactors

    _each(apps, SecondFactors().encrypt)


def opened(apps: Any, _schema_editor: Any) -> None:
    """The way back."""
    from holdfast.server.people.second_factors import SecondFactors

    _each(apps, SecondFactors().decrypt)


def _each(apps: Any, turned: Callable[[str], str]) -> None:
    for one in apps.get_model("mfa", "Authenticator").objects.filter(type__in=KEPT):
        name = KEPT[one.type]
        if name in one.data:
            one.data[name] = turned(one.data[name])
            one.save(update_fields=["data"])


class Migration(migrations.Migration):
    dependencies = [
        ("people", "0002_invitations_and_links"),
        ("mfa", "0003_authenticator_type_uniq"),
    ]

    operations = [
        migrations.RunPython(sealed, opened),
    ]
