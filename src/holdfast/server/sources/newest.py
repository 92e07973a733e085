"""Of two tellings of one order the newer holds, in whichever order they arrive, and however long after one comes again.

Shops promise neither order nor uniqueness. In the lake the later *arrival* of an order replaces the earlier one, so a telling
that is older than what is known must not go in at all; and a refund, a shipment, the start of a subscription stand in every
telling of their order for years, long after the week in which the digester knows a message by its id. For each object the
version and the content last told are kept here; what happened once to an order, for each person who was said to have ordered:

- an older version is left out, and so is the same content again, whatever its version;
- of two contents with one version (clocks of shops tick in seconds) the one with the greater digest holds;
- what an older telling of an order says was paid back or sent is left out: the newer one said so too, for whose it is by then;
- where only a change is an event (paused, resumed) the first state is remembered and silent;
- what was refused is not remembered: put right and sent in again, it is told.

So any order of arrival and any repetition end with the same order. What some rows tell is noted in a `Memory`, and written to
the database once the lake has them: a digester that is killed in between, or fails and begins again, decides the same again.
Objects are known here by a hash of their ids under the server's key, so that nothing in this table names anybody: there is
nothing to erase.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Literal, NamedTuple

from holdfast.server.place import secret_key
from holdfast.server.sources.awaiting import is_over, send_tied, unknown
from holdfast.server.sources.messages import Message, Tie, Told

__all__ = ["Memory", "kept"]

WHOLE_ROW = -1
PORTION = 200

Object = tuple[str, str]
Place = tuple[int, int]
"""A row of the inbox, and the place of a message among those it means; WHOLE_ROW: none of them."""


class _State(NamedTuple):
    """What was told last of an object; `message` is the order of a tie."""

    version: str
    digest: str
    message: str = ""


class Memory:
    """What is known of objects while some rows are digested: what the database says, and what the rows add to it.

    clock  now, with a zone
    look   "last": what these rows say is in the lake, and only remembered. What waited for its order at the first look is not,
           though that order be known by now: it comes again by itself, and is told then
    again  the rows that bring a refused event again: they have waited since they came the first time
    """

    def __init__(
        self,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        look: Literal["first", "last"] = "first",
        again: Collection[int] = (),
    ) -> None:
        self.clock, self.look, self._again = clock, look, again
        self._ties: list[tuple[int, str, str]] = []
        self._known: dict[Object, _State | None] = {}
        self._added: dict[Object, list[tuple[Place, _State]]] = {}

    def read(self, source: str, keys: Iterable[str]) -> None:
        """Have at hand what the database says of some objects."""
        from holdfast.server.sources.models import Newest

        missing = [key for key in dict.fromkeys(keys) if (source, key) not in self._known]
        if not missing:
            return
        self._known |= {(source, key): None for key in missing}
        for row in Newest.objects.filter(source=source, of__in=missing).values_list("of", "version", "digest", "message"):
            self._known[source, row[0]] = _State(*row[1:])

    def state(self, source: str, key: str) -> _State | None:
        """What was told last of an object that was read; None: nothing."""
        added = self._added.get((source, key))
        return added[-1][1] if added else self._known[source, key]

    def waits_since(self, row: int, received_us: int) -> int:
        """Since when a row waits for what must be told first: one that is looked at for the first time since now.

        However long ago it came: what it waits for may stand behind it.
        """
        return received_us if row in self._again else round(self.clock().timestamp() * 1_000_000)

    def note(self, source: str, key: str, state: _State, place: Place) -> None:
        """Something newer was told."""
        self._added.setdefault((source, key), []).append((place, state))

    def note_again(self, source: str, key: str, state: _State, row: int) -> None:
        """What was told last was told again: where that was refused, this is not remembered either."""
        added = self._added.get((source, key))
        self.note(source, key, state, added[-1][0] if added else (row, WHOLE_ROW))

    def note_tie(self, source: str, tie: Tie, row: int) -> None:
        """A payment was tied to an order."""
        self.note(source, _payment(source, tie.payment), _State("", "", tie.order), (row, WHOLE_ROW))
        self._ties.append((row, source, tie.payment))

    def write(self, refused: Collection[Place]) -> None:
        """Write down what was told, but for what was refused: a message at its place, or a row as a whole.

        What waits for the order of a payment that was tied to one is sent in again.
        """
        from holdfast.server.sources.models import Newest

        rows = []
        for (source, key), added in self._added.items():
            held = [state for place, state in added if place not in refused and (place[0], WHOLE_ROW) not in refused]
            if held:
                rows.append(Newest(source=source, of=key, **held[-1]._asdict()))
        if rows:
            Newest.objects.bulk_create(
                rows,
                batch_size=PORTION,
                update_conflicts=True,
                unique_fields=["source", "of"],
                update_fields=["version", "digest", "message"],
            )
        send_tied((source, payment) for row, source, payment in self._ties if (row, WHOLE_ROW) not in refused)
        self._added.clear()
        self._known.clear()
        self._ties.clear()


def kept(source: str, told: Sequence[Told], memory: Memory, row: int, since_us: int = 0) -> list[dict[str, Any]]:
    """The bodies of those messages that hold, each with its id. NotUnderstood where one must wait for its order (`awaiting`).

    row       of the inbox: it is noted in the memory what came from where
    since_us  since when it waits; what has waited for long waits no longer
    """
    memory.read(source, (key for one in told for key in _keys_of(source, one)))
    if memory.look == "first":
        _none_waits(source, told, memory, since_us)
    bodies: list[dict[str, Any]] = []
    for one in told:
        body = _told(source, one, memory, (row, len(bodies)))
        if body is not None:
            bodies.append(body)
    return bodies


def _none_waits(source: str, told: Sequence[Told], memory: Memory, since_us: int) -> None:
    for one in told:
        if isinstance(one, Tie) or one.tied_by is None or one.untied == "told":
            continue
        if memory.state(source, _payment(source, one.tied_by)) is None and not is_over(since_us, memory.clock()):
            raise unknown(one.tied_by)


def _keys_of(source: str, one: Told) -> Iterator[str]:
    """Which objects must be known, to say what becomes of a telling."""
    if isinstance(one, Tie):
        yield _payment(source, one.payment)
        return
    if one.tied_by is not None:
        yield _payment(source, one.tied_by)
    if one.of is not None:
        yield _key(source, one.of)
    if one.beside is not None:
        yield _key(source, one.beside[0])


def _told(source: str, one: Told, memory: Memory, place: Place) -> dict[str, Any] | None:
    if isinstance(one, Tie):
        memory.note_tie(source, one, place[0])
        return None
    if one.tied_by is not None and one.untied == "waits" and memory.look == "last":
        return None
    if one.tied_by is not None:
        one = replace(one, body=_tied(one, memory.state(source, _payment(source, one.tied_by))))
    if one.beside is not None and _is_late(memory.state(source, _key(source, one.beside[0])), one.beside[1]):
        return None
    return one.body if one.of is None else _held(source, _key(source, one.of), one, memory, place)


def _is_late(known: _State | None, version: str) -> bool:
    return known is not None and version < known.version


def _held(source: str, key: str, message: Message, memory: Memory, place: Place) -> dict[str, Any] | None:
    """The body under its id, and noted as the newest; None where that is known, something newer is, or the first is silent."""
    said, known = message.digest, memory.state(source, key)
    if known is not None and (message.version, said) <= (known.version, known.digest):
        return None
    now = _State(message.version, said)
    if message.first == "silent" if known is None else said == known.digest:
        memory.note_again(source, key, now, place[0])
        return None
    memory.note(source, key, now, place)
    return {**message.body, "messageId": message.body["messageId"] or f"{source}:{key}:{message.version}:{said}"}


def _tied(message: Message, known: _State | None) -> dict[str, Any]:
    """The body with the order that its payment paid, where that is known."""
    if known is None:
        return message.body
    return {**message.body, "properties": {**message.body["properties"], "order_id": known.message}}


def _payment(source: str, payment: str) -> str:
    return _key(source, f"payment:{payment}")


def _key(source: str, of: str) -> str:
    """An object as it is known here: what kind of thing it is, and a hash of its id."""
    mac = hmac.new(secret_key().encode(), f"{source} {of}".encode(), hashlib.sha256).hexdigest()
    return f"{of.partition(':')[0]}-{mac[:32]}"
