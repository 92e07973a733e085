"""Writing HTML: what is not said to be markup is escaped, so that a customer's name can hold anything."""

from __future__ import annotations

from html import escape

from holdfast.report.values import cleaned

__all__ = ["Markup", "join", "tag"]

_VOID = frozenset({"br", "hr", "meta", "line", "rect", "polyline", "circle", "path", "link", "img"})


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def tag(element: str, /, *children: object, **attributes: object) -> Markup:
    """An element: plain text is escaped, Markup goes in as it is, None and False are left out.

    Attribute names lose a trailing underscore and write inner ones as dashes: class_="n", data_kind="x"; True writes the bare
    name.
    """
    written = "".join(_attribute(name, value) for name, value in attributes.items() if value is not None and value is not False)
    if element in _VOID and not children:
        return Markup(f"<{element}{written}>" if element in ("br", "hr", "meta", "link", "img") else f"<{element}{written}/>")
    return Markup(f"<{element}{written}>{join(*children)}</{element}>")


def join(*children: object) -> Markup:
    """Pieces after each other; plain text is escaped."""
    return Markup("".join(_piece(child) for child in children))


def _piece(child: object) -> str:
    if child is None or child is False:
        return ""
    if isinstance(child, Markup):
        return str(child)
    if isinstance(child, list | tuple):
        return str(join(*child))
    return escape(cleaned(str(child)))


def _attribute(name: str, value: object) -> str:
    name = name.rstrip("_").replace("_", "-")
    name = {"viewbox": "viewBox", "preserveaspectratio": "preserveAspectRatio"}.get(name.lower(), name)
    return f" {name}" if value is True else f' {name}="{escape(str(value), quote=True)}"'
