"""Work for later of this room, done by the worker."""

from __future__ import annotations

from holdfast.server.jobs import job

__all__ = ["erase_asked", "read_in"]


@job(retries=5, retry_delay=300)
def erase_asked(request: int) -> None:
    """Erase the customer whom a shop asks to erase."""
    from holdfast.server.sources.models import PrivacyRequest
    from holdfast.server.sources.privacy import carry_out

    carry_out(PrivacyRequest.objects.get(pk=request))


@job()
def read_in(upload: int) -> None:
    """Read an uploaded file into the lake."""
    from holdfast.server.sources.reading_apart import read_apart

    read_apart(upload)
