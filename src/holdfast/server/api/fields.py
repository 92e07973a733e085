"""Kinds of values that operations of several rooms take."""

from __future__ import annotations

from typing import Annotated, Any

from ninja import Path
from pydantic import ConfigDict, StringConstraints

__all__ = ["Id", "Key", "Line", "Name", "Text", "example", "shown"]

Id = Annotated[int, Path(ge=1, le=2**53 - 1, description="`id`, as a list gives it.")]
"""The number of a row."""

Key = Annotated[
    str, Path(max_length=700, pattern=r"^[A-Za-z0-9_-]+$", description="The customer's `key`, as a search gives it.")
]
"""A customer, in a path."""

Line = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200, pattern=r"^[^\x00]*$")]
"""A line of text."""

Text = Annotated[str, StringConstraints(max_length=10_000, pattern=r"^[^\x00]*$")]
"""Text of several lines."""

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120, pattern=r"^[^\x00]*$")]
"""What something is called."""


def example(**said: Any) -> ConfigDict:
    """`model_config` of what an operation takes: an example, shown by the schema and the page; nothing else may stand in it."""
    return ConfigDict(json_schema_extra={"example": said}, extra="forbid")


def shown(**said: Any) -> ConfigDict:
    """`model_config` of what an operation gives: an example; more may stand in it in times to come."""
    return ConfigDict(json_schema_extra={"example": said})
