"""What the Today page is made of: plain values that travel from the analyst to the web."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BridgeTold", "Change", "Goal", "Look", "TodayTold"]


@dataclass(frozen=True)
class Look:
    """A group of people to look after.

    group     as the analysis calls it · title, do  in words
    people    how many · stake  money, as written; empty where none is at stake or known
    """

    group: str
    title: str
    do: str
    people: int
    stake: str


@dataclass(frozen=True)
class Change:
    """One figure of last week beside the week before, as written.

    judged  "up" or "down" where a rise is good or bad news, else ""
    opens   cell of the weekly bridge behind which the people of now stand; empty: nobody is counted
    """

    name: str
    now: str
    before: str
    change: str
    judged: str
    opens: str = ""


@dataclass(frozen=True)
class Goal:
    """The report's month against goal and trade.

    month, rate   the month in English words, its retention as written with interval and n
    goal          the goal as written, and whose it is; aim: its number, own: whether it is ours, not the trade's
    reached       whether the interval lies above, below or across it: "yes", "no", "open"
    trade         what the trade says, as written, with its source; empty where nothing is known of the industry
    """

    month: str
    rate: str
    goal: str
    reached: str
    trade: str
    aim: str
    own: bool


@dataclass(frozen=True)
class BridgeTold:
    """Where a month went.

    month, words      the month, such as 2011-11 (empty: none is over), and what it did
    picture, notes    HTML; the picture's columns open their people; empty where no month is over
    definition, line  what the numbers mean, and of which data they are
    """

    month: str
    words: str
    picture: str
    notes: str
    definition: str
    line: str


@dataclass(frozen=True)
class TodayTold:
    """All of it. What is named html is safe to show as it is.

    words         the page's sentence as plain text
    opening_html  sentence and tiles · cohorts_html  who bought again
    bridge        where the month went; None where nothing counts
    looks         groups of people, most at stake first · looked  the sentence above them
    changes       last week against the week before; weeks  the two weeks in English words, week: last week,
                  week_before: the one before; their names are English, and translated where they are shown
    goal          None where no month is over
    as_of         the last day that counts, ISO · last_event  second of the latest event, UTC · data  its arrival number
    customers     how many have an event
    """

    words: str
    opening_html: str
    bridge: BridgeTold | None
    cohorts_html: str
    looked: str
    looks: tuple[Look, ...]
    weeks: str
    week: str
    week_before: str
    changes: tuple[Change, ...]
    goal: Goal | None
    as_of: str
    last_event: int
    data: int
    customers: int
