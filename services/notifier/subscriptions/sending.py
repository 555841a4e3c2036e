"""One request to one endpoint, through the one door out, and what it means."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from shared.http.egress import Egress, EgressRefused, EgressTemporary, EgressUnknown

from .domain.classifying import classify
from .domain.delivery import Outcome, Verdict
from .domain.signing import signed
from .domain.subscription import message_id
from .store.deliveries import Taken

# What may be seen of an address is the same for all that we do not reach (security S49).
_NO_REACH: Final = {
    EgressRefused: Verdict(outcome=Outcome.REFUSED, detail="the address is not allowed"),
    EgressTemporary: Verdict(outcome=Outcome.RETRY, detail="the endpoint was not reached"),
    EgressUnknown: Verdict(outcome=Outcome.UNKNOWN, detail="no answer came"),
}


async def attempt(
    taken: Taken, secrets: list[str], egress: Egress, *, timeout_seconds: float, now: datetime
) -> Verdict:
    """Post the event once, signed with all `secrets`; raises nothing that is expected."""
    delivery = taken.delivery
    named = message_id(delivery.subscription_id, delivery.event_id)
    try:
        reply = await egress.post(
            taken.url,
            content=taken.document,
            headers=signed(named, taken.document, secrets, now),
            timeout_seconds=timeout_seconds,
        )
    except (EgressRefused, EgressTemporary, EgressUnknown) as error:
        return _NO_REACH[type(error)]
    return classify(reply.status, reply.headers.get("retry-after", ""), reply.body, now)
