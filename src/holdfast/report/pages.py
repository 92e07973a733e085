"""Which steps the report's ways are made of: pages where the data know them, events otherwise."""

from __future__ import annotations

from collections.abc import Iterable

from holdfast.analyses.steps import Naming
from holdfast.events.schema import REFUND
from holdfast.timelines.columns import Meta

__all__ = ["PAGES", "naming_of", "page_groups"]

PAGES = ("path", "page_path", "page", "url_path", "screen")
"""Properties that name a page, the surest first."""

FEW_PAGES = 5
"""A folder of more pages than this is told as one step."""


def naming_of(meta: Meta) -> Naming:
    """Steps by page where there are pages, folders of many pages as one; else by event. A refund is no step of a visit."""
    by = next((name for name in PAGES if name in meta.properties), None)
    if by is None:
        return Naming(exclude=(REFUND,))
    return Naming(by=by, groups=page_groups(meta.properties[by]), exclude=(REFUND,))


def page_groups(pages: Iterable[str]) -> tuple[str, ...]:
    """A pattern for each first folder that holds many pages: /product/1, /product/2, … are /product/*."""
    folders: dict[str, int] = {}
    for page in pages:
        head, _, rest = page.removeprefix("/").partition("/")
        if page.startswith("/") and head and rest:
            folders[head] = folders.get(head, 0) + 1
    return tuple(f"/{head}/*" for head, count in sorted(folders.items()) if count > FEW_PAGES)
