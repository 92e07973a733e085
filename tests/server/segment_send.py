"""Sends through Segment's own Python client, in the environment that holds it: `segment_send.py URL KEY COUNT [gzip]`.

Prints what went wrong as JSON. Holdfast is not installed where this runs.
"""

import json
import sys
from datetime import datetime, timezone

import segment.analytics as analytics

url, key, count = sys.argv[1:4]
errors = []
analytics.write_key = key
analytics.host = url
analytics.gzip = "gzip" in sys.argv
analytics.max_retries = 2
analytics.on_error = lambda error, items: errors.append([type(error).__name__, str(error), len(items)])

analytics.identify("ann", {"plan": "tea"})
analytics.page(anonymous_id="visitor-1", category="Shop", name="Teapots")
analytics.screen("ann", "Shop", "Basket")
analytics.group("ann", "firm-1", {"seats": 3})
analytics.alias("visitor-1", "ann")
for number in range(int(count)):
    analytics.track(
        "ann",
        "Tea Drunk",
        {"number": number, "word": "Té 🍵"},
        timestamp=datetime(2026, 11, 20, 10, 0, tzinfo=timezone.utc),  # noqa: UP017 - the client's environment may be older
    )
analytics.shutdown()
print(json.dumps(errors))
