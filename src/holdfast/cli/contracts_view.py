"""The screen of `holdfast value` on a base of contracts: of each table the columns that fit; the CSV has all."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from holdfast.cli.views import chosen

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["contracts_view"]

_SHOWN = {
    "customers": ("customer", "segment", "renewals", "next_renewal", "renews_share", "value", "value_for_ever"),
    "at-risk": ("customer", "segment", "value_at_risk", "value", "renews_share", "next_renewal", "renewals"),
    "equity": ("segment", "customers", "expected_renewals", "value", "value_at_risk", "value_for_ever"),
    "retention": ("segment", "renewal", "at_risk", "lost", "kept_share", "model_kept_share", "model_survival"),
    "models": ("segment", "model", "chosen", "aic", "parameter", "estimate"),
    "holdout": ("ahead", "customers", "kept", "model_kept", "plain_kept"),
}


def contracts_view(console: Console, said: Said) -> None:
    """The table that the question shows, with the intervals of what is shown."""
    names = _SHOWN[str(said.question["show"])]
    stems = {name.removesuffix("_share") for name in names} | set(names)
    kept = [
        place
        for place, name in enumerate(said.columns)
        if name in names or name.removesuffix("_low").removesuffix("_high") in stems
    ]
    rows = [[row[place] for place in kept] for row in said.rows]
    chosen(*names)(console, replace(said, columns=tuple(said.columns[place] for place in kept), rows=rows))
