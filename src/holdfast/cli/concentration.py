"""`holdfast concentration`: which share of the revenue do the best customers bring?"""

from __future__ import annotations

from typing import Any

from holdfast.cli.asking import analysis
from holdfast.cli.options import window_option

__all__ = ["verb"]


@analysis("concentration", "concentration:Concentration")
@window_option
def verb(**own: Any) -> dict[str, Any]:
    """Which share of the revenue do the best 1, 5, 10, 20 and 50 % of customers bring?

    People: --people top=20, or "what=reach 80".
    """
    return own
