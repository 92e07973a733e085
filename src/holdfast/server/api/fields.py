"""Kinds of values that operations of several rooms take."""

from __future__ import annotations

from typing import Annotated

from ninja import Path
from pydantic import StringConstraints

__all__ = ["Id", "Key", "Line", "Text"]

Id = Annotated[int, Path(ge=1, le=2**53 - 1)]
"""The number of a row."""

Key = Annotated[
    str, Path(max_length=700, pattern=r"^[A-Za-z0-9_-]+$", description="The customer's `key`, as a search gives it.")
]
"""A customer, in a path."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
"""A line of text."""

Text = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
"""Text of several lines."""
