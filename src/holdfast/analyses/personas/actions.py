"""What to do with each persona (MISSION 3.50 to 3.57), one line each."""

from __future__ import annotations

__all__ = ["ACTIONS", "MARK_ACTIONS"]

ACTIONS = {
    "bouncer": "Mend the pages they leave from (headline, first picture, one clear next step); ask for an address at most; "
    "spend little else on them.",
    "passive browser": "Remind them of what they looked at, by path, time and interest; ask them to register; send useful mail "
    "until they are ready; learn how they differ from buyers.",
    "cart abandoner": "Shorten the checkout, say shipping price and time early, ask why they stopped; a reminder that ends "
    "with the order, an offer only as the last step.",
    "one-time low value": "Look after the first purchase, then show cheap things that fit; points and referral first, dearer "
    "goods later.",
    "one-time high value": "No discounts: keep in touch in person, answer doubts by mail or call, show exclusive goods, give a "
    "gift above a spend.",
    "repeat buyer": "Keep their rhythm: be there when the next order is due, take every hurdle away, let them feel known.",
}

MARK_ACTIONS = {
    "none": "No mark: treat them by their own rhythm.",
    "discount seeker": "Bundles, points and early access rather than ever larger discounts; watch the margin.",
    "impulse": "New and limited things, few steps to pay, reminders soon after a visit.",
}
