"""What to paste where, with a key in it."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

__all__ = ["Snippet", "snippets", "token_snippets"]


@dataclass(frozen=True)
class Snippet:
    """A few lines to paste.

    id     for the page
    title  for which surroundings
    text   the lines
    """

    id: str
    title: str
    text: str


def snippets(site: str, key: str) -> list[Snippet]:
    """For sending events with a write key."""
    return [
        Snippet(
            "browser",
            _("Web page"),
            f'<script src="{site}/holdfast.js" data-write-key="{key}" async></script>',
        ),
        Snippet(
            "curl",
            "curl",
            f"curl {site}/v1/track -u {key}: -H 'Content-Type: application/json' \\\n"
            """  -d '{"userId": "ann", "event": "Order Completed", "properties": {"order_id": "1", "revenue": 20}}'""",
        ),
        Snippet(
            "python",
            "Python (segment-analytics-python)",
            "import segment.analytics as analytics\n\n"
            f'analytics.write_key = "{key}"\nanalytics.host = "{site}"\n'
            'analytics.track("ann", "Order Completed", {"order_id": "1", "revenue": 20})',
        ),
        Snippet(
            "node",
            "Node (@segment/analytics-node)",
            "import { Analytics } from '@segment/analytics-node'\n\n"
            f"const analytics = new Analytics({{ writeKey: '{key}', host: '{site}' }})\n"
            "analytics.track({ userId: 'ann', event: 'Order Completed', properties: { order_id: '1', revenue: 20 } })",
        ),
    ]


def token_snippets(site: str, token: str) -> list[Snippet]:
    """For calling the API with a token."""
    return [
        Snippet("curl", "curl", f"curl {site}/api/v1/me -H 'Authorization: Bearer {token}'"),
        Snippet(
            "python",
            "Python",
            "from urllib.request import Request, urlopen\n\n"
            f'request = Request("{site}/api/v1/me", headers={{"Authorization": "Bearer {token}"}})\n'
            "print(urlopen(request).read().decode())",
        ),
        Snippet(
            "node",
            "Node",
            f"const answer = await fetch('{site}/api/v1/me', {{ headers: {{ Authorization: 'Bearer {token}' }} }})\n"
            "console.log(await answer.json())",
        ),
    ]
