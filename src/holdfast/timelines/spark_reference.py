"""The frame of reference of a cluster: what every partition must know so that all of them count with the same codes.

Each source partition tells what it saw; what they tell adds up, in any order, to the names, values and span of all events.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from holdfast.errors import InputError
from holdfast.timelines.columns import Meta
from holdfast.timelines.gather import MAX_NAMES, MAX_VALUES, Gathered

__all__ = ["Reference"]

MICRO = 1_000_000


@dataclass(frozen=True)
class Reference:
    """What events hold, without the events.

    names       event names · values  property → its values · wide  properties with too many values to be kept
    first_us, last_us   span of the times, UTC microseconds; None when there are no events
    last_sequence       the highest sequence, -1 when there are no events
    rows        source partition → its events that can be placed
    skipped     rows that could not be placed · no_revenue  orders and refunds without money
    """

    names: frozenset[str] = frozenset()
    values: dict[str, frozenset[str]] = field(default_factory=dict)
    wide: frozenset[str] = frozenset()
    first_us: int | None = None
    last_us: int | None = None
    last_sequence: int = -1
    rows: dict[int, int] = field(default_factory=dict)
    skipped: int = 0
    no_revenue: int = 0

    @staticmethod
    def of(part: int, gathered: Gathered) -> Reference:
        """What these events of a source partition hold."""
        some = len(gathered.time) > 0
        return Reference(
            names=frozenset(gathered.names),
            values={name: frozenset(values[1:]) for name, values in gathered.values.items()},
            wide=frozenset(gathered.wide),
            first_us=int(gathered.time.min()) if some else None,
            last_us=int(gathered.time.max()) if some else None,
            last_sequence=int(gathered.sequence.max()) if some else -1,
            rows={part: len(gathered.time)},
            skipped=gathered.skipped,
            no_revenue=gathered.no_revenue,
        )

    def __add__(self, other: Reference) -> Reference:
        firsts = [each.first_us for each in (self, other) if each.first_us is not None]
        lasts = [each.last_us for each in (self, other) if each.last_us is not None]
        return Reference(
            names=self.names | other.names,
            values={
                n: self.values.get(n, frozenset()) | other.values.get(n, frozenset()) for n in {*self.values, *other.values}
            },
            wide=self.wide | other.wide,
            first_us=min(firsts, default=None),
            last_us=max(lasts, default=None),
            last_sequence=max(self.last_sequence, other.last_sequence),
            rows={part: self.rows.get(part, 0) + other.rows.get(part, 0) for part in {*self.rows, *other.rows}},
            skipped=self.skipped + other.skipped,
            no_revenue=self.no_revenue + other.no_revenue,
        )

    @property
    def total(self) -> int:
        """How many events can be placed."""
        return sum(self.rows.values())

    def numbered(self) -> Reference:
        """The same where events carry no sequence: they are numbered by their place in the frame."""
        return replace(self, last_sequence=self.total - 1)

    def first_rows(self) -> dict[int, int]:
        """Source partition → arrival number of its first event, where the events carry no sequence."""
        out, before = {}, 0
        for part in sorted(self.rows):
            out[part] = before
            before += self.rows[part]
        return out

    def meta(self, zone: str, named: bool) -> Meta:
        """What columns with this frame of reference mean; `named`: the kept properties were named by the settings.

        Raises InputError when there are more than 65,534 event names or values of a named property.
        """
        limit = MAX_NAMES if named else MAX_VALUES
        wide = self.wide | {name for name, values in self.values.items() if len(values) > limit}
        if len(self.names) > MAX_NAMES:
            raise InputError(
                f"more than {MAX_NAMES:,} different event names", "the event name is probably mapped to the wrong column"
            )
        if named and wide:
            raise InputError(f"property {min(wide)!r} has more than {MAX_NAMES:,} values", "keep one with fewer values")
        return Meta(
            zone=zone,
            events=("", *sorted(self.names)),
            properties={name: ("", *sorted(self.values[name])) for name in sorted(self.values) if name not in wide},
            first_second=self.first_us // MICRO if self.first_us is not None else 0,
            last_second=self.last_us // MICRO if self.last_us is not None else -1,
            last_sequence=self.last_sequence,
            wide=tuple(sorted(wide)),
            skipped=self.skipped,
            no_revenue=self.no_revenue,
        )
