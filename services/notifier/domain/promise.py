"""What customers are promised: the deadlines of their ticket's clocks, as the escalator last said them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec

from shared.contracts import (
    ClockPayload,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaPaused,
    SlaRepriced,
    SlaResumed,
    SlaStarted,
)
from shared.contracts.vocabulary import Metric

#: The clocks that customers are told of.
PROMISED: Final = frozenset({Metric.FIRST_RESPONSE, Metric.RESOLUTION})


class Promise(msgspec.Struct, frozen=True, kw_only=True):
    """What one clock measures; no deadline while it stands."""

    deadline: datetime | None
    target_seconds: int


def owed(known: Mapping[str, Promise], said: ClockPayload) -> dict[str, Promise]:
    """What is owed, by metric, after what was said of one clock; a clock that has ended owes nothing."""
    metric = said.metric.value
    match said:
        case SlaStarted() | SlaRepriced():
            new = Promise(deadline=said.deadline, target_seconds=said.target_seconds)
            return {**known, metric: new}
        case SlaPaused() | SlaResumed() if metric in known:
            deadline = said.deadline if isinstance(said, SlaResumed) else None
            return {**known, metric: msgspec.structs.replace(known[metric], deadline=deadline)}
        case SlaMet() | SlaClosedLate() | SlaCancelled():
            return {name: promise for name, promise in known.items() if name != metric}
    return dict(known)
