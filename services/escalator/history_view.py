"""A clock's history as the API tells it: its stretches, pauses and refused pauses, prices and thresholds.

Durations are in seconds, instants in UTC.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from services.escalator.domain.milestones import Passing, Repriced, Threshold
from services.escalator.domain.stretches import Ran, Refused, Stood
from shared.contracts.vocabulary import PauseReason


class SegmentView(BaseModel):
    """A stretch in which the clock ran; `end` is missing while it runs.

    `open_seconds` is its open time by `calendar`, `before_seconds` what was used at its beginning,
    `total_seconds` at its end. `ended_by`: `paused`, `repriced`, `moved` (what it serves has another
    deadline), `stopped`, `cancelled`; missing while it runs, or when it is not known any more. `because`
    holds the codes of what did that.
    """

    start: datetime
    end: datetime | None
    calendar: str
    open_seconds: float
    before_seconds: float
    total_seconds: float
    ended_by: str | None
    because: list[str]

    @classmethod
    def of(cls, one: Ran) -> SegmentView:
        """The view of `one`."""
        return cls(
            start=one.start,
            end=one.end,
            calendar=one.calendar,
            open_seconds=one.open.total_seconds(),
            before_seconds=one.before.total_seconds(),
            total_seconds=one.total.total_seconds(),
            ended_by=one.ended_by,
            because=list(one.because),
        )


class PauseView(BaseModel):
    """A stretch in which the clock stood. `reasons` is empty when they are not known any more; `ended_by`
    is the fact that ended it: `wrote`, `resumed`, `resolved`, `merged` and so on.
    """

    start: datetime
    end: datetime | None
    reasons: list[PauseReason]
    ended_by: str | None

    @classmethod
    def of(cls, one: Stood) -> PauseView:
        """The view of `one`."""
        return cls(start=one.start, end=one.end, reasons=list(one.reasons), ended_by=one.ended_by)


class RefusedPauseView(BaseModel):
    """A pause that was asked for and did not count: the ticket waits for the customer, but the last
    public message is not ours, so nothing was asked (semantics Z2). `ended_by`: `asked` when our question
    came and the pause began, else the fact that ended the waiting.
    """

    start: datetime
    end: datetime | None
    reason: PauseReason
    ended_by: str | None

    @classmethod
    def of(cls, one: Refused) -> RefusedPauseView:
        """The view of `one`."""
        return cls(start=one.start, end=one.end, reason=one.reason, ended_by=one.ended_by)


class RepricingView(BaseModel):
    """A new target. `epoch` counts them; a deadline is missing where the clock stood."""

    at: datetime
    epoch: int
    cause: str
    old_target_seconds: float
    new_target_seconds: float
    old_deadline: datetime | None
    new_deadline: datetime | None
    policy_id: str
    workflow_digest: str
    calendar: str

    @classmethod
    def of(cls, one: Repriced) -> RepricingView:
        """The view of `one`."""
        return cls(
            at=one.at,
            epoch=one.epoch,
            cause=one.cause,
            old_target_seconds=one.old_budget.total_seconds(),
            new_target_seconds=one.new_budget.total_seconds(),
            old_deadline=one.old_deadline,
            new_deadline=one.new_deadline,
            policy_id=one.policy_id,
            workflow_digest=one.digest,
            calendar=one.calendar,
        )


class ThresholdView(BaseModel):
    """A threshold in percent of the target; 100 is the breach.

    `passing`: `reached` at `at` (`jump` says what led there if no time did), `skipped` by such a jump,
    `brought` along and never announced, `due` at `at` as things stand, `stands` while the clock does,
    `never` because the clock has ended.
    """

    percent: int
    passing: Passing
    at: datetime | None
    jump: str | None

    @classmethod
    def of(cls, one: Threshold) -> ThresholdView:
        """The view of `one`."""
        return cls(percent=one.percent, passing=one.passing, at=one.at, jump=one.jump)
