"""What a notification tells of: the fact, in the terms by which others void, supersede or correct it."""

from __future__ import annotations

import msgspec

from shared.contracts import (
    ClockPayload,
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    SlaBreached,
    SlaWarning,
    type_of,
)

from .notification import About, Kind
from .voiding import BREACH, clock_of


def about_of(event: Event) -> About:
    """What a notification about `event` tells of."""
    said = event.payload
    about = About(
        fact_id=event.id, fact=type_of(said).name, kind=Kind.TICKET, happened_at=event.time
    )
    match said:
        case ClockPayload():
            percent = said.threshold_percent if isinstance(said, SlaWarning) else None
            threshold = BREACH if isinstance(said, SlaBreached) else percent
            return msgspec.structs.replace(
                about, kind=Kind.CLOCK, clock=clock_of(said), threshold=threshold
            )
        case EscalationRaised() | EscalationAdvanced():
            return msgspec.structs.replace(
                about, kind=Kind.ESCALATION, escalation_id=said.escalation_id
            )
        case EscalationResolved():
            return msgspec.structs.replace(about, escalation_id=said.escalation_id)
        case EscalationAcknowledged():
            return msgspec.structs.replace(about, settles=str(said.escalation_id))
    return about
