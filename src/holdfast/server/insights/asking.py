"""In the analyst: from what an address says to the question, and from the question to its answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import click
from django.utils.module_loading import import_string

from holdfast.errors import UsageError, WorkspaceError
from holdfast.server.insights.catalogue import command, controls, insight
from holdfast.server.insights.controls import arguments
from holdfast.server.insights.spec import Spec

if TYPE_CHECKING:
    from holdfast.analyses.answer import Answer, Question
    from holdfast.server.analyst.desk import Desk
    from holdfast.timelines.timelines import Timelines
    from holdfast.workspace import Workspace

__all__ = ["Put", "answered", "put", "shown_table"]


@dataclass(frozen=True)
class Put:
    """A question put to timelines.

    spec       what was asked, with what was proposed where something had to be
    question   the question
    timelines  of the customers, or of the accounts
    show       a further table of the answer in the place of the first
    """

    spec: Spec
    question: Question
    timelines: Timelines
    show: str | None


def put(desk: Desk, spec: Spec, *, every_row: bool = False) -> Put:
    """The question of a spec, ready to be answered. UsageError, WorkspaceError when it cannot be asked.

    every_row  whether a list that the page cuts, at the usual place or at one that was chosen, is whole, as in its CSV
    """
    workspace = desk.workspace
    whose = (spec.values("whose") or ["customers"])[-1]
    timelines = _filled(workspace.accounts.timelines if whose == "accounts" else desk.timelines(), whose)
    spec = _completed(spec, timelines)
    asking = _heard(spec, desk.folder)
    if every_row and "limit" in asking.own:
        asking = replace(asking, own=asking.own | {"limit": import_string("holdfast.cli.asking.EVERY")})
    return Put(spec, asking.of(timelines, _lines(desk, workspace, whose)), timelines, asking.show)


def answered(found: Put) -> Answer:
    """The answer to a question that was put, with what the command line would say beside it."""
    answer = found.question.answer(found.timelines)
    before: Callable[..., tuple[str, ...]] = import_string("holdfast.cli.asking.remarks")
    whose = (found.spec.values("whose") or ["customers"])[-1]
    return replace(answer, notes=(*before(answer, whose, tuple(found.spec.values("where"))), *answer.notes))


def shown_table(answer: Answer, show: str | None) -> Answer:
    """The answer with a further table in the place of the first. UsageError where it has none of that name."""
    if show is None:
        return answer
    if show not in answer.extra:
        tables = ", ".join(answer.extra)
        raise UsageError(
            f"this answer has no table {show!r}", f"choose one of {tables}" if tables else "leave it out: there is one table"
        )
    rest = {name: table for name, table in answer.extra.items() if name != show}
    return replace(answer, table=answer.extra[show], extra=rest)


def _heard(spec: Spec, folder: Any) -> Any:
    """What the verb would have asked, had it been called with these choices."""
    listening: Callable[[], Any] = import_string("holdfast.cli.asking.listening")
    one, known = insight(spec.slug), controls(spec.slug)
    args = ["-w", str(folder), *arguments(known, spec.pairs)]
    with listening() as heard:
        try:
            command(spec.slug).main(args=args, prog_name=one.slug, standalone_mode=False)
        except click.ClickException as error:
            raise UsageError(_plainly(error), "put it right below; whatever else you chose is kept") from error
    if not heard:
        raise UsageError("this cannot be asked on a page", f"ask it on the command line: holdfast {one.verb or one.slug}")
    return heard[-1]


def _plainly(error: click.ClickException) -> str:
    """What click says, with the choice by its name on the page and numbers called numbers."""
    param = getattr(error, "param", None)
    name = max((one.lstrip("-") for one in getattr(param, "opts", ())), key=len, default="")
    words = error.message
    for theirs, ours in _WORDS:
        words = words.replace(theirs, ours)
    return f"{name.replace('-', ' ')}: {words}" if name else error.format_message()


_WORDS = (
    ("is not a valid integer range", "is no whole number"), ("is not a valid integer", "is no whole number"),
    ("is not a valid float range", "is no number"), ("is not a valid float", "is no number"),
)  # fmt: skip
"""What click says of a value, and how a person would."""


def _completed(spec: Spec, timelines: Timelines) -> Spec:
    """The spec with the page's presets, and with a proposal for what cannot be left out."""
    one = insight(spec.slug)
    said = {name for name, _ in spec.pairs}
    proposed = [pair for pair in one.preset if pair[0] not in said]
    proposed += [(name, _PROPOSALS[how](timelines)) for name, how in one.needs if name not in said]
    return replace(spec, pairs=(*proposed, *spec.pairs))


def _quarter_before(timelines: Timelines) -> str:
    return (timelines.as_of().last - timedelta(days=90)).isoformat()


def _last_initiative(timelines: Timelines) -> str:
    """The last initiative of the settings; where there is none half a year before the end of the data, or half of them."""
    known = sorted(day for day, _ in timelines.settings.initiatives)
    if known:
        return known[-1]
    last = timelines.as_of().last
    first = timelines.as_of(datetime.fromtimestamp(timelines.meta.first_second, UTC)).last
    usual = (last - timedelta(days=183)).replace(day=1)
    return (usual if usual > first else first + (last - first) / 2).isoformat()


_PROPOSALS: dict[str, Callable[[Timelines], str]] = {"quarter before": _quarter_before, "initiative": _last_initiative}


def _filled(timelines: Timelines, whose: str) -> Timelines:
    if whose == "accounts" and not timelines.customers:
        raise WorkspaceError("no event belongs to a firm", "bring in a column account, or Segment's group calls")
    if timelines.events == 0 and not len(timelines.source.columns.nobody.code):
        raise WorkspaceError("there are no events yet", "bring some in under Data in")
    return timelines


def _lines(desk: Desk, workspace: Workspace, whose: str) -> Callable[[], Any]:
    """What was in the orders, read once for as long as the lake is the same."""

    def read() -> Any:
        key = ("insights", "lines", whose)
        version = workspace.lake.last_sequence(), workspace.lake.erasures()
        if key not in desk.kept or desk.kept[key][0] != version:
            asking = workspace.accounts if whose == "accounts" else workspace
            desk.kept[key] = (version, asking.order_lines())
        return desk.kept[key][1]

    return read
