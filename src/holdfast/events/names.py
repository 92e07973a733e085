"""Names of the events that count. Here rather than in schema.py for those who must not load pyarrow: the web."""

from __future__ import annotations

__all__ = ["ORDER", "REFUND"]

ORDER = "Order Completed"
"""The event that counts as an order."""

REFUND = "Order Refunded"
"""The event that takes back an order, or a part of it; its `revenue` is the positive amount taken back."""
