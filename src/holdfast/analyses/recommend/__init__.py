"""Recommending: what each customer would like next, and how well such lists did in the past."""

from __future__ import annotations

from holdfast.analyses.recommend.question import Recommend

__all__ = ["Recommend"]
