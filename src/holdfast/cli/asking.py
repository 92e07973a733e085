"""Asking: what all analysis verbs have in common, from the options to the answer on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import click

from holdfast.cli.options import Verb, analysis_options, pairs
from holdfast.cli.saying import Said, View, said_of, showing, tell
from holdfast.errors import UsageError, WorkspaceError

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer, Question
    from holdfast.timelines.order_lines import OrderLines
    from holdfast.timelines.timelines import Timelines
    from holdfast.workspace import Workspace

__all__ = ["Asking", "analysis", "asked", "filled", "listening", "order_lines", "remarks", "told_answer"]

Own = Callable[..., "dict[str, Any]"]


def analysis(name: str, question: str, *, view: View | None = None) -> Callable[[Own], click.Command]:
    """Turn a function of a verb's own options into a verb with all the shared options.

    question  module:Class below holdfast.analyses, imported when the verb runs
    The function gives the question's own arguments as a dictionary; --as-of, --by and --where are added.
    """

    def decorate(own: Own) -> click.Command:
        own_options = list(getattr(own, "__click_params__", []))
        tables = all(option.name != "show" for option in own_options)

        def run(workspace: str, **options: Any) -> None:
            shared = {name: options.pop(name) for name in SHARED}
            show = options.pop("show") if tables else None
            asked(question, workspace, own(**options), view=view, show=show, **shared)

        run.__doc__ = own.__doc__
        run.__click_params__ = own_options  # type: ignore[attr-defined]
        return click.command(name, cls=Verb)(analysis_options(run))

    return decorate


SHARED = ("whose", "as_of", "by", "where", "moment", "json", "csv", "png", "html", "people")
"""The options that every analysis takes (`options.analysis_options`)."""


@dataclass(frozen=True)
class Asking:
    """What the options of a verb ask, before it is asked of anything: the pages of the server ask the same.

    question  module:Class below holdfast.analyses
    own       the question's own arguments; `lines` may be a function that reads the order lines of who is asked
    whose     "customers" or "accounts"
    as_of, by, where, moment   the shared options
    show      one of the answer's further tables by name, in the place of the first
    """

    question: str
    own: dict[str, Any]
    whose: str = "customers"
    as_of: str | None = None
    by: str | None = None
    where: tuple[str, ...] = ()
    moment: str | None = None
    show: str | None = None

    def of(self, timelines: Timelines, lines: Callable[[], Any]) -> Question:
        """The question, its names spelled as these timelines do; `lines` reads the order lines where it takes some."""
        by, where = _spelled(self.by, self.where, list(timelines.meta.properties))
        own = dict(self.own)
        if callable(own.get("lines")):
            own["lines"] = own["lines"](timelines, lines)
        return _question(self.question, own, as_of=_day(self.as_of), by=by, where=where, moment=self.moment)


def order_lines(_timelines: Timelines, lines: Callable[[], OrderLines]) -> OrderLines:
    """For the argument `lines` of a question that always takes what was in the orders."""
    return lines()


_LISTENER: ContextVar[list[Asking] | None] = ContextVar("_LISTENER", default=None)


@contextmanager
def listening() -> Iterator[list[Asking]]:
    """While this lasts, verbs that are called ask nothing: what they would have asked is added to the list."""
    heard: list[Asking] = []
    token = _LISTENER.set(heard)
    try:
        yield heard
    finally:
        _LISTENER.reset(token)


EVERY = 1_000_000_000
"""The limit of a list that goes into a file: a screen shows the first customers, a CSV holds all, unless told otherwise."""


def asked(
    question: str, workspace: str, own: dict[str, Any], *, as_of: str | None, by: str | None, where: tuple[str, ...],
    moment: str | None, json: bool, csv: str | None, png: str | None, html: str | None, people: tuple[str, ...],
    whose: str = "customers", view: View | None = None, show: str | None = None,
) -> None:  # fmt: skip
    """Ask the question (module:Class) with its own arguments and the shared options, and say the answer.

    show  one of the answer's further tables by name, in the place of the first
    """
    own = own | {"limit": EVERY} if csv is not None and "limit" in own and own["limit"] is None else own
    asking = Asking(question, own, whose, as_of, by, where, moment, show)
    heard = _LISTENER.get()
    if heard is not None:
        heard.append(asking)
        return
    timelines = _timelines(workspace, whose)
    made = asking.of(timelines, lambda: _order_lines(workspace, whose))
    answer = made.answer(timelines)
    first = () if people else remarks(answer, whose, where)
    told_answer(answer, first, json=json, csv=csv, png=png, html=html, people=people, view=view, show=show)


def told_answer(
    answer: Answer, first: Sequence[str] = (), *, json: bool, csv: str | None, png: str | None, html: str | None,
    people: tuple[str, ...], view: View | None = None, show: str | None = None,
) -> None:  # fmt: skip
    """Say an answer by the shared options: the people behind a number, or pictures, words and table.

    first  notes that come before the answer's own · show  as in `asked`
    """
    if people:
        _people(answer, pairs(people, "--people"), json=json, csv=csv)
        return
    _pictures(answer, html, png)
    said, view = showing(said_of(answer), show), view if show is None else None
    tell(replace(said, notes=(*first, *said.notes)), json=json, csv=csv, view=view)


def remarks(answer: Answer, whose: str, where: tuple[str, ...]) -> tuple[str, ...]:
    """What is said before an answer's own notes: that customers are firms here, and why nobody stands in it."""
    firms = ("a customer is a firm here: all who belong to one account",) if whose == "accounts" else ()
    return (*firms, *_nobody(answer, where))


def _nobody(answer: Answer, where: tuple[str, ...]) -> list[str]:
    """Why nobody stands in the answer: a condition that no customer meets, or an as-of before the data."""
    meaning, timelines = answer.definition, answer.source
    if meaning.n or not timelines.customers:
        return []
    said = [f"nobody meets {' and '.join(where)}; comparing by that property shows which values there are"] if where else []
    last = timelines.as_of().last
    if meaning.as_of < last:
        said.append(f"nobody was a customer by {meaning.as_of}; the data end on {last}")
    return said


def _question(place: str, own: dict[str, Any], **shared: Any) -> Question:
    """The question with its own arguments and those of the shared options that were given."""
    from dataclasses import fields
    from importlib import import_module

    from holdfast.analyses.scope import Scope, parse_where

    module, _, name = place.partition(":")
    kind = getattr(import_module(f"holdfast.analyses.{module}"), name)
    known = {field.name for field in fields(kind)}
    said = {key: value for key, value in shared.items() if value}
    if "where" in said:
        said["where"] = parse_where(said["where"])
    if "scope" in known and said.keys() & {"by", "where", "moment"}:
        said["scope"] = Scope(**{key: said.pop(key) for key in ("by", "where", "moment") if key in said})
    for key in said:
        if key not in known:
            raise UsageError(
                f"--{key.replace('_', '-')} says nothing to this question", f"leave it out; {name} counts everyone"
            )
    made: Question = kind(**{key: value for key, value in own.items() if value is not None}, **said)
    return made


def _order_lines(workspace: str, whose: str) -> OrderLines:
    """What was in the orders of the customers, or of the accounts, of the workspace in a folder."""
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    return (opened.accounts if whose == "accounts" else opened).order_lines()


def _timelines(workspace: str, whose: str) -> Timelines:
    """The timelines of the customers, or of the accounts, of the workspace in a folder; the first run says that it compiles."""
    from holdfast.cli.compiling import say_first_run
    from holdfast.workspace import Workspace

    opened = Workspace.open(workspace)
    say_first_run()
    return filled(opened, whose)


def _of_firms(opened: Workspace) -> Timelines:
    """The timelines of the accounts; WorkspaceError where no event belongs to one."""
    timelines = opened.accounts.timelines
    if not timelines.customers:
        raise WorkspaceError(
            "no event belongs to a firm", "import a column account, account_id or group_id, or Segment's group calls"
        )
    return timelines


def _spelled(by: str | None, where: tuple[str, ...], known: list[str]) -> tuple[str | None, tuple[str, ...]]:
    """Names of properties as the data spell them: country is Country where there is no other country."""
    spelling = {name.lower(): name for name in reversed(known)} | {name: name for name in known}

    def one(name: str) -> str:
        return spelling.get(name, spelling.get(name.lower(), name))

    def condition(text: str) -> str:
        name, sign, values = text.partition("=")
        negated = "!" if name.endswith("!") else ""
        return f"{one(name.rstrip('! ').strip())}{negated}{sign}{values}"

    return None if by is None else one(by), tuple(condition(text) if "=" in text else text for text in where)


def filled(opened: Workspace, whose: str = "customers") -> Timelines:
    """The workspace's timelines; WorkspaceError that says what to do next while nothing was read in.

    whose  "customers", or "accounts": the firms that they belong to
    """
    if whose == "accounts":
        return _of_firms(opened)
    timelines = opened.timelines
    if timelines.events == 0 and not len(timelines.source.columns.nobody.code):
        raise WorkspaceError("there are no events yet", f"bring some in: holdfast import FILE -w {opened.path}")
    return timelines


def _day(text: str | None) -> Any:
    from datetime import date

    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise UsageError(f"{text!r} is no date", "write it as 2011-12-09") from error


def _people(answer: Answer, cell: dict[str, str], *, json: bool, csv: str | None) -> None:
    """The ids behind one number: one a line, or as JSON or CSV."""
    found = answer.people(**_typed(answer, cell))
    named = ", ".join(f"{key} {value}" for key, value in cell.items())
    words = f"{len(found):,} customers stand behind {named}." if len(found) != 1 else f"1 customer stands behind {named}."
    said = Said(
        {"name": type(answer.question).__name__, "people": dict(cell)}, words, ("customer_id",), [[one] for one in found.ids]
    )
    if json or csv is not None:
        tell(said, json=json, csv=csv, view=_nothing)
        return
    from holdfast.cli.screen import line

    line(words)
    for one in found.ids:
        click.echo(one)


def _nothing(_console: Any, _said: Said) -> None:
    """The ids are in the file; the screen gets the sentence."""


def _typed(answer: Answer, cell: dict[str, str]) -> dict[str, Any]:
    """The cell's values in the types of the table's columns: period=3 is a number, cohort=2011-01 a text."""
    import pyarrow as pa

    types = {field.name: field.type for field in answer.table.schema}
    typed: dict[str, Any] = {}
    for key, text in cell.items():
        whole = pa.types.is_integer(types[key]) if key in types else text.isdigit()
        if not whole:
            typed[key] = text
            continue
        try:
            typed[key] = int(text)
        except ValueError as error:
            raise UsageError(f"{key} is a number, not {text!r}", f"write it as {key}=3") from error
    return typed


def _pictures(answer: Answer, html: str | None, png: str | None) -> None:
    if html is not None:
        from holdfast.cli.saying import written
        from holdfast.report.answer_page import answer_page

        written(html, answer_page(answer))
    if png is not None:
        from holdfast.charts.image import png as draw
        from holdfast.cli.screen import line

        line(f"written: {draw(answer.figure(), png)}")
