"""`holdfast value`: what each customer is worth from now on, all of them together, and who of them is at risk."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked
from holdfast.cli.contracts_view import contracts_view
from holdfast.cli.options import Verb, analysis_options
from holdfast.cli.views import chosen
from holdfast.errors import UsageError

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]

ALL = 0
"""Every customer stands in the CSV, unless a limit is given."""

_BOTH = ("horizon_months", "discount", "show", "limit")
_SHOWN = ("customer", "segment", "orders", "last_order", "p_alive", "value", "value_at_risk")
_AT_RISK = ("customer", "segment", "orders", "last_order", "p_alive", "value_if_here", "value_at_risk")
_GROUPED = ("n", "value", "total_value", "share", "value_at_risk", "p_alive")
_NEW = ("months", "value", "first_value", "later_value", "repeat_orders", "order_value")
_BESIDE = ("method", "customers_are", "n", "months", "value")
_GROUPS = ("segment", "cohort", "source", "decile", "band")


def _view(console: Console, said: Said) -> None:
    """Customers, or groups of them, or what stands beside: the columns that fit a screen; the CSV has all."""
    kind = said.columns[0]
    if "customer" in said.columns:
        _some(_AT_RISK if said.question["show"] == "at-risk" else _SHOWN, console, said)
    elif kind in _GROUPS:
        _some((kind, *(_GROUPED if kind != "band" else _GROUPED[:-1])), console, said)
    elif kind == "months":
        _some(_NEW, console, said)
    else:
        _some(_BESIDE, console, said)
        at = [said.columns.index(name) for name in ("method", "misleads")]
        console.print()
        for row in said.rows:
            console.print(f"{row[at[0]]} misleads {row[at[1]]}")


def _some(names: tuple[str, ...], console: Console, said: Said) -> None:
    """These columns, each with its low and high; of a total without them, which stand in the sentence and in the CSV."""
    bounds = ("low", "high") if "value" in names else ()
    kept = [place for place, name in enumerate(said.columns) if name in (*names, *bounds)]
    rows = [[row[place] for place in kept] for row in said.rows]
    chosen(*names)(console, replace(said, columns=tuple(said.columns[place] for place in kept), rows=rows))


@click.command("value", cls=Verb)
@analysis_options
@click.option(
    "--horizon", "horizon_months", type=click.IntRange(1, 120), default=None, metavar="MONTHS", help="Months ahead (12)."
)
@click.option(
    "--discount",
    type=click.FloatRange(0, 1),
    default=None,
    metavar="SHARE",
    help="What money of next year is worth less (0.1).",
)
@click.option(
    "--show",
    default=None,
    metavar="TABLE",
    help="customers, at-risk, segments, cohorts, sources, deciles, bands, new, plain; of contracts: customers, at-risk, "
    "equity, retention, models, holdout.",
)
@click.option(
    "--cohort", type=click.Choice(["week", "month", "quarter", "year"]), default=None, help="Period of the first order (month)."
)
@click.option(
    "--source", default=None, metavar="NAME", help="The property that says where customers came from (found by itself)."
)
@click.option("--limit", type=click.IntRange(1), default=None, metavar="N", help="How many customers (20; --csv: all).")
@click.option("--every", type=click.Choice(["month", "year"]), default=None, help="How often contracts renew (month).")
@click.option(
    "--holdout",
    type=click.IntRange(0),
    default=None,
    metavar="PERIODS",
    help="Of contracts: periods at the end that judge the model (a quarter).",
)
@click.option("--plain", is_flag=True, help="The plain formula alone: average order × orders × lifespan.")
@click.option("--lifespan", default=None, metavar="HOW", help="Of the plain formula: churn (default), observed, or months.")
@click.option(
    "--gone-after", type=click.IntRange(1), default=None, metavar="DAYS", help="Of the plain formula: silent days until gone."
)
def verb(workspace: str, plain: bool, lifespan: str | None, gone_after: int | None, **options: Any) -> None:
    """What is each customer worth over the next months, and all of them? Who is worth much and may be gone?

    A model of buying, chosen on this shop's own past, beside the plain formula. Profit when holdfast.toml names a margin,
    revenue otherwise. People: --people segment=everyone, decile=1, cohort=2011-01, "band=0.2 to 0.5", together or alone.
    """
    ours, theirs = (*_BOTH, "cohort", "source"), (*_BOTH, "every", "holdout")
    own = {name: options.pop(name) for name in {*ours, *theirs}}
    if plain or lifespan is not None or gone_after is not None:
        _only_of(own, (), "the plain formula")
        asked("clv:PlainClv", workspace, {"lifespan": _lifespan(lifespan), "gone_after": gone_after}, **options)
        return
    if options["csv"] is not None and own["limit"] is None:
        own["limit"] = ALL
    if _contracts(workspace):
        asked("contract_value:ContractValue", workspace, _only_of(own, theirs, "contracts"), view=contracts_view, **options)
    else:
        asked("value:CustomerValue", workspace, _only_of(own, ours, "customers without a contract"), view=_view, **options)


def _only_of(own: dict[str, Any], names: tuple[str, ...], whom: str) -> dict[str, Any]:
    """The options that say something to a question; UsageError where another one was given."""
    for name in sorted(set(own) - set(names)):
        if own[name] is not None:
            raise UsageError(f"--{name.removesuffix('_months')} says nothing of {whom}", "leave it out")
    return {name: own[name] for name in names}


def _contracts(workspace: str) -> bool:
    """Whether customers of this workspace are those under contract."""
    from holdfast.workspace import Workspace

    return Workspace.open(workspace).settings.base == "contract"


def _lifespan(text: str | None) -> str | float | None:
    if text is None or text in ("churn", "observed"):
        return text
    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"the lifespan cannot be {text!r}", "choose churn, observed or a number of months") from error
