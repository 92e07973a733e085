"""Work for later about customers: what analyses know of each, erasures that were asked for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from holdfast.server.jobs import crontab, every, job
from holdfast.server.place import folder, server_folder, workspace
from holdfast.server.process.lake_log import log_folder, newest_version

__all__ = ["erase_now", "keep_details", "remind_of_tasks", "traits_due", "work_out_traits"]

GROWN = 1.05
"""So many times as many events, and everything is worked out anew before the day is over."""

WITHIN_SECONDS = 3600.0


@every(crontab(minute="*/20"))
def work_out_traits() -> None:
    """Work out what is known and to be expected of each customer, when a day is over or much has happened."""
    from holdfast.server.analyst.client import call

    if traits_due(datetime.now(UTC)):
        call("customers.foreseen.make", within_seconds=WITHIN_SECONDS)
        call("customers.traits.make", within_seconds=WITHIN_SECONDS)


@every(crontab())
def keep_details() -> None:
    """Each minute in which the lake has moved: what its new large files say is kept in order of the person, for her page."""
    from holdfast.server.analyst.client import call

    newest = newest_version(log_folder())
    if newest < 1:
        return  # an empty lake: the analyst is not started for it
    version, noted = str(newest), server_folder("kept", "details") / "made-of"  # beside them: deleted with them
    if noted.exists() and noted.read_text("ascii") == version:
        return
    if (
        call("customers.details.make", within_seconds=WITHIN_SECONDS) is not None
    ):  # None: another call is at it, of an older lake
        noted.write_text(version, "ascii")


def traits_due(now: datetime) -> bool:
    """Whether the table of traits is a day old, or made of far fewer events than there are now, or not there."""
    from holdfast.server.customers.told_traits import made_of

    rows = workspace().lake.rows()
    made = made_of(folder())
    if made is None:
        return rows > 0
    return now - made[0] > timedelta(days=1) or rows > GROWN * max(made[1], 1)


@job(retries=2, retry_delay=60)
def erase_now(number: int) -> None:
    """Carry out an erasure that was asked for; the queue knows only its number, never whom."""
    from holdfast.server.customers.erasing import carry_out
    from holdfast.server.customers.models import Erasure

    carry_out(Erasure.objects.get(pk=number))


@every(crontab(minute="5"))
def remind_of_tasks() -> None:
    """Once a day, in the morning of the business: mail owners what is due; notes that were deleted yesterday go for good."""
    from holdfast.server.customers.notes import drop_deleted
    from holdfast.server.customers.reminding import due_now, remind_owners

    now = datetime.now(UTC)
    if due_now(now):
        remind_owners(now)
        drop_deleted(now)
