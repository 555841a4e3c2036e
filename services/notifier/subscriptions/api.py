"""`/v1/subscriptions`: signed webhooks for systems that read no Kafka."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.http.auth import Principal, require
from shared.http.document import refusals

from .domain.delivery import Status
from .domain.subscription import message_id
from .managing import Managing, Wishes, no_delivery, no_subscription
from .models import (
    CreatedAnswer,
    DeliveryAnswer,
    DeliveryLogAnswer,
    ReplayAnswer,
    ReplayBody,
    ReplayNext,
    RotationBody,
    SecretAnswer,
    SubscriptionAnswer,
    SubscriptionBody,
    TestAnswer,
    answer,
    values,
)
from .replaying import in_words
from .store import log, subscriptions

Reader = Annotated[Principal, Depends(require("subscriptions:read"))]
Owner = Annotated[Principal, Depends(require("subscriptions:write"))]


def subscription_routes(engine: AsyncEngine, managing: Managing) -> APIRouter:
    """Everything under `/v1/subscriptions`."""
    router = APIRouter(prefix="/v1/subscriptions", tags=["subscriptions"])
    _add_reading(router, engine)
    _add_log(router, engine)
    _add_writing(router, managing)
    _add_switches(router, managing)
    _add_sending(router, managing)
    return router


def _add_reading(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("")
    async def list_subscriptions(_: Reader) -> list[SubscriptionAnswer]:
        """Every subscription, the oldest first."""
        async with engine.connect() as tx:
            return [answer(known) for known in await subscriptions.everyone(tx)]

    @router.get("/{subscription_id}", responses=refusals(404))
    async def get_subscription(subscription_id: UUID, _: Reader) -> SubscriptionAnswer:
        """One subscription; never its secrets."""
        async with engine.connect() as tx:
            found = await subscriptions.find(tx, subscription_id)
        if found is None:
            raise no_subscription(subscription_id)
        return answer(found)


def _add_log(router: APIRouter, engine: AsyncEngine) -> None:
    @router.get("/{subscription_id}/deliveries", responses=refusals(404))
    async def list_deliveries(
        subscription_id: UUID,
        _: Reader,
        status: Status | None = None,
        before: Annotated[AwareDatetime | None, Query(description="Only older ones.")] = None,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
    ) -> list[DeliveryAnswer]:
        """The delivery log, the latest first, with the last attempt of each."""
        async with engine.connect() as tx:
            if await subscriptions.find(tx, subscription_id) is None:
                raise no_subscription(subscription_id)
            found = await log.deliveries(
                tx, subscription_id, status=status, before=before, limit=limit
            )
        return [DeliveryAnswer.model_validate(_named(subscription_id, row)) for row in found]

    @router.get("/{subscription_id}/deliveries/{event_id}", responses=refusals(404))
    async def get_delivery(subscription_id: UUID, event_id: UUID, _: Reader) -> DeliveryLogAnswer:
        """One delivery with every attempt."""
        async with engine.connect() as tx:
            found = await log.delivery(tx, subscription_id, event_id)
        if found is None:
            raise no_delivery(event_id)
        return DeliveryLogAnswer.model_validate(_named(subscription_id, found))


def _add_writing(router: APIRouter, managing: Managing) -> None:
    @router.post("", status_code=201)
    async def create_subscription(body: SubscriptionBody, principal: Owner) -> CreatedAnswer:
        """Subscribe; the answer has the secret that requests are signed with, this once."""
        new, secret = await managing.create(_wishes(body), principal)
        return CreatedAnswer.model_validate({**values(new), "secret": secret})

    @router.put("/{subscription_id}", responses=refusals(404))
    async def change_subscription(
        subscription_id: UUID, body: SubscriptionBody, principal: Owner
    ) -> SubscriptionAnswer:
        """Replace URL, events, filters, description and owner; secrets and log stay."""
        return answer(await managing.change(subscription_id, _wishes(body), principal))

    @router.delete("/{subscription_id}", status_code=204, responses=refusals(404))
    async def remove_subscription(subscription_id: UUID, principal: Owner) -> None:
        """Forget a subscription, its secrets and its log."""
        await managing.remove(subscription_id, principal)

    @router.post("/{subscription_id}/secrets:rotate", responses=refusals(404, 409))
    async def rotate_secret(
        subscription_id: UUID, principal: Owner, body: RotationBody | None = None
    ) -> SecretAnswer:
        """A new secret, shown this once; the old ones sign on for a while, so that both verify."""
        overlap = timedelta(hours=(body or RotationBody()).overlap_hours)
        return SecretAnswer(secret=await managing.rotate(subscription_id, overlap, principal))


def _add_switches(router: APIRouter, managing: Managing) -> None:
    @router.post("/{subscription_id}:enable", responses=refusals(404))
    async def enable_subscription(subscription_id: UUID, principal: Owner) -> SubscriptionAnswer:
        """Tell it of what happens from now on; a replay brings back what it has missed."""
        return answer(await managing.enable(subscription_id, principal))

    @router.post("/{subscription_id}:disable", responses=refusals(404))
    async def disable_subscription(subscription_id: UUID, principal: Owner) -> SubscriptionAnswer:
        """Tell it nothing any more; what waits is given up."""
        return answer(await managing.disable(subscription_id, principal))


def _add_sending(router: APIRouter, managing: Managing) -> None:
    @router.post("/{subscription_id}:test", status_code=202, responses=refusals(404, 409))
    async def test_subscription(subscription_id: UUID, principal: Owner) -> TestAnswer:
        """Deliver a document that tells of nothing; the log says how that went."""
        return TestAnswer(event_id=await managing.test(subscription_id, principal))

    @router.post("/{subscription_id}:replay", status_code=202, responses=refusals(404, 409))
    async def replay_subscription(
        subscription_id: UUID, body: ReplayBody, principal: Owner
    ) -> ReplayAnswer:
        """Deliver again what was recorded from a point in time on, with the same ids and bytes."""
        done = await managing.replay(subscription_id, body.since, body.after, principal)
        return ReplayAnswer(
            count=done.count,
            kept_since=done.kept_since,
            complete=body.since >= done.kept_since,
            note=in_words(done, body.since),
            next=ReplayNext(since=done.next[0], after=done.next[1]) if done.next else None,
        )

    @router.post(
        "/{subscription_id}/deliveries/{event_id}:resend",
        status_code=202,
        responses=refusals(404, 409),
    )
    async def resend_delivery(
        subscription_id: UUID, event_id: UUID, principal: Owner
    ) -> TestAnswer:
        """Deliver one event again, now, with the same id and bytes."""
        await managing.resend(subscription_id, event_id, principal)
        return TestAnswer(event_id=event_id)


def _wishes(body: SubscriptionBody) -> Wishes:
    return Wishes(
        url=body.url,
        events=tuple(body.events),
        filters=body.filtered(),
        description=body.description,
        owner=body.owner,
    )


def _named(subscription_id: UUID, row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "webhook_id": message_id(subscription_id, row["event_id"])}
