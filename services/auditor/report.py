"""What the auditor found: a value that a table, a JSON document and metrics are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import msgspec

from shared.contracts.vocabulary import Metric

from .shares import Compliance


class Point(msgspec.Struct, frozen=True, order=True):
    """One threshold of one clock: what may be announced once (semantics K1, K11). 100 is the breach."""

    ticket_id: UUID
    metric: Metric
    cycle: int
    percent: int


class Finding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing that is wrong. `due`: by the auditor's own arithmetic; `announced`: the instant that was
    published; `recorded`: when it was written.
    """

    point: Point
    words: str
    due: datetime | None = None
    announced: datetime | None = None
    recorded: datetime | None = None
    event_id: UUID | None = None


class Lateness(msgspec.Struct, frozen=True, kw_only=True):
    """How long after the instant at which it could be known a deadline was written, in seconds."""

    count: int = 0
    p50: float = 0.0
    p99: float = 0.0
    max: float = 0.0


def lateness_of(seconds: Sequence[float]) -> Lateness:
    """The distribution of `seconds` by the nearest rank; zeros when there are none."""
    ranked = sorted(seconds)
    if not ranked:
        return Lateness()

    def rank(share: float) -> float:
        return ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    return Lateness(count=len(ranked), p50=rank(0.5), p99=rank(0.99), max=ranked[-1])


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The verdict on the window `(since, until]`.

    - `due`: warnings and breaches that fell due in it, `fired`: those announced, each counted once.
    - `pending`: due or to be withdrawn, but so recently that the grace is not over.
    - `missing`, `doubled`, `early`, `false`: what must not be; `misdated`: announced under a later
      instant, or with another deadline, than was due; `unpaired`: level and update clocks that ended
      without a beginning, or began or ended twice.
    - `withdrawn`: announcements taken back; `overtaken`: announcements that were right when they were
      written and that a later fact moved or disproved, where no withdrawal is owed (semantics T3).
    - `unjudged`: tickets whose facts are not all in the log, whose workflow is not at hand, or of whose
      calendar it is not known when it changed; `lacking`: how many of them for want of what.
    - `compliance`: kept promises of the tickets of which something was written in the window (K13, R3).
    - `unopened`: accepted deliveries whose ticket is not on the topic; None when nobody looked.
    """

    since: datetime
    until: datetime
    tickets: int
    due: int
    fired: int
    pending: int
    missing: tuple[Finding, ...]
    doubled: tuple[Finding, ...]
    early: tuple[Finding, ...]
    false: tuple[Finding, ...]
    misdated: tuple[Finding, ...]
    unpaired: tuple[Finding, ...]
    withdrawn: int
    overtaken: int
    unjudged: int
    lateness: Lateness
    lacking: dict[str, int] = {}
    unopened: int | None = None
    compliance: tuple[Compliance, ...] = ()

    @property
    def clean(self) -> bool:
        """Is nothing wrong?"""
        return not (self.wrong or self.unopened)

    @property
    def wrong(self) -> tuple[Finding, ...]:
        """Every finding, by kind."""
        return (
            *self.missing,
            *self.doubled,
            *self.early,
            *self.false,
            *self.misdated,
            *self.unpaired,
        )
