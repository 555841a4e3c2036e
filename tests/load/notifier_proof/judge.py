"""What the notifier's tables, its facts and its receivers say, held against each other (I16-I18)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from tests.support.sink_faults import Captures

from .plan import Verdict


@dataclass(frozen=True, slots=True)
class Row:
    """A notification in the end. `message`: the id under which it left, its own or that of its bundle."""

    notification_id: UUID
    message: UUID
    status: str
    outcomes: Sequence[str | None]


#: Status → the event that tells of it.
FACTS: Mapping[str, str] = {
    "sent": "notification.sent",
    "dead": "notification.failed",
    "suppressed": "notification.suppressed",
}


def judge(
    found: Verdict,
    rows: Iterable[Row],
    *,
    expected: set[UUID],
    told: set[tuple[str, UUID]],
    captures: Captures,
) -> None:
    """Write into `found` what there is and what is wrong. `told`: (event type, notification) as published."""
    rows = list(rows)
    ids = {row.notification_id for row in rows}
    statuses = Counter(row.status for row in rows)
    found.planned, found.fallbacks = len(rows), len(ids - expected)
    found.sent, found.dead, found.suppressed = (statuses[status] for status in FACTS)
    found.attempts = Counter(str(outcome) for row in rows for outcome in row.outcomes)
    found.unplanned = len(expected - ids)
    found.open = sum(row.status not in FACTS for row in rows)
    found.untold = sum(
        (FACTS[row.status], row.notification_id) not in told for row in rows if row.status in FACTS
    )
    found.uncaptured = sum(
        row.status == "sent" and not captures.count(str(row.message)) for row in rows
    )
    _count_captures(found, rows, captures)


def _count_captures(found: Verdict, rows: Iterable[Row], captures: Captures) -> None:
    unknown: dict[str, int] = defaultdict(int)
    for row in rows:
        count = sum(outcome == "unknown" for outcome in row.outcomes)
        unknown[str(row.message)] = max(unknown[str(row.message)], count)
    found.messages = len(captures.at)
    found.captures = sum(len(at) for at in captures.at.values())
    found.repeats = found.captures - found.messages
    found.foreign = sum(message not in unknown for message in captures.at)
    found.above = sum(
        len(at) > 1 + unknown[message] for message, at in captures.at.items() if message in unknown
    )
    found.faults = captures.faults
