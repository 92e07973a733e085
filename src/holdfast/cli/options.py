"""Options that several verbs share, and options that take several pairs: `--map a=b c=d …`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click

from holdfast.errors import UsageError

__all__ = [
    "Verb",
    "accounts_option",
    "analysis_options",
    "output_options",
    "pairs",
    "window_option",
    "workspace_option",
    "yes_option",
]

F = TypeVar("F", bound=Callable[..., Any])

MANY = ("--map", "--map-event", "--people", "--where")
"""Options that may be followed by several pairs, up to the next option or word without a sign."""


class Verb(click.Command):
    """A verb; `--map a=b c=d` means `--map a=b --map c=d`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Spread options with several pairs, then parse as usual."""
        return super().parse_args(ctx, spread(args))


def spread(args: Sequence[str]) -> list[str]:
    """The arguments with every pair under an option of its own.

    A word without `=` ends the pairs, so that `import --map a=b c=d orders.csv` finds its file.
    """
    out: list[str] = []
    current: str | None = None
    first = False
    for place, word in enumerate(args):
        if word == "--":
            return [*out, *args[place:]]
        if word in MANY:
            current, first = word, True
            out.append(word)
        elif current is not None and not first and "=" in word and not word.startswith("--"):
            out += [current, word]
        else:
            current = current if first else None
            first = False
            out.append(word)
    return out


def pairs(texts: Sequence[str], what: str) -> dict[str, str]:
    """`key=value` texts as a dictionary; UsageError when one is none."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise UsageError(
                f"{text!r} is no pair for {what}", f"write it as key=value, for example {_EXAMPLES.get(what, 'a=b')}"
            )
        found[name.strip()] = value.strip()
    return found


_EXAMPLES = {
    "--map": "customer=CustomerID time=InvoiceDate",
    "--map-event": '"purchase=Order Completed"',
    "--people": "cohort=2011-01 period=3",
}


def workspace_option(function: F) -> F:
    """`-w DIR`: the workspace, also before the verb."""

    def chosen(ctx: click.Context, _param: click.Parameter, value: str | None) -> str:
        return value or ctx.obj or "."

    return click.option("-w", "workspace", metavar="DIR", default=None, callback=chosen, help="The workspace (default: here).")(
        function
    )


def window_option(function: F) -> F:
    """`--window DAYS`: only the orders of the last so many days."""
    return click.option(
        "--window",
        "window_days",
        type=click.IntRange(1),
        default=None,
        metavar="DAYS",
        help="Only orders of the last so many days.",
    )(function)


def yes_option(function: F) -> F:
    """`--yes`: do it without asking."""
    return click.option("--yes", "-y", is_flag=True, help="Do not ask, do it.")(function)


def accounts_option(function: F) -> F:
    """`--accounts`: of the firms that customers belong to, instead of the customers."""
    return click.option(
        "--accounts",
        "whose",
        flag_value="accounts",
        default="customers",
        help="Ask it of the firms that customers belong to.",
    )(function)


def output_options(function: F) -> F:
    """`--json` and `--csv`: the same for every verb."""
    function = click.option(
        "--csv",
        "csv",
        metavar="[PATH|-]",
        is_flag=False,
        flag_value="-",
        default=None,
        help="The table as CSV, into a file or to stdout.",
    )(function)
    return click.option("--json", "json", is_flag=True, help="The answer as JSON: question, words, tables, notes.")(function)


def analysis_options(function: F) -> F:
    """What every analysis takes: as-of, scope, pictures, people, outputs, workspace; and --show, unless it has its own."""
    if all(option.name != "show" for option in getattr(function, "__click_params__", ())):
        function = click.option(
            "--show",
            default=None,
            metavar="TABLE",
            help="A further table of the answer instead, for --csv too; any word lists them.",
        )(function)
    for option in (
        click.option("--people", multiple=True, metavar="KEY=VALUE …", help="The ids of the customers behind one number."),
        click.option("--html", "html", metavar="PATH", default=None, help="The answer as a page that opens offline."),
        click.option("--png", "png", metavar="PATH", default=None, help="The picture as PNG (needs Chromium or Chrome)."),
    ):
        function = option(function)
    function = output_options(function)
    for option in (
        click.option(
            "--where", multiple=True, metavar="NAME=VALUE", help="Only these customers: country=France, country!=France."
        ),
        click.option(
            "--moment", type=click.Choice(["entry", "current"]), default=None, help="Values at the first order, or now."
        ),
        click.option("--by", default=None, metavar="NAME", help="Split by a property, such as country."),
        accounts_option,
        click.option(
            "--as-of", "as_of", metavar="DATE", default=None, help="As it stood at the end of that day (default: end of data)."
        ),
    ):
        function = option(function)
    return workspace_option(function)
