"""`holdfast uplift`: what a randomised mailing did, who would be swayed, and whether choosing whom to mail pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.asking import asked, told_answer
from holdfast.cli.options import Verb, analysis_options, pairs

if TYPE_CHECKING:
    from rich.console import Console

    from holdfast.cli.saying import Said
    from holdfast.settings import Settings

__all__ = ["verb"]

SHOWN = ("effects", "policy", "ranking", "deciles", "curve", "advice", "sample", "balance", "left_out", "scores")
LEFT_OUT = {"deciles": ("mean", "mean_control", "p"), "balance": ("feature",), "policy": ("n", "p", "advised")}
"""Columns that the screen leaves to the CSV, table by table."""


def _view(console: Console, said: Said) -> None:
    """The table with intervals in one cell and small numbers with enough figures."""
    from holdfast.cli.screen import table

    show = str(said.question.get("show", "effects"))
    names = [name for name in said.columns if name not in LEFT_OUT.get(show, ())]
    shown = [name for name in names if name.split("_")[-1] not in ("low", "high")]
    digits = 2 if show in ("policy", "advice") else 3
    rows = [_row(dict(zip(said.columns, row, strict=True)), shown, digits) for row in said.rows]
    kinds = ["text" if name not in ("n", "n_control", "decile", "rows") else "count" for name in shown]
    console.print(table([_head(name) for name in shown], rows, kinds, said.currency))  # type: ignore[arg-type]


BOUNDS = {"effect": ("low", "high"), "qini_per_1000": ("low", "high"), "over_everyone": ("over_low", "over_high"),
          "over_response": ("over_response_low", "over_response_high")}  # fmt: skip


def _head(name: str) -> str:
    return name.replace("_per_1000", " ×1000").replace("share_mailed", "mailed")


def _row(row: dict[str, Any], shown: list[str], digits: int) -> list[Any]:
    bounds = BOUNDS | {"net": ("net_low", "net_high") if "net_low" in row else ("low", "high")}
    return [_cell(name, row[name], digits, *(row.get(end) for end in bounds.get(name, ()))) for name in shown]


def _cell(name: str, value: Any, digits: int, *ends: Any) -> Any:
    """A number as a person reads it, its interval behind it."""
    if not isinstance(value, float):
        return value
    if name == "p":
        from holdfast.report.values import probability

        return probability(value)
    if name in ("share_mailed", "share"):
        return f"{100 * value:.0f} %"
    digits = digits if abs(value) < 10 else 1
    said = f"{value:z.{digits}f}"
    if ends and None not in ends:
        said += f" ({ends[0]:z.{digits}f} to {ends[1]:z.{digits}f})"
    return said.replace("-", "−")


@click.command("uplift", cls=Verb)
@analysis_options
@click.option("--file", "file", metavar="FILE", default=None, help="A table with a row a customer, instead of a workspace.")
@click.option("--arm", default=None, metavar="NAME", help="Column, or property of the event, that holds the arm.")
@click.option("--control", default=None, metavar="VALUE", help="Its value for those who were not mailed.")
@click.option("--outcome", "outcomes", multiple=True, metavar="NAME", help="Column; or ordered, orders, money, an event.")
@click.option("--cost", type=click.FloatRange(0), default=None, metavar="MONEY", help="What one mail costs.")
@click.option(
    "--margin",
    type=click.FloatRange(0, 1, min_open=True),
    default=None,
    metavar="SHARE",
    help="Share of the money that is profit.",
)
@click.option("--value", default=None, metavar="NAME", help="The outcome the policy is about (default: the one in money).")
@click.option("--worth", type=float, default=None, metavar="MONEY", help="What one of it is worth, if it is no money.")
@click.option("--split", multiple=True, metavar="ARM=N", help="Sizes the draw intended, such as A=9 --split B=1 (equal).")
@click.option("--id", "customer", default=None, metavar="NAME", help="With --file: column of the customer.")
@click.option("--feature", "features", multiple=True, metavar="NAME", help="With --file: what was known before (all others).")
@click.option("--leave-out", multiple=True, metavar="NAME", help="With --file: columns that are none of these.")
@click.option("--event", default=None, metavar="EVENT", help="Of a workspace: the event that says who is in which arm.")
@click.option("--which", multiple=True, metavar="NAME=VALUE", help="Only such events, as experiment_name=Spring.")
@click.option(
    "--days", type=click.IntRange(1), default=None, metavar="N", help="Days after the assignment in which outcomes count (14)."
)
@click.option("--learner", "learners", multiple=True, metavar="NAME", help="Only these learners, such as 'T linear' (all).")
@click.option("--draws", type=click.IntRange(100), default=None, metavar="N", help="Draws of the bootstrap (1000).")
@click.option(
    "--repeats", type=click.IntRange(1, 50), default=None, metavar="N", help="Draws of the folds, scores being the mean (1)."
)
@click.option("--seed", type=int, default=None, help="Seed of folds, models and bootstrap (0).")
@click.option("--show", type=click.Choice(SHOWN), default=None, help="The table to show (effects); scores: every customer.")
def verb(workspace: str, file: str | None, **options: Any) -> None:
    """Who would be swayed by a mail? From a past mailing drawn at random: what it did, and whom to mail.

    \b
    holdfast uplift --file hillstrom.csv --arm segment --control "No E-Mail" \\
        --outcome visit --outcome spend --cost 0.15 --margin 0.4
    holdfast uplift -w shop --event "Experiment Viewed" --arm variant --outcome ordered
    People: --people arm=B decile=1 outcome=ordered, arm=B group=control, or reason="assigned to two arms".
    """
    split = tuple((name, _size(size)) for name, size in pairs(options.pop("split"), "--split").items())
    options |= {
        "split": split or None,
        "outcomes": options["outcomes"] or None,
        "learners": options["learners"] or None,
        "progress": _progress,
    }
    if file is not None:
        _of_file(file, workspace, options)
    else:
        _of_workspace(workspace, options)


def _size(text: str) -> float:
    from holdfast.errors import UsageError

    try:
        return float(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no size", "write it as --split A=9 --split B=1") from error


def _progress(words: str) -> None:
    from holdfast.cli.screen import line

    line(f"{words} …")


_OF_FILE = ("customer", "features", "leave_out")
_OF_WORKSPACE = ("event", "which", "days")
_SHARED = ("whose", "as_of", "by", "where", "moment", "json", "csv", "png", "html", "people")


def _of_workspace(workspace: str, options: dict[str, Any]) -> None:
    from holdfast.analyses.scope import parse_where

    _refuse(options, _OF_FILE, "it is for --file")
    shared = {name: options.pop(name) for name in _SHARED}
    own = {name: value for name, value in options.items() if name not in _OF_FILE}
    own["which"] = parse_where(own["which"]) or None
    asked("uplift:Uplift", workspace, own, view=_view, **shared)


def _refuse(options: dict[str, Any], names: tuple[str, ...], why: str) -> None:
    from holdfast.errors import UsageError

    for name in names:
        if options[name]:
            raise UsageError(f"--{name.replace('_', '-')} says nothing here", why)


def _of_file(file: str, workspace: str, options: dict[str, Any]) -> None:
    from datetime import date

    from holdfast.analyses.uplift import uplift_of_table
    from holdfast.cli.compiling import say_first_run
    from holdfast.errors import UsageError

    _refuse(options, (*_OF_WORKSPACE, "as_of", "by", "where", "moment"), "it is for a workspace")
    if options["arm"] is None or options["outcomes"] is None:
        raise UsageError(
            "a table needs --arm and --outcome", "name the column of the arm, and those of what happened afterwards"
        )
    said = {name: options[name] for name in ("json", "csv", "png", "html", "people")}
    own = {name: value for name, value in options.items() if name not in (*_SHARED, *_OF_WORKSPACE)}
    own = {name: value for name, value in own.items() if value not in (None, ())}
    say_first_run()
    answer = uplift_of_table(file, read_on=date.today(), settings=_settings(workspace), **own)
    told_answer(answer, view=_view, **said)


def _settings(workspace: str) -> Settings | None:
    """Those of the workspace; None where there is none, so that amounts bear no currency."""
    from holdfast.errors import WorkspaceError
    from holdfast.workspace import Workspace

    try:
        return Workspace.open(workspace).settings
    except WorkspaceError:
        return None
