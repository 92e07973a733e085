"""A card for each persona or cluster: who they are, what they bring, how they come, what came before leaving.

Everything on a card is counted from the data and says what it rests on (`evidence`), but for the fields that no data hold
(goals, challenges, interests, values, …), which the owner writes into holdfast.toml. Groups under the small group's size are
held back. (MISSION 3.44 to 3.49)
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa

from holdfast.analyses.answer import Answer, Definition, People, Question, checked_cell, checked_choice
from holdfast.analyses.clusters.features import feature_step
from holdfast.analyses.definitions import defined, scope_rules
from holdfast.analyses.gone_after import resolve_gone_after
from holdfast.analyses.personas.card_tables import (
    HELD_BACK,
    Card,
    card_table,
    evidence_table,
    journey_table,
    leaving_table,
    nearest,
    profile_table,
    trend_table,
    value_table,
)
from holdfast.analyses.personas.card_walk import GONE, KEPT, CardStep, CardWanted, GroupMoves, Held, JourneyStep, centres_of
from holdfast.analyses.personas.card_words import card_notes, card_words
from holdfast.analyses.personas.facets import facets_of
from holdfast.analyses.personas.moves import MOVES, NOT_YET, PersonaMoves, moves_table
from holdfast.analyses.personas.question import EARLIER_DAYS, standing_of
from holdfast.analyses.personas.rules import persona_rule
from holdfast.analyses.personas.trait import PersonaTrait
from holdfast.analyses.personas.who import about_rules, who_of
from holdfast.analyses.scope import Condition, Scope, money
from holdfast.analyses.steps import SESSION_GAP_MINUTES
from holdfast.errors import UnknownName, UsageError
from holdfast.timelines.attributes import Moment
from holdfast.timelines.periods import Periods
from holdfast.timelines.zone import date_of, day_of

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from holdfast.analyses.personas.rules import PersonaRule
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["PersonaCard"]

MONTHS = 24
"""Months of the trend at most."""

FEW_MONTHS = 4
"""Instants of the trend of clusters: the features of everybody are measured anew for each."""


@dataclass(frozen=True)
class PersonaCard(Question):
    """Cards of all personas, or of one.

    persona    one of the personas (of the clusters: "cluster 1"); None: a card for each that is large enough
    kind       "persona": the six rules; "cluster": the clusters found by data, as long as they hold
    last_days  the days up to the last step in which the gone are compared with the kept
    split, cart, exclude, gap_minutes, about, as_of, where, moment  as for `Personas`
    lines      what was in the orders, for categories and brands that no event tells; `Workspace.persona_card` fills it in

    Table: a row per persona, part and item with persona, part, item, customers, n, share (0 to 1), low, high, all_share (the
    share of everybody in scope), index (share over all_share, times 100). Parts: size; standing (still a customer, gone); hour,
    weekday and a part per property that tells what is liked and how they come (each customer's favourite); before leaving
    (events that the gone had in their last days more often than the kept, customers of the gone); reason (given by the gone).
    Extra tables: value, trend, moves, journey, leaving, profile, evidence.
    People: persona=…, part="hour", item="12:00"; without a part all of the persona; part="journey": the one whose way is shown.
    """

    persona: str | None = None
    kind: Literal["persona", "cluster"] = "persona"
    last_days: int = 30
    split: float | None = None
    cart: tuple[str, ...] = ()
    exclude: tuple[str, ...] | None = None
    gap_minutes: float | None = SESSION_GAP_MINUTES
    about: str | None = None
    as_of: date | datetime | str | None = None
    where: tuple[Condition, ...] = ()
    moment: Moment = "entry"
    lines: OrderLines | None = field(default=None, repr=False, compare=False)

    def __post_init__(self) -> None:
        checked_choice("kind", self.kind, ("persona", "cluster"))
        if self.last_days < 1:
            raise UsageError(f"the last {self.last_days} days", "give 1 day or more, such as 30")

    def step(self, timelines: Timelines) -> CardStep:
        """The step that counts, without anyone to name."""
        as_of = timelines.as_of(self.as_of)
        rule = persona_rule(
            *(timelines, as_of), cart=self.cart, exclude=self.exclude, gap_minutes=self.gap_minutes, split=self.split
        )  # fmt: skip
        who = who_of(timelines, as_of, Scope(None, self.where, self.moment), self.about)
        held = self._held(timelines, as_of, rule)
        last = day_of(as_of.last)
        contract = timelines.settings.base == "contract"
        span = max(last - timelines.zone.day_at(max(timelines.meta.first_second, 0)) + 2, 1)
        features = feature_step(timelines.meta, rule, who, buyers=False)
        months = _months(timelines, as_of)[0 if self.kind == "persona" else -FEW_MONTHS :]
        return CardStep(
            rule, who, held, len(held.labels), standing_of(timelines, as_of),
            0 if contract else resolve_gone_after(timelines, as_of).days,
            facets_of(timelines.meta, self.lines, as_of.until), months, span, self.last_days,
            features.breadth, features.discount,
        )  # fmt: skip

    def _held(self, timelines: Timelines, as_of: AsOf, rule: PersonaRule) -> Held:
        if self.kind == "persona":
            return PersonaTrait(rule)
        from holdfast.analyses.clusters.trait import trait

        return trait("cluster", timelines, as_of)

    def answer(self, timelines: Timelines) -> Answer:
        """Walk once for all numbers, once for the journeys, once for the moves."""
        card = self._card(timelines, self.step(timelines))
        table = card_table(card)
        journeys = self._journeys(timelines, card)
        return Answer(
            question=self,
            words=card_words(card, table),
            table=table,
            definition=self._definition(timelines, card),
            source=timelines,
            notes=card_notes(card),
            extra={
                "value": value_table(card),
                "trend": trend_table(card),
                "moves": self._moves(timelines, card),
                "journey": journey_table(card, journeys, timelines),
                "leaving": leaving_table(card),
                "profile": profile_table(card),
                "evidence": evidence_table(card),
            },
        )

    def _card(self, timelines: Timelines, step: CardStep) -> Card:
        labels = step.held.labels
        if self.persona is not None and self.persona not in labels[1:]:
            raise UnknownName(self.kind, str(self.persona), labels[1:])
        sums = timelines.walk(step).sums
        size, small = sums["customers"], timelines.settings.small_group
        large = [code for code in range(1, step.size) if size[code] >= small]
        wanted = [code for code in large if self.persona in (None, labels[code])]
        few = tuple(code for code in range(1, step.size) if 0 < size[code] < small and self.persona in (None, labels[code]))
        return Card(step, sums, timelines.meta.events, tuple(wanted), few, timelines.settings, self.last_days, self.persona)

    def _journeys(self, timelines: Timelines, card: Card) -> dict[str, Any]:
        return timelines.walk(JourneyStep(card.step, *centres_of(card.sums))).rows

    def _moves(self, timelines: Timelines, card: Card) -> pa.Table:
        """Moves of the last 90 days; no rows where the data are younger."""
        first = date_of(day_of(card.step.who.as_of.last) - EARLIER_DAYS[-1])
        until = timelines.as_of(first).until
        if until <= timelines.meta.first_second:
            return MOVES.empty_table()
        if self.kind == "cluster":
            moves = timelines.walk(GroupMoves(card.step, until)).sums["moves"]
            there = [name for code, name in enumerate(card.step.held.labels) if code and card.sums["customers"][code]]
            return moves_table(moves, (NOT_YET, *there))
        split = money(card.step.rule.split)
        asked = PersonaMoves(
            *(first, self.as_of, split, self.cart, self.exclude, self.gap_minutes, self.about, self.where, self.moment)
        )
        return timelines.ask(asked).table

    def people(self, timelines: Timelines, **cell: Any) -> People:
        """The customers of one number; without a part all of the persona, without a persona all on cards of their own."""
        checked_cell(cell, "persona", "part", "item")
        step = self.step(timelines)
        card = self._card(timelines, step)
        name = cell.get("persona", self.persona)
        labels = step.held.labels
        if name in labels[1:] and not card.sums["customers"][labels.index(name)]:
            return People((), cell)
        groups = card.few if name == HELD_BACK else card.shown if name is None else (_code(labels, name, card),)
        part, item = cell.get("part", "size"), cell.get("item")
        if part == "journey":
            found = self._journeys(timelines, card)
            return People(tuple(sorted(_nearest(found, groups))), cell)
        rows = timelines.walk(replace(step, wanted=CardWanted(groups, part, _item(card, part, item)))).rows
        return People(tuple(sorted(rows["customer"].to_pylist())), cell)

    def figure(self, answer: Answer) -> go.Figure:
        """Size by month, a line a card; for clusters what hours they come at."""
        from holdfast.charts.personas import persona_hours, persona_trend

        if answer.extra["trend"].num_rows:
            return persona_trend(answer.extra["trend"].to_pylist(), title="Size by month", subtitle=answer.words)
        rows = [row for row in answer.table.to_pylist() if row["part"] == "hour"]
        return persona_hours(rows, title="Favourite hour", subtitle=answer.words)

    def _definition(self, timelines: Timelines, card: Card) -> Definition:
        step = card.step
        rules: dict[str, Any] = {"groups": "the six personas" if self.kind == "persona" else "clusters found by data"}
        if self.kind == "persona":
            rules["split"] = f"{money(step.rule.split):,.2f} {timelines.settings.currency}"
        rules |= {"last days": self.last_days, "held back under": timelines.settings.small_group}
        rules |= about_rules(step.who) | scope_rules(step.who.scope, "first event")
        n = int(card.sums["customers"].sum())
        return defined(timelines, step.who.as_of, title="Who are they, and how do they come?", text=_TEXT, rules=rules, n=n)


def _months(timelines: Timelines, as_of: AsOf) -> tuple[int, ...]:
    """The ends of the last months before the as-of (UTC seconds), and the as-of itself."""
    last = day_of(as_of.last)
    first = min(timelines.zone.day_at(max(timelines.meta.first_second, 0)), last)
    ends = [int(day) for day in Periods.covering("month", first, last).starts[1:-1] if day <= last]
    return (*(timelines.zone.midnight(day) for day in ends[-(MONTHS - 1) :]), as_of.until)


def _code(labels: tuple[str, ...], name: str, card: Card) -> int:
    known = [labels[code] for code in card.shown]
    if name not in known:
        raise UnknownName("card", str(name), [*known, *([HELD_BACK] if card.few else [])])
    return labels.index(name)


def _item(card: Card, part: str, item: str | None) -> int:
    """The code of a part's item; UnknownName lists the parts, or its items."""
    names: dict[str, tuple[str, ...]] = {facet.name: facet.labels for facet in card.step.facets}
    names |= {"size": ("customers",), "before leaving": card.events}
    names["standing"] = ("", "still a customer", "gone")
    if part not in names:
        raise UnknownName("part", part, [*names, "journey"])
    if part == "size":
        return -1
    if item not in names[part]:
        raise UnknownName(f"item of {part}", str(item), [one for one in names[part] if one])
    code = names[part].index(item)
    return {1: KEPT, 2: GONE}[code] if part == "standing" else code


def _nearest(found: dict[str, Any], groups: tuple[int, ...]) -> list[str]:
    ids = found["customer"].to_pylist()
    return [ids[place] for group, place in nearest(found).items() if group in groups]


_TEXT = (
    "A card tells of everybody of one persona or cluster at the as-of. Favourite: the value met most often, for hours and "
    "weekdays of the first step of each visit; shares are of the customers with a known value, the index is the share over "
    "that of everybody in scope, times 100. Still a customer and gone: by the base of the settings; who never was a "
    "customer is gone after so many days of silence. Before leaving: in the days up to the last event, what the gone did "
    "more often than the kept, with Newcombe's interval of the difference, adjusted after Benjamini and Hochberg at 5 %; "
    "together with leaving, not because of it. Journey: of the one customer nearest to the centre of the features. Groups "
    "that are too small are held back."
)
