"""Every analysis as a page (`listed`), and what can be chosen on it.

What can be chosen is declared once, by the options of the verb of the same name (`holdfast.cli`): the command line, the page
and the HTTP API take the same arguments. Loading a verb loads click and nothing else. A verb is named here by text, as
everywhere in the command line, since `holdfast serve` stands above the server.
"""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from holdfast.errors import UnknownName
from holdfast.server.insights.listed import INSIGHTS, Insight

if TYPE_CHECKING:
    import click

    from holdfast.server.insights.controls import Control

__all__ = ["INSIGHTS", "NOT_ANALYSES", "UNSPLIT", "Insight", "command", "controls", "insight", "parts"]


UNSPLIT: dict[str, tuple[str, ...]] = {
    "initiative": ("by",),
    "migration": ("by", "as-of"),
    "persona-cards": ("by",),
    "persona-moves": ("by", "as-of"),
    "clusters": ("by",),
    "traits": ("by",),
    "baskets": ("by",),
    "costs": ("by",),
    "referred": ("by",),
    "service": ("by",),
    "holdout": ("by", "where", "moment"),
    "drivers": ("by",),
    "activation": ("by",),
    "breadth": ("by",),
    "adoption": ("by",),
    "attention": ("by", "moment"),
    "recommend": ("by",),
    "uplift": ("by", "moment"),
}
"""Pages whose question takes not all of the choices that are common to all: those it does not take."""

NOT_ANALYSES = frozenset({"demo", "init", "import", "customers", "report", "sql", "refusals", "erase", "doctor"})
"""Verbs that ask nothing of the timelines that a page could show, or that have a room of their own."""

_BY_SLUG = {one.slug: one for one in INSIGHTS}


def insight(slug: str) -> Insight:
    """The page of an address. UnknownName when there is none."""
    if slug not in _BY_SLUG:
        raise UnknownName("insight", slug, _BY_SLUG)
    return _BY_SLUG[slug]


def parts() -> dict[Any, list[Insight]]:
    """The pages by the part that they stand in; those whose verb this installation has."""
    found: dict[Any, list[Insight]] = {}
    for one in INSIGHTS:
        found.setdefault(one.part, []).append(one)
    return found


@cache
def command(slug: str) -> click.Command:
    """The verb that asks a page's question."""
    from django.utils.module_loading import import_string

    verbs: dict[str, tuple[str, str]] = import_string("holdfast.cli.VERBS")
    one = insight(slug)
    found: click.Command = import_module(f"holdfast.cli.{verbs[one.verb or slug][0]}").verb
    return found


@cache
def controls(slug: str) -> tuple[Control, ...]:
    """What can be chosen on a page, those that matter first."""
    from holdfast.server.insights.controls import controls_of

    one = insight(slug)
    return controls_of(command(slug), one.first, (*one.hides, *UNSPLIT.get(slug, ())))
