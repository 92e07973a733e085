"""What this room does by the clock."""

from __future__ import annotations

from datetime import UTC, datetime

from holdfast.server.jobs import crontab, every

__all__ = ["weekly"]


@every(crontab(minute="5"))
def weekly() -> int:
    """Each hour: send the weekly reports that are due."""
    from holdfast.server.today.weekly import send_weekly

    return send_weekly(datetime.now(UTC))
