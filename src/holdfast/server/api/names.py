"""No name goes by unheard: a parameter or a field that an operation does not know is refused (422), with the nearest it knows.

A typo in the name of a choice would else give the answer to another question, without a word.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from functools import wraps
from itertools import islice
from typing import Any, get_args

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja.errors import ValidationError
from pydantic import BaseModel

from holdfast.errors import UsageError

__all__ = ["MOST", "Names", "check", "field_error", "heard"]

MOST = 20
"""So many wrong names are looked at and told of, and of each so many letters: a body of them costs no more than that."""

LETTERS = 80

FORMS = ("multipart/form-data", "application/x-www-form-urlencoded")
WRITING = frozenset({"POST", "PUT", "PATCH", "DELETE"})

View = Callable[..., Any]


@dataclass(frozen=True)
class Names:
    """What may stand in a query string.

    once    names that have one value      often  names that may have several
    begins  how further names may begin
    """

    once: frozenset[str] = frozenset()
    often: frozenset[str] = frozenset()
    begins: tuple[str, ...] = ()

    def __or__(self, other: Names) -> Names:
        return Names(self.once | other.once, self.often | other.often, self.begins + other.begins)

    def refuse(self, given: Any) -> None:
        """UsageError where a QueryDict holds a name that is not known: what a page says, instead of a file."""
        for told in self.wrong(given, ()):
            raise UsageError(told["msg"], told.get("mend", ""))

    def wrong(self, given: Any, where: tuple[str, ...]) -> Iterator[dict[str, Any]]:
        """What is wrong with the names of a QueryDict: unknown, or given twice where one value is taken."""
        for name in given:
            if name in self.once:
                if len(given.getlist(name)) > 1:
                    yield _twice(where, name)
            elif name not in self.often and not name.startswith(self.begins or ("\0",)):
                yield _unknown(_("no parameter is called %r"), where, name, self.once | self.often)


FORGERY = Names(frozenset({"csrfmiddlewaretoken"}))
"""What a form of a browser carries besides; Django has looked at it."""


def check(names: Names, given: Any, where: tuple[str, ...]) -> None:
    """ValidationError where a QueryDict holds a name that is not known."""
    wrong = list(islice(names.wrong(given, where), MOST))
    if wrong:
        raise ValidationError(wrong)


def heard(view: View, models: Iterable[Any], more: Callable[[dict[str, Any]], Names] | None) -> View:
    """A view of an operation, run only where all names of its query string and of its body are known.

    models  of ninja, what the operation takes
    more    what else may stand in the query string, told by what stands in the path
    """
    by_source = {str(model.__ninja_param_source__): model for model in models}
    query, sent = _names(by_source.get("query")), _names(by_source.get("file"))

    @wraps(view)
    def run(request: HttpRequest, **values: Any) -> Any:
        check(query | more(values) if more else query, request.GET, ("query",))
        if "body" not in by_source and request.method in WRITING:
            _check_body(request, sent)
        return view(request, **values)

    return run


def field_error(model: Any, error: dict[str, Any]) -> dict[str, Any]:
    """An error of a body, placed as whoever sent it wrote it; of an unknown field, with the nearest ones."""
    inner = getattr(model, "__read_from_single_attr__", None)
    source, *path = error["loc"]
    placed = path[1:] if inner and path[:1] == [inner] else path
    if error["type"] != "extra_forbidden":
        return {**error, "loc": (source, *placed)}
    return _unknown(_("no field is called %r"), (source, *map(str, placed[:-1])), str(placed[-1]), _fields(model, path[:-1]))


def _names(model: Any) -> Names:
    """The names that a model of ninja takes."""
    if model is None:
        return Names()
    known = frozenset(getattr(model, "__ninja_flatten_map__", None) or model.model_fields)
    often = known & frozenset(model.__ninja_collection_fields__)
    return Names(known - often, often)


def _check_body(request: HttpRequest, sent: Names) -> None:
    """ValidationError where a form holds a field that is not taken, or anything is sent to an operation that takes nothing."""
    if request.content_type in FORMS:
        check(sent, request.FILES, ("body",))
        check(sent | FORGERY, request.POST, ("body",))
        return
    try:
        said = json.loads(request.body or b"null")
    except (ValueError, RecursionError):  # the latter: nested a thousand deep
        said = ...
    if isinstance(said, dict):
        wrong = [_unknown(_("no field is called %r"), ("body",), name, sent.once) for name in islice(said, MOST)]
    else:
        wrong = [] if said is None else [{"type": "no_body", "loc": ("body",), "msg": _("nothing is taken in the body")}]
    if wrong:
        raise ValidationError(wrong)


def _fields(model: Any, path: Iterable[str | int]) -> list[str]:
    """The fields of what stands at a place of a body."""
    for part in path:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_of(model.model_fields[part].annotation) or model
    return list(model.model_fields)


def _model_of(annotation: Any) -> Any:
    found = (one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel))
    return next(found, None)


def _unknown(what: str, where: tuple[str, ...], name: str, known: Iterable[str]) -> dict[str, Any]:
    names, short = sorted(known), name[:LETTERS]
    near = get_close_matches(short, names, n=3, cutoff=0.5)
    if near:
        mend = _("did you mean %s?") % ", ".join(near)
    else:
        mend = _("there are: %s") % ", ".join(names) if names else _("it takes none; leave it out")
    return {"type": "unknown_name", "loc": (*where, short), "msg": what % short, "mend": mend}


def _twice(where: tuple[str, ...], name: str) -> dict[str, Any]:
    return {"type": "twice", "loc": (*where, name), "msg": _("%r has one value, and several were given") % name}
