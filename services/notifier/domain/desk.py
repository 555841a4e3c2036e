"""Where a ticket stands at the company's own desk, for the links of messages to staff."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import quote, urlsplit

from .ticket import Ticket

#: What a pattern may hold: our id of the ticket, and what its source calls it.
PLACES: Final = ("{ticket_id}", "{external_ref}")

_LONGEST: Final = 500

#: In place of a value, while the rest of a pattern is looked at.
_VALUE: Final = "0"

#: A value of which a path would make something else.
_STEPS: Final = frozenset({"", ".", ".."})


def fault_of(pattern: str) -> str | None:
    """What is wrong with a pattern such as `https://desk.example.com/tickets/{ticket_id}`, None if nothing is.

    Only the path, the query and the fragment may hold a place, so that no ticket decides whose page it is.
    """
    if not any(place in pattern for place in PLACES):
        return f"holds neither {' nor '.join(PLACES)}"
    filled = pattern
    for place in PLACES:
        filled = filled.replace(place, _VALUE)
    if re.search(r"[{}\s<>\"\\]", filled) or not filled.isascii() or len(pattern) > _LONGEST:
        return "is no plain URL of at most 500 characters with places it knows"
    try:
        parts = urlsplit(pattern)
        usable = parts.scheme in {"https", "http"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "is no URL"
    if not usable or parts.username is not None or "{" in parts.netloc:
        return "is no http(s) URL of a desk"
    return None


def ticket_link(pattern: str, ticket: Ticket) -> str | None:
    """The ticket's page; None where its source has no name for it that a URL can hold."""
    reference = ticket.external_ref or ""
    if PLACES[1] in pattern and reference in _STEPS:
        return None
    named = {PLACES[0]: str(ticket.ticket_id), PLACES[1]: quote(reference, safe="")}
    return re.sub("|".join(map(re.escape, PLACES)), lambda found: named[found[0]], pattern)
