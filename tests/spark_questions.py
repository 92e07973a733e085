"""Which questions are asked of both engines: every analysis as it comes, and again by country where it takes segments."""

from __future__ import annotations

import inspect
import pkgutil
from dataclasses import MISSING, fields, replace
from importlib import import_module

from holdfast import analyses
from holdfast.analyses.abandonment import Abandonment
from holdfast.analyses.activation import Activation
from holdfast.analyses.adoption import Adoption
from holdfast.analyses.again import Again
from holdfast.analyses.answer import Question
from holdfast.analyses.baskets import Baskets
from holdfast.analyses.breadth import Breadth
from holdfast.analyses.bridge import Bridge
from holdfast.analyses.clusters import Clusters
from holdfast.analyses.cohorts import Cohorts
from holdfast.analyses.concentration import Concentration
from holdfast.analyses.contract_value import ContractValue
from holdfast.analyses.drivers import Drivers
from holdfast.analyses.early_signs import EarlySigns
from holdfast.analyses.funnel import Funnel
from holdfast.analyses.gone_after import GoneAfter
from holdfast.analyses.metrics import Metrics
from holdfast.analyses.recommend import Recommend
from holdfast.analyses.referred import Referred
from holdfast.analyses.repeat import Repeat
from holdfast.analyses.rfm import Rfm
from holdfast.analyses.rfm.migration import RfmMigration
from holdfast.analyses.risk import Risk
from holdfast.analyses.scope import Condition
from holdfast.analyses.service import Service
from holdfast.analyses.sessions import Sessions
from holdfast.analyses.transitions import Transitions
from holdfast.analyses.uplift import Uplift
from holdfast.analyses.value import CustomerValue


def questions() -> list[Question]:
    """One of each kind that needs no argument, and HARDER; a new analysis is asked without being named here.

    Baskets is left out: what was in an order is in the lake, which a workspace reads, and not in the timelines of any engine.
    """
    for module in pkgutil.walk_packages(analyses.__path__, "holdfast.analyses."):
        import_module(module.name)
    found: list[Question] = []
    for kind in sorted(_kinds(Question), key=lambda kind: kind.__name__):
        if kind is Baskets or any(item.default is MISSING and item.default_factory is MISSING for item in fields(kind)):
            continue
        question = kind()
        # Metrics asks all the others: once is enough.
        split = hasattr(question, "by") and not isinstance(question, Metrics)
        found += [question, replace(question, by="country")] if split else [question]
    return [*found, *HARDER]


def _kinds(kind: type[Question]) -> set[type[Question]]:
    below = {each for child in kind.__subclasses__() for each in _kinds(child)}
    real = not inspect.isabstract(kind) and kind.__module__.startswith("holdfast.")
    return below | ({kind} if real else set())


SILENT: tuple[type[Question], ...] = (
    Abandonment,
    Again,
    Clusters,
    ContractValue,
    EarlySigns,
    Recommend,
    Referred,
    Service,
    Uplift,
)
"""Asked as they come, these may find nothing in a shop's orders: HARDER asks them so that they do."""

# Countries are no arms that anybody drew: it is the walk that is asked of both engines.
COUNTRIES = Uplift(
    event="Order Completed", arm="country", control="France", outcomes=("orders", "money", "Order Refunded"), days=60,
    where=(Condition("country", ("France", "Germany")),),
)  # fmt: skip

HARDER: tuple[Question, ...] = (
    COUNTRIES,
    Clusters(among="everyone"),
    CustomerValue(show="deciles", by="p_alive", limit=5),
    Referred(source="country", referred=("France", "Germany"), spent=(("France", 100.0),)),
    Service(contacts=("Order Refunded",), new_days=30, cost=4.5),
    EarlySigns(events="orders", control="each", alpha=0.2, show="all", months=1),
    RfmMigration(first="2011-06-30"),
    Bridge(by="rfm", as_of="2011-09-15"),
    Cohorts(clock="elapsed", returns="on or after", where=(Condition("country", ("United Kingdom",), negated=True),)),
    Cohorts(measure="cumulative revenue", entry="each period", period="quarter"),
    Abandonment(cart=("Order Refunded",), window="7 days"),
    Funnel(("Order Completed", "Order Completed", "Order Refunded"), "any", "30 days", by="country", period="month"),
    Funnel(("Order Completed", "Order Completed"), window="60 days", key="country", broken_by=("Order Refunded",)),
)
"""Questions with arguments: two walks, a trait that travels with a step, conditions, money."""

CELLS: list[tuple[Question, dict[str, object]]] = [
    (EarlySigns(), {"status": "steady"}),
    (Bridge(), {"period": "2011-06", "what": "lost"}),
    (CustomerValue(), {"decile": 3, "cohort": "2011-03"}),
    (Bridge(by="country"), {"period": "2011-06", "what": "start", "segment": "France"}),
    (Cohorts(), {"cohort": "2010-12", "period": 5}),
    (Concentration(), {"top": 20}),
    (GoneAfter(), {"what": "gone"}),
    (Drivers(), {"behaviour": "country=Germany", "n": 1, "what": "did and left"}),
    (Activation(start="orders"), {"cohort": "2011-03", "days": 30}),
    (Adoption("country"), {"value": "France", "period": "2011-06"}),
    (Breadth(), {"features": 1, "what": "left"}),
    (Repeat(), {"days": 90}),
    (Risk(), {"band": "high"}),
    (Rfm(), {"rfm": "Champions"}),
    (Referred(source="country", referred=("France",)), {"group": "referred", "what": "again"}),
    (Service(contacts=("Order Refunded",)), {"who": "existing", "what": "contacting"}),
    (RfmMigration(first="2011-06-30"), {"before": "Champions", "after": "At Risk"}),
    (Sessions(), {"landing": "Order Completed", "what": "went on"}),
    (COUNTRIES, {"arm": "Germany"}),
    (Transitions(gap_minutes=None), {"source": "Order Completed", "target": "Order Refunded"}),
]
"""Numbers that are opened on both engines: a question and a cell of its table."""
