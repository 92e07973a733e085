"""What others claim, with who says it: shown beside own figures, never as our finding (MISSION 3.5).

Ids are rows of the mission. Sources are named as far as the claim is usually cited; what a source does not say, stands so.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

__all__ = ["CLAIMS", "Claim", "claims_table"]


@dataclass(frozen=True)
class Claim:
    """One claim of the literature.

    id      row of the mission · about  what it is about: "retention", "cost", "referral", "service", "spend", "one year"
    text    the claim in a sentence
    source  who says so, as cited
    scope   of whom it speaks and what it leaves open
    """

    id: str
    about: str
    text: str
    source: str
    scope: str


CLAIMS: tuple[Claim, ...] = (
    Claim(
        "3.6", "retention", "5 % more retention gives 25 to 95 % more revenue",
        "Bain & Company (Reichheld and Sasser 1990, Reichheld 1996), retold everywhere",
        "the original: 5 points of a year's defections (10 to 5 %) and the profit of one customer over her life, worked out, "
        "not observed; 85 % in a bank's branches, 50 % in an insurance brokerage, 30 % in a chain of garages",
    ),
    Claim(
        "4.2", "retention", "1 % less churn adds about 7 % to the bottom line, 1 % more acquisition just over 3 %",
        "Price Intelligently (ProfitWell)", "512 software firms by subscription; per cent of what is not said",
    ),
    Claim(
        "1.1", "cost", "a new customer costs 5 to 25 times as much as keeping one",
        "Harvard Business Review (Gallo 2014)", "any trade; studies differ so widely",
    ),
    Claim("2.5", "cost", "a new customer costs 5 times as much as keeping one", "as cited, no study named", "any trade"),
    Claim(
        "3.5", "spend", "loyal customers spend 67 % more than new ones", "BIA/Kelsey and Manta, as cited; also Bain, as cited",
        "BIA/Kelsey: small firms in the United States; Bain: buyers of clothes, months 31 to 36 against their first six",
    ),
    Claim(
        "4.3", "referral", "referred customers have a 16 % higher life time value",
        "Schmitt, Skiera and Van den Bulte 2011, Journal of Marketing 75", "one German bank, 10,000 customers over 33 months",
    ),
    Claim("4.3", "referral", "referred customers are kept 37 % more often", "Deloitte, as cited", "not stated"),
    Claim("4.3", "referral", "referred leads convert 3 to 5 times as often", "as cited, no study named", "not stated"),
    Claim(
        "2.5", "service", "existing customers need less support time than new ones", "as cited, no study named", "not stated"
    ),
    Claim(
        "3.11", "one year", "only 3 in 10 customers keep shopping for more than a year", "as cited, no study named",
        "not stated",
    ),
)  # fmt: skip


def claims_table(*about: str) -> pa.Table:
    """The claims about these subjects as a table: id, about, claim, source, scope."""
    found = [claim for claim in CLAIMS if claim.about in about]
    rows = [{"id": one.id, "about": one.about, "claim": one.text, "source": one.source, "scope": one.scope} for one in found]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in ("id", "about", "claim", "source", "scope")]))
