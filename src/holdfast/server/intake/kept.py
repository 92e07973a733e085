"""Fifth station: what was refused is kept, once, with the message as it came; what was sent in again learns what became of it.

Kept before the lake commits, in one transaction. A digester that is killed between the two does the same rows again and finds
its own refusals; where the settings changed meanwhile, so that a message can be used now, the refusal is taken back.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby

from django.db import transaction
from django.db.models import QuerySet

from holdfast.server.intake.inbox import Row
from holdfast.server.intake.models import RefusedEvent
from holdfast.server.intake.refusing import WHOLE_ROW, Refused
from holdfast.server.intake.unpacking import MESSAGE, WEBHOOK, raw_messages

__all__ = ["keep", "moment"]

LONGEST_MESSAGE = 4_000_000
"""As large as a webhook may be: a message that is cut off could not be sent in again."""
BATCHES = frozenset(("batch", "import"))


def keep(
    inbox: str,
    rows: Sequence[Row],
    refused: Sequence[Refused],
    *,
    again: Mapping[int, int],
    used: Collection[int],
) -> None:
    """Keep the refusals among some rows of the inbox.

    inbox  its name
    rows   the rows, in order
    again  row → the refused event that it brings again
    used   the rows of which a message went into the lake
    """
    ours = [one for one in refused if one.row not in again]
    span = RefusedEvent.objects.filter(inbox=inbox, inbox_row__gte=rows[0].id, inbox_row__lte=rows[-1].id)
    if not again and not ours and not span.exists():
        return  # a transaction that has nothing to write would wait for those of the followers
    with transaction.atomic():
        if again:
            _told(refused, again, used)
        _kept(inbox, rows, ours, span)


def moment(time_us: int) -> datetime:
    """Microseconds since 1970 as an instant."""
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).replace(microsecond=time_us % 1_000_000)


def _kept(inbox: str, rows: Sequence[Row], refused: Sequence[Refused], span: QuerySet[RefusedEvent]) -> None:
    """Keep what is refused now, take back what was at the last attempt and is not any more."""
    before = set(span.values_list("inbox_row", "place"))
    now = {(one.row, one.place) for one in refused}
    for row, place in before - now:
        span.filter(inbox_row=row, place=place).delete()
    in_order = sorted((one for one in refused if (one.row, one.place) not in before), key=lambda one: (one.row, one.place))
    by_id = {row.id: row for row in rows}
    fresh: list[RefusedEvent] = []
    for number, of_row in groupby(in_order, key=lambda one: one.row):
        text_of = raw_messages(by_id[number])
        fresh += [_event(inbox, by_id[number], one, text_of(one.place)) for one in of_row]
    RefusedEvent.objects.bulk_create(fresh, batch_size=200, ignore_conflicts=True)


def _event(inbox: str, row: Row, one: Refused, message: str) -> RefusedEvent:
    alone = row.kind not in BATCHES and not row.kind.startswith(WEBHOOK)
    return RefusedEvent(
        inbox=inbox,
        inbox_row=row.id,
        place=one.place,
        received_at=moment(row.received_us),
        source=row.source,
        kind=row.kind if alone or one.place == WHOLE_ROW or row.kind.startswith(WEBHOOK) else MESSAGE,
        code=one.code[:64],
        sentence=one.sentence.replace("\0", ""),
        mend=one.mend,
        message=message.replace("\0", "")[:LONGEST_MESSAGE],
    )


def _told(refused: Sequence[Refused], again: Mapping[int, int], used: Collection[int]) -> None:
    """What became of refused events that were sent in again: refused once more for the last reason, else used or known.

    Known is also a webhook of whose object something newer was told meanwhile: it says nothing any more.
    """
    reasons = {one.row: one for one in refused}
    for row, event in again.items():
        ours = RefusedEvent.objects.filter(id=event)
        if row in reasons:
            one = reasons[row]
            ours.update(outcome="", code=one.code[:64], sentence=one.sentence.replace("\0", ""), mend=one.mend)
        else:
            ours.update(outcome="used" if row in used else "known")
