"""One target of deliveries: how many messages it may get now, and what their outcomes tell of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from . import breaker, bucket
from .breaker import Breaker
from .bucket import Rate
from .delivery import Outcome, Result

#: A target that asks for a longer wait is asked again after this one; its message waits as asked.
LONGEST_HOLD: Final = timedelta(hours=1)

#: Replicas' clocks may differ by this; a row from further ahead was written before a clock was set back.
SKEW: Final = timedelta(seconds=5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The rates by channel, one without is not limited; how often a target that is given up is probed."""

    rates: Mapping[str, Rate] = field(default_factory=dict)
    probe_every: timedelta = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """As all replicas know it. `full_at`: of its bucket; `held_until`: it has asked us to wait; `failure`:
    what it said last when it failed.
    """

    name: str
    seen_at: datetime
    full_at: datetime
    breaker: Breaker = field(default_factory=Breaker)
    held_until: datetime | None = None
    failure: str | None = None


def unknown(name: str, now: datetime) -> Target:
    """A target nothing was ever sent to."""
    return Target(name=name, seen_at=now, full_at=now)


def admit(
    target: Target, rate: Rate | None, wanted: int, now: datetime, *, limits: Limits
) -> tuple[Target, int]:
    """How many of `wanted` messages may leave for it at `now`, and what it is after that.

    What may not leave waits without an attempt.
    """
    known = _not_from_the_future(target, rate, now)
    granted = wanted
    if known.held_until is not None and known.held_until > now:
        granted = 0
    if (allowed := breaker.allowed(known.breaker, now)) is not None:
        granted = min(granted, allowed)
    if rate is not None:
        granted = min(granted, bucket.room(known.full_at, rate, now))
    if not granted:
        return replace(known, seen_at=now), 0
    full_at = bucket.taken(known.full_at, rate, granted, now) if rate else now
    probing = breaker.probing(known.breaker, now, every=limits.probe_every)
    return replace(known, seen_at=now, full_at=full_at, breaker=probing), granted


def ready_at(target: Target, rate: Rate | None) -> datetime:
    """Before then nothing may leave for it."""
    instants = [target.held_until, target.breaker.probe_at]
    if rate is not None:
        instants.append(bucket.next_at(target.full_at, rate))
    return max((at for at in instants if at is not None), default=target.seen_at)


def after(target: Target, result: Result, now: datetime, *, limits: Limits) -> Target:
    """What one attempt tells of the target: it is there, it fails, or it asks for a wait.

    A refusal for good is an answer: the target is there. One who says when to come back is not failing.
    """
    if not result.of_target:
        return target
    if result.outcome in {Outcome.SENT, Outcome.DEAD}:
        return replace(target, seen_at=now, breaker=breaker.succeeded())
    if result.retry_after is not None:
        until = now + min(result.retry_after, LONGEST_HOLD)
        return replace(
            target,
            seen_at=now,
            held_until=max(target.held_until or until, until),
            failure=result.detail,
        )
    failing = breaker.failed(target.breaker, now, every=limits.probe_every)
    return replace(target, seen_at=now, breaker=failing, failure=result.detail)


def _not_from_the_future(target: Target, rate: Rate | None, now: datetime) -> Target:
    """A row written before the clock was set back: its bucket is empty, its waits are over."""
    if target.seen_at <= now + SKEW:
        return target
    open_still = target.breaker.is_open
    return replace(
        target,
        seen_at=now,
        full_at=bucket.taken(now, rate, rate.burst, now) if rate else now,
        breaker=replace(target.breaker, probe_at=now) if open_still else target.breaker,
        held_until=None,
    )
