"""One sentence for whoever answered in a chat or by text: what came of it."""

from __future__ import annotations

from shared.contracts.vocabulary import Answer

from .answering import Answered
from .domain.answers import Standing
from .domain.wording import at_clock

#: Nothing of the ticket is said but its short name: a number may have changed hands.
_DONE = {
    Answer.ACKNOWLEDGE: "acknowledged. Everybody who would have been paged next is spared",
    Answer.TAKE: "it comes to you, if you are an agent with room for it",
    Answer.SNOOZE: "you have it until {until} at the latest",
    Answer.ESCALATE: "it goes to the next level now",
}

_REFUSED = {
    Standing.UNKNOWN: "There is no such page for you.",
    Standing.EXPIRED: "That page is too old to be answered. Look for a newer one.",
    Standing.DONE: "You have answered so before; nothing was changed now.",
    Standing.OVER: "That escalation is over. Nobody has to take it any more.",
}


def said_of(answered: Answered) -> str:
    """The sentence."""
    if answered.standing is not Standing.OPEN or answered.link is None:
        return _REFUSED.get(answered.standing, _REFUSED[Standing.UNKNOWN])
    until = at_clock(answered.until) if answered.until else "its deadline"
    words = _DONE[answered.wish.answer].format(until=until)
    return f"{answered.link.ticket.reference}: {words}."
