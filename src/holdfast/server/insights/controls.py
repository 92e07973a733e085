"""What can be chosen on a page, read from the options of its verb."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import click

__all__ = ["Control", "arguments", "controls_of"]

Kind = Literal["choice", "number", "decimal", "share", "text", "date", "event", "property", "condition", "yes"]

ELSEWHERE = frozenset({"workspace", "json", "csv", "png", "html", "people", "help", "file", "parquet"})
"""Options about the terminal and its files; a page has its own ways for these, and never reads or writes a file by name."""

_KINDS: tuple[tuple[str, Kind], ...] = (
    ("DATE", "date"), ("EVENT", "event"), ("STEP", "event"), ("NAME=VALUE", "condition"), ("PROPERTY", "property"),
    ("NAME", "property"), ("SHARE", "share"), ("RATE", "share"),
)  # fmt: skip
"""What an option's metavar says of its kind."""

_LABELS = {"as-of": "as of", "by": "compare by", "where": "only where", "whose": "of whom", "at": "at"}


@dataclass(frozen=True)
class Control:
    """One choice.

    name     as it stands in the address, in the command line and in the API
    kind     how it is asked for
    label, help   what it is
    choices  the values of a choice
    many     whether it may be said several times
    words    of how many words its value is made (risk's three cuts); 1 as a rule
    first    whether it stands before "more"
    option   as the command line has it: --name, or empty for a plain argument
    least, most   bounds of a number
    """

    name: str
    kind: Kind
    label: str
    help: str
    choices: tuple[str, ...] = ()
    many: bool = False
    words: int = 1
    first: bool = False
    option: str = ""
    least: float | None = None
    most: float | None = None


def controls_of(command: click.Command, first: Sequence[str], hides: Iterable[str]) -> tuple[Control, ...]:
    """The choices of a verb: those of `first` in that order, then the verb's own, then those that all share."""
    left_out = ELSEWHERE | set(hides)
    made = [_control(one, first) for one in command.params]
    kept = [one for one in made if one.name not in left_out]
    at = {name: place for place, name in enumerate(first)}
    return tuple(sorted(kept, key=lambda one: at.get(one.name, len(at) + (one.name in SHARED))))


SHARED = ("as-of", "by", "where", "moment", "whose")
"""Choices of every analysis."""


def _control(param: click.Parameter, first: Sequence[str]) -> Control:
    import click

    long = next((name for name in param.opts if name.startswith("--")), "")
    name = long.removeprefix("--") or (param.human_readable_name if param.param_type_name == "option" else _argument(param))
    if name == "accounts":
        return Control("whose", "choice", _LABELS["whose"], _help(param), ("customers", "accounts"), option="--accounts")
    kind, choices, (least, most) = _kind(param)
    flag = isinstance(param, click.Option) and param.is_flag
    return Control(
        name, "yes" if flag else kind, _LABELS.get(name, name.replace("-", " ")), _help(param), choices,
        bool(param.multiple) if isinstance(param, click.Option) else param.nargs == -1, max(param.nargs, 1), name in first,
        long, least, most,
    )  # fmt: skip


def _argument(param: click.Parameter) -> str:
    return re.sub(r"[^a-z]", "", (param.metavar or param.name or "").lower())


def _help(param: click.Parameter) -> str:
    text = getattr(param, "help", None) or ""
    if param.name == "show" and "any word lists them" in text:
        return "A further table of the answer in the place of the first."
    return re.sub(r"[;,]? ?(may be repeated|repeatable|may be given several times|--csv: all)|--(?=[a-z])", "", text)


def _kind(param: click.Parameter) -> tuple[Kind, tuple[str, ...], tuple[float | None, float | None]]:
    import click

    kind = param.type
    if isinstance(kind, click.Choice):
        return "choice", tuple(map(str, kind.choices)), (None, None)
    if isinstance(kind, click.IntRange):
        return "number", (), (kind.min, kind.max)
    metavar = param.metavar or ""
    if isinstance(kind, click.FloatRange):
        return ("share" if metavar in ("SHARE", "RATE") else "decimal"), (), (kind.min, kind.max)
    if kind.name in ("integer", "float"):
        return ("number" if kind.name == "integer" else "decimal"), (), (None, None)
    bare = metavar.strip("[].…")
    return next((found for word, found in _KINDS if bare == word), "text"), (), (None, None)


def arguments(controls: Iterable[Control], pairs: Iterable[tuple[str, str]]) -> list[str]:
    """The command line that says these pairs. A value never becomes an option, whatever sign it begins with."""
    known = {one.name: one for one in controls}
    options: list[str] = []
    plain: list[str] = []
    for name, value in pairs:
        one = known.get(name)
        if one is None:
            continue
        if not one.option:
            plain.append(value)
        elif one.name == "whose":
            options += [one.option] if value == "accounts" else []
        elif one.kind == "yes":
            options += [one.option] if value == "yes" else []
        elif one.words > 1:
            options += [one.option, *_words(value, one.words)]
        else:
            options.append(f"{one.option}={value}")
    return [*options, "--", *plain]


def _words(value: str, count: int) -> list[str]:
    """So many words; what is missing becomes empty, and is then refused as a number that is none."""
    found = [word.lstrip("-") for word in re.split(r"[\s,]+", value.strip())]
    return [*found, *[""] * count][:count]
