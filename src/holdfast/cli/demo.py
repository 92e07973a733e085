"""`holdfast demo`: a real shop's year, read in and answered, in the terminal, as a page, and served in the browser.

Where somebody sits at a terminal it ends with the server, until Ctrl-C; in a pipe, under CI and with --no-open it ends by
itself and says how to serve.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from holdfast.cli.options import Verb
from holdfast.cli.saying import Said, View, said_of, tell
from holdfast.cli.screen import line

if TYPE_CHECKING:
    from holdfast.analyses.answer import Question
    from holdfast.workspace import Workspace

__all__ = ["verb"]


@dataclass(frozen=True)
class Shop:
    """A shop to show.

    name, zone, currency  of the workspace
    shape, mapping        how its rows are read
    about                 what is said of it first
    source                the file, or the table that is drawn
    further               questions worth asking it next
    """

    name: str
    zone: str
    currency: str
    shape: Literal["lines", "orders", "events"]
    mapping: dict[str, str]
    about: str
    source: Callable[[], Any]
    further: tuple[str, str]


def _packed(data: str, name: str, shape: Literal["lines", "orders"], mapping: dict[str, str], further: tuple[str, str]) -> Shop:
    """A real shop whose data are in the package."""
    from holdfast import datasets

    note = datasets.NOTES[data]
    about = f"{note.title}\n{note.attribution}; {note.licence}"
    return Shop(name, note.zone, note.currency, shape, mapping, about, lambda: str(datasets.path(data)), further)


def _online_retail() -> Shop:
    further = (
        "cohorts -w {folder} --by Country --where Country=France,Germany",
        "bridge -w {folder} --people period=2011-11 what=lost",
    )
    return _packed("online_retail", "Giftware shop", "lines", {}, further)


def _cdnow() -> Shop:
    further = ("cohorts -w {folder} --period quarter", "bridge -w {folder} --people period=1998-05 what=lost")
    mapping = {"customer": "customer_id", "time": "date", "revenue": "dollar_value"}
    return _packed("cdnow", "CDNOW", "orders", mapping, further)


def _stream() -> Shop:
    """The made stream: page views, carts, checkouts and orders of nobody real, with known truth."""
    from holdfast.datasets.made_stream import made_stream

    about = (
        "A made stream: a year of page views, carts, checkouts and orders of 2,000 made-up customers\n"
        "What is planted in it stands in holdfast.datasets.made_truth"
    )
    further = (
        "paths -w {folder} --unit sessions --name-by path --group '/product/*'",
        "drivers -w {folder} --staying any",
    )
    return Shop("Made stream", "UTC", "EUR", "events", {}, about, made_stream, further)


SHOPS: dict[str, Callable[[], Shop]] = {"online-retail": _online_retail, "cdnow": _cdnow, "stream": _stream}


@click.command("demo", cls=Verb)
@click.option("--folder", default="demo", show_default=True, metavar="DIR", help="The workspace to make.")
@click.option(
    "--shop",
    type=click.Choice(list(SHOPS)),
    default="online-retail",
    show_default=True,
    help="Two real shops, and a made one with page views.",
)
@click.option("--no-open", is_flag=True, help="End when all is read in and written: no server, no browser.")
def verb(folder: str, shop: str, no_open: bool) -> int:
    """A real shop's year: read in, who stays and who leaves, in the terminal, as an HTML report and in the browser. Try this
    first.

    Running it again is quick and changes nothing. At a terminal it then serves the shop until Ctrl-C; elsewhere it ends.
    """
    opened = _workspace(folder, shop)
    _answers(opened)
    target = opened.path / "report.html"
    from holdfast.cli.report import write_report

    write_report(opened, target)
    _next(folder, shop, target)
    return 0 if no_open else _shown(folder, target)


def _shown(folder: str, report: Path) -> int:
    """Serve the shop until Ctrl-C where somebody sits at a terminal, signed in by a link; else say how. The exit code."""
    from importlib.util import find_spec

    if find_spec("granian") is None:
        from holdfast.cli.report import open_page

        open_page(report)
        click.echo("In the browser, with intake, pages and accounts: pip install 'holdfast[server]', then this again")
        return 0
    if os.environ.get("CI") or not sys.stdout.isatty():
        click.echo(f"In the browser:\n  {_program()} serve -w {folder}")
        return 0
    from holdfast.cli.serve import serve_until_stopped
    from holdfast.errors import UsageError

    click.echo()
    for port in (None, 0):
        try:
            return serve_until_stopped(folder, None, port, before=("migrate", "demo"), browser="opened")
        except UsageError:
            line("that port is taken; a free one is used")
    return 1


def _workspace(folder: str, shop: str) -> Workspace:
    """The demo's workspace: made and filled the first time, opened afterwards."""
    from holdfast.workspace import Workspace

    if (Path(folder) / "holdfast.toml").exists():
        opened = Workspace.open(folder)
        if opened.imports():
            line(f"{opened.settings.name} is in {folder} already; nothing is read again")
            return opened
    return _filled(folder, shop)


def _filled(folder: str, shop: str) -> Workspace:
    from holdfast.cli.bringing import bring, planned, workspace_for
    from holdfast.events.options import ImportOptions
    from holdfast.workspace import Workspace

    chosen = SHOPS[shop]()
    click.echo(f"{chosen.about}\n")
    place = workspace_for(folder, {"name": chosen.name, "zone": chosen.zone, "currency": chosen.currency})
    plan = planned(place, chosen.source(), chosen.mapping, ImportOptions(shape=chosen.shape))
    said, _ = bring(place, plan)
    tell(said)
    click.echo()
    return Workspace.open(folder)


def _answers(opened: Workspace) -> None:
    """Who stays and who leaves: the bridge, the cohorts, the segments."""
    from holdfast.analyses.bridge import Bridge
    from holdfast.analyses.cohorts import Cohorts
    from holdfast.analyses.repeat import Repeat
    from holdfast.analyses.rfm import Rfm
    from holdfast.cli.cohorts import triangle
    from holdfast.cli.compiling import say_first_run
    from holdfast.cli.rfm import segments
    from holdfast.cli.views import chosen

    say_first_run()
    timelines = opened.timelines
    bridge = chosen(
        "period",
        "start",
        "new",
        "returned",
        "lost",
        "end",
        "crr",
        hidden=("segment", "churn", "churn_low", "churn_high"),
        latest=7,
    )
    shown: tuple[tuple[str, Question, View], ...] = (
        ("Do our customers stay?", Bridge(), bridge),
        ("Of each month's first-time buyers, who bought again?", Cohorts(), triangle),
        ("Who orders a second time?", Repeat(), chosen("days", "n", "second", "rate", hidden=("km_rate", "km_low", "km_high"))),
        ("Which customers are which?", Rfm(), segments),
    )
    for title, question, view in shown:
        _section(title, said_of(question.answer(timelines)), view)


def _section(title: str, said: Said, view: View) -> None:
    from rich.rule import Rule

    from holdfast.cli.screen import out

    out().print(Rule(title, align="left", style="dim"))
    tell(Said(said.question, said.words, said.columns, said.rows, (), "", said.currency), view=view)
    click.echo()


def _program() -> str:
    """How this program is called from here: its name where the shell finds it, else its path."""
    if shutil.which("holdfast"):
        return "holdfast"
    path = Path(sys.executable).with_name("holdfast")
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _next(folder: str, shop: str, target: Path) -> None:
    """What to try next, with a file of one's own."""
    first, second = (verb.format(folder=folder) for verb in SHOPS[shop]().further)
    me = _program()
    click.echo(f"The whole report, with pictures, definitions and benchmarks: {target.resolve()}")
    click.echo(
        f"""
Look further:
  {me} metrics -w {folder}
  {me} {first}
  {me} {second}
  {me} value -w {folder}      what each customer is worth from now on
  {me} risk -w {folder}       who is about to leave, and what goes together with it
  {me} next -w {folder}       when each is expected again
Your own shop:
  {me} import orders.csv -w myshop      shows how the file will be read, and asks
  {me} metrics -w myshop
  {me} report -w myshop"""
    )
