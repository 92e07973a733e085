"""What each customer is worth from now on: the question and what stands behind it; `question.py` says what it means.

choice.py    which models speak for this shop, and why
horizon.py   months ahead and what money of later is worth today
paying.py    what the orders to come may be worth
valuer.py    a row a customer: P(alive), orders and money to be expected, value, value at risk
futures.py   how differently a customer's own future may turn out: her interval, her variance · quantiles.py  how it is found
doubt.py     what the parameters of the models leave open
groups.py    tenths, bands, cohorts, sources: who belongs together
tables.py    the tables · beside.py  the plain formula and a new customer beside them · words.py  sentences
lately.py    what customers acquired lately brought, beside what the model says of a new one
trait.py     value, value at risk and P(alive) as traits
"""

from __future__ import annotations

from holdfast.analyses.value.question import SHOWS, CustomerValue, Show

__all__ = ["SHOWS", "CustomerValue", "Show"]
