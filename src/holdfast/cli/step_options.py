"""Options of the verbs that ask about ways: which events are steps, what a step is called, where a session begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from holdfast.errors import UsageError

if TYPE_CHECKING:
    from holdfast.analyses.steps import Naming

__all__ = ["gap_option", "loops_option", "naming", "naming_options", "step_options", "unit_option", "versus_option"]

F = TypeVar("F", bound=Callable[..., Any])

NO_SESSIONS = ("none", "0")


def naming_options(function: F) -> F:
    """`--name-by`, `--group`, `--only`, `--exclude`: the parts of a Naming (see `naming`)."""
    for option in (
        click.option("--exclude", multiple=True, metavar="NAME", help="Leave steps out by name or pattern, as if never done."),
        click.option("--only", multiple=True, metavar="EVENT", help="Only these events are steps; may be given several times."),
        click.option(
            "--group", "groups", multiple=True, metavar="PATTERN", help="Names that match are one step: --group '/product/*'."
        ),
        click.option(
            "--name-by", "name_by", default=None, metavar="PROPERTY", help="Name steps by a property, such as path (pages)."
        ),
    ):
        function = option(function)
    return function


def gap_option(function: F) -> F:
    """`--gap MINUTES`: a session ends after so many minutes without a step; 0 or none: sessions never end."""
    return click.option(
        "--gap",
        "gap_minutes",
        callback=_minutes,
        default=None,
        metavar="MINUTES",
        help="A session ends after so many minutes without a step; none: no sessions.",
    )(function)


def loops_option(function: F) -> F:
    """`--loops kept|collapsed`: whether a step repeated at once counts again."""
    return click.option(
        "--loops",
        type=click.Choice(["kept", "collapsed"]),
        default=None,
        help="The same step several times running: all, or one.",
    )(function)


def unit_option(function: F) -> F:
    """`--unit customers|sessions|transitions`: what is counted."""
    return click.option(
        "--unit", type=click.Choice(["customers", "sessions", "transitions"]), default=None, help="What is counted."
    )(function)


def versus_option(function: F) -> F:
    """`--versus A,B` (or given twice, for values with commas): the two segments side by side, as a tuple."""
    return click.option(
        "--versus",
        multiple=True,
        callback=_pair,
        metavar="A,B",
        help="The two values of --by set side by side (default: the two largest; customer,gone).",
    )(function)


def _pair(_ctx: click.Context, _param: click.Parameter, values: tuple[str, ...]) -> tuple[str, ...] | None:
    parts = values[0].split(",") if len(values) == 1 else values
    return tuple(part.strip() for part in parts) or None


def step_options(function: F) -> F:
    """All of them, for verbs that take all."""
    return naming_options(gap_option(loops_option(unit_option(function))))


def naming(options: dict[str, Any]) -> Naming:
    """The Naming of a verb's own options, taken out of them."""
    from holdfast.analyses.steps import BY_EVENT, Naming

    by = options.pop("name_by", None) or BY_EVENT
    return Naming(by, *(tuple(options.pop(name, ())) for name in ("groups", "only", "exclude")))


def _minutes(_ctx: click.Context, _param: click.Parameter, value: str | None) -> float | None:
    """Minutes; 0 for no sessions, since None stands for "not given"."""
    if value is None:
        return None
    if value.lower() in NO_SESSIONS:
        return 0.0
    try:
        return float(value)
    except ValueError as error:
        raise UsageError(f"{value!r} is no number of minutes", "write --gap 30, or --gap none for no sessions") from error
