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
from holdfast.server.intake.unpacking import MESSAGE, RawRow

__all__ = ["BATCHES", "keep", "moment"]

LONGEST_MESSAGE = 4_000_000
"""As large as a webhook may be: a message that is cut off could not be sent in again."""
BATCHES = frozenset(("batch", "import"))
MOST_ALIKE = 100
MOST_SHARED = 1_000_000
"""Of what a batch says for all of its messages, written with each of them."""


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
    bundles: dict[int, list[Refused]] = {}
    for one in refused if again else ():
        bundles.setdefault(one.row, []).append(one)
    with transaction.atomic():
        if again:
            _told(bundles, {row: again[row.id] for row in rows if row.id in again}, used)
        _kept(inbox, rows, ours, span)


def moment(time_us: int) -> datetime:
    """Microseconds since 1970 as an instant."""
    return datetime.fromtimestamp(time_us // 1_000_000, UTC).replace(microsecond=time_us % 1_000_000)


def _kept(inbox: str, rows: Sequence[Row], refused: Sequence[Refused], span: QuerySet[RefusedEvent]) -> None:
    """Keep what is refused now, take back what was at the last attempt and is not any more."""
    before = set(span.values_list("inbox_row", "place"))
    by_id = {row.id: row for row in rows}
    now: set[tuple[int, int]] = set()
    fresh: list[RefusedEvent] = []
    for number, of_row in groupby(sorted(refused, key=lambda one: (one.row, one.place)), key=lambda one: one.row):
        raw = RawRow(by_id[number])
        bundles = {(number, bundle[0].place): bundle for bundle in _bundles(by_id[number], raw, list(of_row))}
        now |= bundles.keys()
        fresh += [_event(inbox, by_id[number], raw, bundle) for key, bundle in bundles.items() if key not in before]
    for row, place in before - now:
        span.filter(inbox_row=row, place=place).delete()
    RefusedEvent.objects.bulk_create(fresh, batch_size=200, ignore_conflicts=True)


def _bundles(row: Row, raw: RawRow, refused: list[Refused]) -> list[list[Refused]]:
    """One by one; very many of a batch for the same reason together: 2,500 empty messages are 8 KB, and would be 2,500 rows."""
    if row.kind not in BATCHES or (len(refused) <= MOST_ALIKE and len(refused) * raw.shared_bytes <= MOST_SHARED):
        return [[one] for one in refused]
    of_code: dict[str, list[Refused]] = {}
    for one in refused:
        of_code.setdefault(one.code, []).append(one)
    return list(of_code.values())


def _event(inbox: str, row: Row, raw: RawRow, bundle: Sequence[Refused]) -> RefusedEvent:
    one, whole = bundle[0], bundle[0].place == WHOLE_ROW or row.kind not in BATCHES
    message = raw.text(one.place) if len(bundle) == 1 else raw.batch(each.place for each in bundle)
    return RefusedEvent(
        inbox=inbox,
        inbox_row=row.id,
        place=one.place,
        received_at=moment(row.received_us),
        source=row.source,
        kind=row.kind if whole or len(bundle) > 1 else MESSAGE,
        code=one.code[:64],
        sentence=_sentence(bundle),
        mend=one.mend,
        message=message.replace("\0", "")[:LONGEST_MESSAGE],
    )


def _sentence(bundle: Sequence[Refused]) -> str:
    said = bundle[0].sentence.replace("\0", "")
    return said if len(bundle) == 1 else f"{said}; so it is with {len(bundle):,} messages of this batch"


def _told(bundles: Mapping[int, Sequence[Refused]], again: Mapping[Row, int], used: Collection[int]) -> None:
    """What became of refused events that were sent in again: refused once more for the first reason, else used or known.

    Of a batch only what was refused once more is kept.

    Known is also a webhook of whose object something newer was told meanwhile: it says nothing any more.
    """
    for row, event in again.items():
        ours, bundle = RefusedEvent.objects.filter(id=event), bundles.get(row.id, ())
        if not bundle:
            ours.update(outcome="used" if row.id in used else "known")
            continue
        told = {"outcome": "", "code": bundle[0].code[:64], "sentence": _sentence(bundle), "mend": bundle[0].mend}
        if row.kind in BATCHES and bundle[0].place != WHOLE_ROW:
            told["message"] = RawRow(row).batch(one.place for one in bundle).replace("\0", "")
        ours.update(**told)
