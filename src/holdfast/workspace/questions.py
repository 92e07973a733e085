"""The questions of a workspace: one thin method an analysis.

Each takes the choices of its question by name and gives an Answer. Conditions can be written as text:
`shop.cohorts(where=["country=France,Germany"])`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer, People, Question
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines

__all__ = ["Questions"]


class Questions(ABC):
    """Whatever has timelines can be asked."""

    @property
    @abstractmethod
    def timelines(self) -> Timelines:
        """The timelines that are asked, up to date."""

    @abstractmethod
    def order_lines(self) -> OrderLines:
        """What was in the orders, which timelines do not know."""

    def ask(self, question: Question) -> Answer:
        """The answer to a question."""
        return question.answer(self.timelines)

    def people(self, question: Question, **cell: Any) -> People:
        """Exactly the customers behind one number of a question's table, named by the table's key columns."""
        return question.people(self.timelines, **cell)

    def metrics(self, **choices: Any) -> Answer:
        """Every metric at a glance; choices of `holdfast.analyses.metrics.Metrics`."""
        from holdfast.analyses.metrics import Metrics

        return self.ask(Metrics(**_read(choices)))

    def bridge(self, **choices: Any) -> Answer:
        """Who was there, came, returned and was lost, period by period; choices of `holdfast.analyses.bridge.Bridge`."""
        from holdfast.analyses.bridge import Bridge

        return self.ask(Bridge(**_read(choices)))

    def lifecycle(self, **choices: Any) -> Answer:
        """Who was new, kept, returned and lost in each period; choices of `holdfast.analyses.lifecycle.LifeCycle`."""
        from holdfast.analyses.lifecycle import LifeCycle

        return self.ask(LifeCycle(**_read(choices)))

    def stages(self, **choices: Any) -> Answer:
        """How far customers come from awareness to loyalty; choices of `holdfast.analyses.stages.Stages`."""
        from holdfast.analyses.stages import Stages

        return self.ask(Stages(**_read(choices)))

    def costs(self, **choices: Any) -> Answer:
        """What winning a customer costs, and what keeping one; choices of `holdfast.analyses.costs.Costs`."""
        from holdfast.analyses.costs import Costs

        return self.ask(Costs(**_read(choices)))

    def referred(self, **choices: Any) -> Answer:
        """Customers whom others brought, beside the rest; choices of `holdfast.analyses.referred.Referred`."""
        from holdfast.analyses.referred import Referred

        return self.ask(Referred(**_read(choices)))

    def service(self, **choices: Any) -> Answer:
        """Support of new customers beside existing ones; choices of `holdfast.analyses.service.Service`."""
        from holdfast.analyses.service import Service

        return self.ask(Service(**_read(choices)))

    def whatif(self, **choices: Any) -> Answer:
        """What one point more retention would do to customers and revenue; choices of `holdfast.analyses.whatif.WhatIf`."""
        from holdfast.analyses.whatif import WhatIf

        return self.ask(WhatIf(**_read(choices)))

    def losses(self, **choices: Any) -> Answer:
        """How the bridge's lost customers left, and why; choices of `holdfast.analyses.losses.Losses`."""
        from holdfast.analyses.losses import Losses

        return self.ask(Losses(**_read(choices)))

    def survival(self, **choices: Any) -> Answer:
        """How long customers stay, and who leaves sooner; choices of `holdfast.analyses.survival.Survival`."""
        from holdfast.analyses.survival import Survival

        return self.ask(Survival(**_read(choices)))

    def contract_value(self, **choices: Any) -> Answer:
        """How surely contracts renew and what they are worth; choices of `holdfast.analyses.contract_value.ContractValue`."""
        from holdfast.analyses.contract_value import ContractValue

        return self.ask(ContractValue(**_read(choices)))

    def cohorts(self, **choices: Any) -> Answer:
        """Who came back, by when they entered; choices of `holdfast.analyses.cohorts.Cohorts`."""
        from holdfast.analyses.cohorts import Cohorts

        return self.ask(Cohorts(**_read(choices)))

    def sessions(self, **choices: Any) -> Answer:
        """Sessions by landing page, and their bounce; choices of `holdfast.analyses.sessions.Sessions`."""
        from holdfast.analyses.sessions import Sessions

        return self.ask(Sessions(**_read(choices)))

    def paths(self, **choices: Any) -> Answer:
        """What customers do after, before and between steps; choices of `holdfast.analyses.paths.Paths`."""
        from holdfast.analyses.paths import Paths

        return self.ask(Paths(**_read(choices)))

    def transitions(self, **choices: Any) -> Answer:
        """Which step follows which; choices of `holdfast.analyses.transitions.Transitions`."""
        from holdfast.analyses.transitions import Transitions

        return self.ask(Transitions(**_read(choices)))

    def rfm(self, **choices: Any) -> Answer:
        """Recency, frequency, monetary and the eleven segments; choices of `holdfast.analyses.rfm.Rfm`."""
        from holdfast.analyses.rfm import Rfm

        return self.ask(Rfm(**_read(choices)))

    def rfm_migration(self, first: Any, second: Any, **choices: Any) -> Answer:
        """Who moved between segments from one date to another; choices of `holdfast.analyses.rfm.migration.RfmMigration`."""
        from holdfast.analyses.rfm.migration import RfmMigration

        return self.ask(RfmMigration(first, second, **_read(choices)))

    def personas(self, **choices: Any) -> Answer:
        """Which of six kinds everybody is; choices of `holdfast.analyses.personas.Personas`."""
        from holdfast.analyses.personas import Personas

        return self.ask(Personas(**_read(choices)))

    def persona_card(self, persona: str | None = None, **choices: Any) -> Answer:
        """One persona or cluster in full, or all; choices of `holdfast.analyses.personas.card.PersonaCard`."""
        from holdfast.analyses.personas.card import PersonaCard
        from holdfast.analyses.personas.facets import told_by_products

        lines = self.order_lines() if told_by_products(self.timelines.meta) else None
        return self.ask(PersonaCard(persona, lines=lines, **_read(choices)))

    def persona_moves(self, first: Any, second: Any = None, **choices: Any) -> Answer:
        """Who moved between personas from one date to another; choices of `holdfast.analyses.personas.moves.PersonaMoves`."""
        from holdfast.analyses.personas.moves import PersonaMoves

        return self.ask(PersonaMoves(first, second, **_read(choices)))

    def clusters(self, **choices: Any) -> Answer:
        """Kinds of customer found in the data, if they hold; choices of `holdfast.analyses.clusters.Clusters`."""
        from holdfast.analyses.clusters import Clusters

        return self.ask(Clusters(**_read(choices)))

    def repeat(self, **choices: Any) -> Answer:
        """Second orders and the time between orders; choices of `holdfast.analyses.repeat.Repeat`."""
        from holdfast.analyses.repeat import Repeat

        return self.ask(Repeat(**_read(choices)))

    def orders(self, **choices: Any) -> Answer:
        """Orders, their value and frequency, new against returning; choices of `holdfast.analyses.orders.Orders`."""
        from holdfast.analyses.orders import Orders

        return self.ask(Orders(**_read(choices)))

    def baskets(self, **choices: Any) -> Answer:
        """Items per order and premium share, new against returning; choices of `holdfast.analyses.baskets.Baskets`."""
        from holdfast.analyses.baskets import Baskets

        return self.ask(Baskets(lines=self.order_lines(), **_read(choices)))

    def money_retention(self, **choices: Any) -> Answer:
        """NRR, GRR and quick ratio; choices of `holdfast.analyses.money_retention.MoneyRetention`."""
        from holdfast.analyses.money_retention import MoneyRetention

        return self.ask(MoneyRetention(**_read(choices)))

    def value(self, **choices: Any) -> Answer:
        """What each customer is worth from now on; choices of `holdfast.analyses.value.CustomerValue`.

        On a base of contracts those of `holdfast.analyses.contract_value.ContractValue`.
        """
        if self.timelines.settings.base == "contract":
            from holdfast.analyses.contract_value import ContractValue

            return self.ask(ContractValue(**_read(choices)))
        from holdfast.analyses.value import CustomerValue

        return self.ask(CustomerValue(**_read(choices)))

    def plain_clv(self, **choices: Any) -> Answer:
        """Lifetime value by the plain formula; choices of `holdfast.analyses.clv.PlainClv`."""
        from holdfast.analyses.clv import PlainClv

        return self.ask(PlainClv(**_read(choices)))

    def gone_after(self, **choices: Any) -> Answer:
        """After how many silent days a customer is gone; choices of `holdfast.analyses.gone_after.GoneAfter`."""
        from holdfast.analyses.gone_after import GoneAfter

        return self.ask(GoneAfter(**_read(choices)))

    def holdout(self, **choices: Any) -> Answer:
        """How well does the model of buying foretell this shop? Choices of `holdfast.analyses.holdout.Holdout`."""
        from holdfast.analyses.holdout import Holdout

        return self.ask(Holdout(**_read(choices)))

    def concentration(self, **choices: Any) -> Answer:
        """How few customers bring how much; choices of `holdfast.analyses.concentration.Concentration`."""
        from holdfast.analyses.concentration import Concentration

        return self.ask(Concentration(**_read(choices)))

    def stickiness(self, **choices: Any) -> Answer:
        """Daily, weekly and monthly active customers; choices of `holdfast.analyses.stickiness.Stickiness`."""
        from holdfast.analyses.stickiness import Stickiness

        return self.ask(Stickiness(**_read(choices)))

    def drivers(self, **choices: Any) -> Answer:
        """Which behaviours of the first days go together with staying; choices of `holdfast.analyses.drivers.Drivers`."""
        from holdfast.analyses.drivers import Drivers

        return self.ask(Drivers(**_read(choices)))

    def activation(self, **choices: Any) -> Answer:
        """How soon customers reach what they came for; choices of `holdfast.analyses.activation.Activation`."""
        from holdfast.analyses.activation import Activation

        return self.ask(Activation(**_read(choices)))

    def breadth(self, **choices: Any) -> Answer:
        """How many features customers use, and whether they stay; choices of `holdfast.analyses.breadth.Breadth`."""
        from holdfast.analyses.breadth import Breadth

        return self.ask(Breadth(**_read(choices)))

    def adoption(self, **choices: Any) -> Answer:
        """Who uses which platform or feature, since when; choices of `holdfast.analyses.adoption.Adoption`."""
        from holdfast.analyses.adoption import Adoption

        return self.ask(Adoption(**_read(choices)))

    def funnel(self, *steps: str | tuple[str, ...], **choices: Any) -> Answer:
        """How many went on from step to step; choices of `holdfast.analyses.funnel.Funnel`."""
        from holdfast.analyses.funnel import Funnel

        return self.ask(Funnel(steps, **_read(choices)))

    def abandonment(self, **choices: Any) -> Answer:
        """Carts and checkouts left behind; choices of `holdfast.analyses.abandonment.Abandonment`."""
        from holdfast.analyses.abandonment import Abandonment

        return self.ask(Abandonment(**_read(choices)))

    def early_signs(self, **choices: Any) -> Answer:
        """Who is slipping away in silence; choices of `holdfast.analyses.early_signs.EarlySigns`."""
        from holdfast.analyses.early_signs import EarlySigns

        return self.ask(EarlySigns(**_read(choices)))

    def again(self, **choices: Any) -> Answer:
        """Who buys again where one buys at most once a period; choices of `holdfast.analyses.again.Again`."""
        from holdfast.analyses.again import Again

        return self.ask(Again(**_read(choices)))

    def next_order(self, **choices: Any) -> Answer:
        """When each customer is expected again; choices of `holdfast.analyses.next_order.NextOrder`."""
        from holdfast.analyses.next_order import NextOrder

        return self.ask(NextOrder(**_read(choices)))

    def attention(self, **choices: Any) -> Answer:
        """Who needs attention now, and how much is at stake; choices of `holdfast.analyses.attention.Attention`."""
        from holdfast.analyses.attention import Attention

        return self.ask(Attention(**_read(choices)))

    def risk(self, **choices: Any) -> Answer:
        """Who is about to leave, and what goes together with it; choices of `holdfast.analyses.risk.Risk`."""
        from holdfast.analyses.risk import Risk

        return self.ask(Risk(**_read(choices)))

    def taste(self, **choices: Any) -> Answer:
        """What customers like, and when their next order is due; choices of `holdfast.analyses.taste.Taste`."""
        from holdfast.analyses.taste import Taste

        return self.ask(Taste(lines=self.order_lines(), **_read(choices)))

    def uplift(self, **choices: Any) -> Answer:
        """Who would be swayed by a mail, from a trial drawn at random; choices of `holdfast.analyses.uplift.Uplift`."""
        from holdfast.analyses.uplift import Uplift

        return self.ask(Uplift(**_read(choices)))

    def recommend(self, **choices: Any) -> Answer:
        """What each customer would like next; choices of `holdfast.analyses.recommend.Recommend`."""
        from holdfast.analyses.recommend import Recommend

        return self.ask(Recommend(lines=self.order_lines(), **_read(choices)))

    def traits(self, **choices: Any) -> Answer:
        """Every trait of every customer; choices of `holdfast.analyses.traits.Traits`."""
        from holdfast.analyses.traits import Traits

        return self.ask(Traits(**_read(choices)))


def _read(choices: dict[str, Any]) -> dict[str, Any]:
    """The choices, with conditions written as text read."""
    from holdfast.analyses.scope import parse_where

    where = choices.get("where", ())
    texts = [where] if isinstance(where, str) else list(where)
    if any(isinstance(text, str) for text in texts):
        return {**choices, "where": parse_where([str(text) for text in texts])}
    return choices
