"""Drivers: the question and what stands behind it; `question.py` says what it means."""

from __future__ import annotations

from holdfast.analyses.drivers.question import WHAT, Drivers, points

__all__ = ["WHAT", "Drivers", "points"]
