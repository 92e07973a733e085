"""Support of new customers beside existing ones: contacts, minutes and what they cost.

walk.py  one walk: contacts and days as a new and as an existing customer · tables.py  rows and words · question.py
"""

from holdfast.analyses.service.question import Service

__all__ = ["Service"]
