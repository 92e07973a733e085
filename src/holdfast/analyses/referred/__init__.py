"""Referred customers beside others: what they buy, whether they stay, what they cost.

sources.py   which property tells where a customer came from, and which of its values mean referred
walk.py      one walk: each customer's source and what she bought · tables.py  rows, differences, words · question.py
"""

from holdfast.analyses.referred.question import Referred

__all__ = ["Referred"]
