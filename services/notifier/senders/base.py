"""What a sender is: it delivers one message and says what came of it. Nothing else differs."""

from __future__ import annotations

from typing import Protocol

from services.notifier.domain.delivery import Result
from services.notifier.domain.message import Message


class Sender(Protocol):
    """One channel. `recognises_repeats`: the receiving side can tell a repeat by the message's id, so
    the words need not warn of one (semantics D2).
    """

    channel: str
    recognises_repeats: bool

    async def send(self, message: Message) -> Result:
        """Deliver `message` once and classify the answer; never tries again by itself.

        Returns `unknown` only when the message may have arrived. Raises nothing that is expected;
        whoever calls limits the time, and treats what is raised as unknown.
        """
        ...
