"""What is said to whoever hears something instead of somebody who is away."""

from __future__ import annotations

from .notification import Fields
from .recipient import Recipient
from .wording import instant_in_figures


def on_behalf(absent: Recipient | None) -> Fields:
    """The fields that say for whom somebody is told, none where they are told for themselves."""
    if absent is None or absent.away is None:
        return {}
    name = absent.name or absent.recipient_id
    until = instant_in_figures("away_until", absent.away.until)
    words = f"for {name}, who is away until {until['away_until']}"
    return {"on_behalf": words, "instead_of": name, **until}
