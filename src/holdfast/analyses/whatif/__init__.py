"""What if more customers were kept: the base carried forward as it is, and with a lever moved.

projection.py  the arithmetic: a base, its monthly flows, levers
months.py      the flows of a shop's own months, and resampled ones
question.py    the question · tables.py  its tables and words
"""

from holdfast.analyses.whatif.question import DRAWS, WhatIf

__all__ = ["DRAWS", "WhatIf"]
