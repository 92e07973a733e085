"""Uplift: what a randomised mailing did, who would be swayed, and whether choosing whom to mail pays.

trial.py           a trial as a value: arms, outcomes, features
tables_in.py       read from a plain table · events_in.py  laid out from timelines
effects.py         differences with intervals, the check of the sample ratio, balance
learners.py        T-, S- and X-learners, cross-fitted · qini.py  how good a ranking is · policy.py  what a rule earns
study.py           all of it, and the advice · tables_out.py, words.py  what is said
question.py        `Uplift`, asked of timelines · table_question.py  `uplift_of_table`
"""

from __future__ import annotations

from holdfast.analyses.uplift.question import Uplift
from holdfast.analyses.uplift.table_question import UpliftOfTable, uplift_of_table

__all__ = ["Uplift", "UpliftOfTable", "uplift_of_table"]
