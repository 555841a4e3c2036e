"""Clicks on the buttons of Slack messages: proven by Slack's signature, bound to whom the page is for."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec
from fastapi import APIRouter, Request, Response
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine
from starlette.background import BackgroundTask

from shared.clock import Clock
from shared.contracts.vocabulary import Answer
from shared.http.egress import Egress, EgressError
from shared.http.problems import DomainError

from .answer_words import said_of
from .answering import Answering, ByToken
from .domain.answers import Wish, WishRefusedError
from .domain.text_reply import USUAL_SNOOZE
from .signatures import form_of, is_from_slack
from .store import recipients

log = logging.getLogger(__name__)

#: Ids of people; those of rooms begin otherwise.
_PEOPLE: Final = ("U", "W")

_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Click:
    """Who clicked on which answer of which message, and where they can be told what came of it."""

    user: str
    answer: Answer
    token: str
    response_url: str


class Clicks:
    """Turns clicks into answers."""

    def __init__(self, engine: AsyncEngine, answering: Answering, egress: Egress) -> None:
        self._engine = engine
        self._answering = answering
        self._egress = egress

    async def answer(self, click: Click) -> str:
        """Answer the page; returns what to tell whoever clicked."""
        key = ByToken(click.token)
        link = await self._answering.look(key)
        try:
            by = await self._clicker(click, link.notification.recipient_id) if link else None
            wish = self._wish(click)
            return said_of(await self._answering.answer(key, wish, via="slack", by=by))
        except WishRefusedError as error:
            return str(error)

    async def tell(self, click: Click, said: str) -> None:
        """Say it to whoever clicked, and to nobody else; a failure costs only the sentence."""
        answer = {"response_type": "ephemeral", "replace_original": False, "text": said}
        try:
            await self._egress.post(
                click.response_url,
                content=msgspec.json.encode(answer),
                headers={"content-type": "application/json"},
                timeout_seconds=_SECONDS,
            )
        except EgressError as error:
            log.warning(
                "Whoever clicked was not told what came of it: %s",
                error,
                extra={"action": "click_not_answered"},
            )

    async def _clicker(self, click: Click, recipient_id: str) -> str:
        """Who answers. A page to a person is theirs alone; one to a room is answered by whoever of the
        directory has the account, and by the room for whom it does not know. Raises WishRefusedError.
        """
        async with self._engine.connect() as tx:
            found = await recipients.find(tx, [recipient_id])
            known = await recipients.at(tx, "slack", click.user)
        address = found[recipient_id].channels.get("slack", "") if found else ""
        if address == click.user:
            return recipient_id
        if address.startswith(_PEOPLE):
            raise WishRefusedError("That page is for somebody else.")
        if known is None and click.answer is Answer.TAKE:
            raise WishRefusedError(
                "Nobody in the directory has your Slack account: take it by the link of the message."
            )
        return known or recipient_id

    def _wish(self, click: Click) -> Wish:
        # a button has no choices: half an hour, and the first of the workflow's reasons
        return Wish(
            answer=click.answer,
            snooze=USUAL_SNOOZE if click.answer is Answer.SNOOZE else None,
            reason=(
                next(iter(self._answering.reasons), None)
                if click.answer is Answer.ESCALATE
                else None
            ),
        )


def slack_routes(clicks: Clicks, clock: Clock, *, secrets: Sequence[SecretStr]) -> APIRouter:
    """`POST /v1/slack/interactions`: the app's request URL for interactivity."""
    router = APIRouter(tags=["answers"])

    @router.post("/v1/slack/interactions")
    async def slack_interaction(request: Request) -> Response:
        """Answer a page by one of its buttons. What is not one of them means nothing."""
        raw = await request.body()
        if not is_from_slack(request.headers, raw, secrets=secrets, now=clock.now()):
            raise DomainError(401, "Not signed by Slack")
        click = click_of(raw)
        if click is None:
            return Response()
        said = await clicks.answer(click)
        return Response(background=BackgroundTask(clicks.tell, click, said))

    return router


def click_of(raw: bytes) -> Click | None:
    """The click in a call of Slack's; None for anything else, whatever its shape."""
    try:
        payload: Any = msgspec.json.decode(form_of(raw).get("payload", ""))
        if payload["type"] != "block_actions":
            return None
        action = payload["actions"][0]
        return Click(
            user=str(payload["user"]["id"]),
            answer=Answer(action["action_id"]),
            token=str(action["value"]),
            response_url=str(payload["response_url"]),
        )
    except (msgspec.DecodeError, LookupError, TypeError, ValueError):
        return None
