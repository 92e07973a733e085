"""In the analyst: the calculator of rates, which asks nothing of the data."""

from __future__ import annotations

from holdfast.errors import UsageError
from holdfast.server.insights.kept import Told
from holdfast.server.insights.spec import Spec

__all__ = ["rate_told"]


def rate_told(spec: Spec) -> Told:
    """The retention rate (E - N) / S or, of those lost, the churn rate. UsageError when the figures cannot be."""
    from holdfast.analyses.definitions import percent
    from holdfast.analyses.rates import churn_rate, retention_rate
    from holdfast.report.parts import lead, table

    given = {name: _whole(name, value) for name, value in spec.pairs}
    if not given:
        words = "Type the customers at the start, and those at the end and the new among them; or those lost."
        return Told(
            state="told", data="", erasures=0, at=0.0, seconds=0.0, words=words, sentence=lead(words), definition=_MEANT
        )
    if set(given) == {"start", "lost"}:
        kind, found = "churn", churn_rate(given["start"], given["lost"])
    elif set(given) == {"start", "end", "new"}:
        kind, found = "retention", retention_rate(given["start"], given["end"], given["new"])
    else:
        raise UsageError("give start, end and new, or start and lost", "such as start 2000, end 2400, new 600")
    said = percent(found.share, found.low, found.high) if found.share is not None else f"not known: {found.reason}"
    words = f"The {kind} rate is {said}: {found.hits:,} of {found.n:,} customers."
    row = [kind, found.hits, found.n, found.share, found.low, found.high]
    html = table(
        ("rate", "customers", "n", "share", "low", "high"), [row], ("text", "count", "count", "share", "share", "share")
    )
    return Told(
        state="told", data="", erasures=0, at=0.0, seconds=0.0, pairs=spec.pairs, words=words, sentence=lead(words), table=html,
        definition=_MEANT, rows=1, n=found.n,
    )  # fmt: skip


_MEANT = (
    "Retention: customers at the end less the new among them, of those at the start. Churn: those of the start who left, "
    "of those at the start. The interval is Wilson's, 95 %."
)


def _whole(name: str, value: str) -> int:
    try:
        return int(value.replace(",", "").replace(" ", ""))
    except ValueError as error:
        raise UsageError(f"{name} is a number, not {value!r}", "write it as 2400") from error
