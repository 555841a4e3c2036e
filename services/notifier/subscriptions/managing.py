"""What callers do to subscriptions: each in one transaction, each in the audit log, never a secret in it."""

from __future__ import annotations

import secrets as randomness
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar
from uuid import UUID

import msgspec

from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal
from shared.http.problems import DomainError
from shared.ids import new_id
from shared.runtime.writer import Writer

from .domain.delivery import again
from .domain.offering import a_test
from .domain.signing import new_secret
from .domain.subscription import DisabledBecause, Filters, Subscription, widens
from .replaying import Replayed, replay
from .store import deliveries, events, secrets, subscriptions

#: Secrets in force at once, at most: each is a signature in every request.
MOST_SECRETS: Final = 5

#: A test is a request to an address of the caller's choice; they are not made faster than this.
TEST_EVERY: Final = timedelta(seconds=10)

T = TypeVar("T")


class Wishes(msgspec.Struct, frozen=True, kw_only=True):
    """What the owner of a subscription decides."""

    url: str
    events: tuple[str, ...]
    filters: Filters
    description: str | None
    owner: str | None


@dataclass(frozen=True, slots=True)
class Managing:
    """The commands. They raise DomainError: 404 for what is not there, 409 for what cannot be done now."""

    writer: Writer
    keep: timedelta

    async def create(self, wishes: Wishes, principal: Principal) -> tuple[Subscription, str]:
        """A new subscription, and its first secret."""
        secret, subscription_id = new_secret(randomness.token_bytes), new_id()

        async def work(tx: Transaction, now: datetime) -> Subscription:
            new = Subscription(
                subscription_id=subscription_id,
                created_at=now,
                kept_since=now,
                **msgspec.structs.asdict(wishes),
            )
            await subscriptions.add(tx, new)
            await secrets.add(tx, subscription_id, secret, now)
            return new

        return await self._do(work, "create_subscription", subscription_id, principal), secret

    async def change(
        self, subscription_id: UUID, wishes: Wishes, principal: Principal
    ) -> Subscription:
        """Replace what its owner decides; what is under way goes to the new URL."""

        async def work(tx: Transaction, now: datetime) -> Subscription:
            known = await _locked(tx, subscription_id)
            since = now if widens(known, wishes.events) else known.kept_since
            changed = msgspec.structs.replace(
                known, kept_since=since, **msgspec.structs.asdict(wishes)
            )
            await subscriptions.change(tx, changed)
            return changed

        return await self._do(work, "change_subscription", subscription_id, principal)

    async def remove(self, subscription_id: UUID, principal: Principal) -> None:
        """Forget it, its secrets and its log."""

        async def work(tx: Transaction, _: datetime) -> None:
            await _locked(tx, subscription_id)
            await subscriptions.remove(tx, subscription_id)

        await self._do(work, "remove_subscription", subscription_id, principal)

    async def enable(self, subscription_id: UUID, principal: Principal) -> Subscription:
        """Tell it of what happens from now on."""

        async def work(tx: Transaction, _: datetime) -> Subscription:
            await _locked(tx, subscription_id)
            await subscriptions.enable(tx, subscription_id)
            return await _locked(tx, subscription_id)

        return await self._do(work, "enable_subscription", subscription_id, principal)

    async def disable(self, subscription_id: UUID, principal: Principal) -> Subscription:
        """Tell it nothing any more; what waits is given up, what it covers is kept for a replay."""

        async def work(tx: Transaction, now: datetime) -> Subscription:
            if (await _locked(tx, subscription_id)).enabled:
                asked = DisabledBecause.ASKED
                await subscriptions.disable(tx, [subscription_id], asked, now)
            return await _locked(tx, subscription_id)

        return await self._do(work, "disable_subscription", subscription_id, principal)

    async def rotate(self, subscription_id: UUID, overlap: timedelta, principal: Principal) -> str:
        """A new secret; those there are sign on for `overlap`."""
        secret = new_secret(randomness.token_bytes)

        async def work(tx: Transaction, now: datetime) -> str:
            await _locked(tx, subscription_id)
            await secrets.end(tx, subscription_id, now + overlap)
            await secrets.add(tx, subscription_id, secret, now)
            found = await secrets.in_force(tx, [subscription_id], now)
            if len(found[subscription_id]) > MOST_SECRETS:
                wait = (
                    f"{MOST_SECRETS} secrets are in force; wait, or end them with an overlap of 0."
                )
                raise DomainError(409, "Too many secrets", wait)
            return secret

        return await self._do(work, "rotate_subscription_secret", subscription_id, principal)

    async def test(self, subscription_id: UUID, principal: Principal) -> UUID:
        """Deliver a document that tells of nothing; returns its event id, for the log."""
        event_id = new_id()

        async def work(tx: Transaction, now: datetime) -> UUID:
            await _enabled(tx, subscription_id)
            since = now - TEST_EVERY
            if not await subscriptions.may_test(tx, subscription_id, now, not_since=since):
                wait = {"Retry-After": f"{TEST_EVERY.total_seconds():g}"}
                raise DomainError(429, "Too many tests", "Wait a few seconds.", headers=wait)
            sample = a_test(event_id, subscription_id, now)
            await events.keep(tx, [sample])
            await events.plan(tx, [(subscription_id, event_id, sample.event)], now)
            return event_id

        return await self._do(work, "test_subscription", subscription_id, principal)

    async def resend(self, subscription_id: UUID, event_id: UUID, principal: Principal) -> None:
        """Deliver an event again, now; one that is under way goes on as it is."""

        async def work(tx: Transaction, now: datetime) -> None:
            await _enabled(tx, subscription_id)
            found = await deliveries.lock(tx, [(subscription_id, event_id)])
            if not found:
                raise no_delivery(event_id)
            if not await events.is_kept(tx, event_id):
                kept = f"Events are kept for {self.keep.days} days."
                raise DomainError(409, "No longer kept", kept)
            await deliveries.update(tx, [again(one, now) for one in found.values()])

        await self._do(work, "resend_delivery", subscription_id, principal)

    async def replay(
        self, subscription_id: UUID, since: datetime, after: UUID | None, principal: Principal
    ) -> Replayed:
        """Deliver again what was recorded since then; one page of it."""

        async def work(tx: Transaction, now: datetime) -> Replayed:
            known = await _enabled(tx, subscription_id)
            return await replay(tx, known, since=since, after=after, keep=self.keep, now=now)

        return await self._do(work, "replay_subscription", subscription_id, principal)

    async def _do(
        self,
        work: Callable[[Transaction, datetime], Awaitable[T]],
        action: str,
        subscription_id: UUID,
        principal: Principal,
    ) -> T:
        """Do it, and write down who did; nothing is written when it raises."""

        async def both(tx: Transaction, now: datetime) -> tuple[T, list[FollowUp]]:
            done = await work(tx, now)
            deed = audit.Deed(principal=principal.name, action=action, object=str(subscription_id))
            await audit.record(tx, deed, now)
            return done, []

        return await self.writer.write(both)


def no_subscription(subscription_id: UUID) -> DomainError:
    """404."""
    return DomainError(404, "Not found", f"No subscription {subscription_id}.")


def no_delivery(event_id: UUID) -> DomainError:
    """404."""
    return DomainError(404, "Not found", f"No delivery of the event {event_id}.")


async def _locked(tx: Transaction, subscription_id: UUID) -> Subscription:
    found = await subscriptions.find(tx, subscription_id, lock=True)
    if found is None:
        raise no_subscription(subscription_id)
    return found


async def _enabled(tx: Transaction, subscription_id: UUID) -> Subscription:
    found = await _locked(tx, subscription_id)
    if not found.enabled:
        raise DomainError(409, "Disabled", "Enable the subscription first.")
    return found
