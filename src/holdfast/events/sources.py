"""Opening whatever a caller hands over: a path or a frame."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from holdfast.errors import InputError
from holdfast.events.archive import kind_of, pieces
from holdfast.events.chunks import Source
from holdfast.events.options import ImportOptions

__all__ = ["open_source"]


def open_source(source: Any, options: ImportOptions) -> tuple[str, Source]:
    """The format and the source, recognised by its first bytes rather than its name.

    Errors: InputError where it cannot be read at all.
    """
    if not isinstance(source, str | os.PathLike):
        from holdfast.events.frames import open_frame

        return "frame", open_frame(source, options)
    path = Path(source)
    kind = kind_of(path)
    format_ = options.format or _format(path, kind)
    return format_, _open(path, format_, options)


def _format(path: Path, kind: str) -> str:
    if kind in ("parquet", "excel"):
        return kind
    head = next(pieces(path, 65_536), b"")
    if head.startswith((b"PAR1", b"PK\x03\x04", b"\x1f\x8b")):
        raise InputError(f"{path.name} holds a packed file inside", "unpack it first")
    from holdfast.events.jsonl import looks_like_json

    codec = "utf-16" if head.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8"
    return "jsonl" if looks_like_json(head.decode(codec, "replace")) else "delimited"


def _open(path: Path, format_: str, options: ImportOptions) -> Source:
    if format_ == "parquet":
        from holdfast.events.frames import open_parquet

        return open_parquet(path, options)
    if format_ == "excel":
        from holdfast.events.frames import open_excel

        return open_excel(path, options)
    if format_ == "jsonl":
        from holdfast.events.jsonl import open_jsonl

        return open_jsonl(path, options)
    from holdfast.events.delimited import open_delimited

    return open_delimited(path, options)
