"""`holdfast holdout`: how well a model of buying foretells this shop, beside the plain rate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import analysis
from holdfast.cli.views import chosen

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said

__all__ = ["verb"]

_SHOWN = {
    "frequency": ("frequency", "customers", "actual", "expected", "plain"),
    "tracking": ("week", "until", "orders", "actual", "expected", "error_share", "conditional", "plain"),
    "models": ("model", "serves", "expected", "actual", "error_share", "mae", "coverage"),
    "coverage": ("frequency", "n", "share", "width"),
    "counts": ("frequency", "customers", "expected", "share"),
    "money": ("forecast", "expected", "actual", "error_share", "mae", "correlation"),
}
_HIDDEN = ("log_likelihood", "identified", "rmse", "why", "calibration", "customers", "n")


def _view(console: Console, said: Said) -> None:
    """The columns that fit the screen, of whichever table is shown."""
    for names in _SHOWN.values():
        if set(names) <= set(said.columns):
            money = ("expected", "actual", "mae") if "forecast" in names else ()
            chosen(*names, hidden=(*_HIDDEN, "correlation"), money=money)(console, said)
            return


@analysis("holdout", "holdout:Holdout", view=_view)
@click.option("--split", default=None, metavar="DATE", help="Last day that the models know (halfway to the as-of).")
@click.option(
    "--model", default=None, metavar="NAME", help='Shown: BG/NBD, MBG/NBD, Pareto/NBD, "NBD with silence", "plain rate".'
)
@click.option("--show", type=click.Choice(list(_SHOWN)), default=None, help="Which table (frequency).")
def verb(split: str | None, model: str | None, show: str | None, **own: Any) -> dict[str, Any]:
    """How well does the model of buying foretell this shop? Fitted up to a split, judged by what came after it.

    Beside each stands the plain rate: a model that does not beat it is not used. --show models says which serves, and why.

    People: --people frequency=3 (0 to 7+, all) what=inside (or outside: of their 90 % interval).
    """
    return {**own, "split": split, "model": model, "show": show}
