"""What every answer says about itself: its definition filled in from the timelines, and how numbers are written in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from holdfast.analyses.answer import Definition
from holdfast.analyses.scope import TRAITS, coverage, money_coverage
from holdfast.events.schema import ORDER

if TYPE_CHECKING:
    from holdfast.analyses.scope import Condition, Scope
    from holdfast.timelines.timelines import AsOf, Timelines

__all__ = ["counted", "defined", "long_date", "percent", "scope_rules"]


def defined(
    timelines: Timelines, as_of: AsOf, *, title: str, text: str, rules: dict[str, Any], n: int, names: Sequence[str] = (ORDER,)
) -> Definition:
    """A definition with everything that the timelines know filled in.

    names  the events whose coverage is stated
    """
    settings = timelines.settings
    return Definition(
        title=title,
        text=text,
        version=1,
        rules=rules,
        zone=timelines.meta.zone,
        week_start=settings.week_start,
        as_of=as_of.last,
        data=timelines.meta.last_sequence,
        coverage=coverage(timelines, as_of, tuple(names)),
        n=n,
        money_coverage=money_coverage(timelines, as_of) if ORDER in names else None,
    )


def scope_rules(scope: Scope, entry: str = "first order") -> dict[str, Any]:
    """What a scope adds to the rules of a definition.

    entry  the event at which values are frozen, in words
    """
    rules: dict[str, Any] = {}
    if scope.by is not None:
        frozen = scope.moment == "entry" and scope.by not in TRAITS
        rules["by"] = f"{scope.by} at {entry if frozen else 'as-of'}"
    if scope.where:
        rules["where"] = " and ".join(map(_said, scope.where)) + ("" if scope.moment == "entry" else " (values at as-of)")
    return rules


def _said(condition: Condition) -> str:
    """A condition; one on a trait selects by what came later, and says so."""
    return f"{condition} (as it is at the as-of, whatever it was before)" if condition.name in TRAITS else str(condition)


def percent(share: float | None, low: float | None = None, high: float | None = None) -> str:
    """A share in words: 87.7 %, or with its interval 87.7 % (86.1 to 89.1); n/a when there is none."""
    if share is None:
        return "n/a"
    interval = "" if low is None or high is None else f" ({100 * low:.1f} to {100 * high:.1f})"
    return f"{100 * share:.1f} %{interval}"


def counted(n: int, one: str, many: str | None = None) -> str:
    """A number with its noun: 1 order, 2,345 orders."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def long_date(value: date) -> str:
    """A date as words have it: 1 December 2011."""
    return f"{value.day} {value:%B %Y}"
