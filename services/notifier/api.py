"""`/v1/recipients`: the directory of who can be told. Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Depends
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts import FollowUp
from shared.db import audit
from shared.db.engine import Transaction
from shared.http.auth import Principal, require
from shared.http.problems import DomainError
from shared.runtime.writer import Writer

from .domain.recipient import Recipient
from .senders.addresses import is_mail_address
from .store import recipients

Name = Annotated[str, StringConstraints(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f]+$")]
Channel = Literal["email", "webhook", "log"]


class RecipientBody(BaseModel):
    """Who can be told, in which roles, and how they are reached."""

    model_config = ConfigDict(extra="forbid")

    name: Name
    roles: list[Name] = Field(default=[], max_length=50)
    team: Name | None = None
    channels: dict[Channel, str | bool] = Field(min_length=1)
    muted_until: AwareDatetime | None = None

    @field_validator("channels")
    @classmethod
    def _can_be_reached(cls, channels: dict[Channel, str | bool]) -> dict[Channel, str | bool]:
        for channel, address in channels.items():
            if channel == "email" and not (isinstance(address, str) and is_mail_address(address)):
                raise ValueError("email: not a plain mail address")
            if channel == "webhook" and not _is_url(address):
                raise ValueError("webhook: not an http(s) URL")
            if channel == "log" and address not in (True, ""):
                raise ValueError("log: it takes no address, only true")
        return channels


class NamedRecipientBody(RecipientBody):
    """A recipient with their id, for sending many at once."""

    recipient_id: Name


class RecipientsBody(BaseModel):
    """Many recipients, each once."""

    model_config = ConfigDict(extra="forbid")

    recipients: list[NamedRecipientBody] = Field(min_length=1, max_length=1000)

    @field_validator("recipients")
    @classmethod
    def _each_once(cls, given: list[NamedRecipientBody]) -> list[NamedRecipientBody]:
        ids = [named.recipient_id for named in given]
        if twice := sorted({name for name in ids if ids.count(name) > 1}):
            raise ValueError(f"{twice[0]!r} stands in the list twice")
        return given


class RecipientAnswer(NamedRecipientBody):
    """A recipient as it is known."""


class Counted(BaseModel):
    """How many were written."""

    count: int


def recipient_routes(engine: AsyncEngine, writer: Writer) -> APIRouter:
    """Reading and writing `/v1/recipients`."""
    router = APIRouter(prefix="/v1/recipients", tags=["recipients"])
    _add_reading(router, engine)
    _add_writing(router, writer)
    return router


def _add_reading(router: APIRouter, engine: AsyncEngine) -> None:
    reader = Depends(require("recipients:read"))

    @router.get("", dependencies=[reader])
    async def list_recipients() -> list[RecipientAnswer]:
        """Everyone who can be told, in id order."""
        async with engine.connect() as tx:
            return [_answer(r) for r in await recipients.everyone(tx)]

    @router.get("/{recipient_id}", dependencies=[reader])
    async def get_recipient(recipient_id: Name) -> RecipientAnswer:
        """One recipient; 404 when there is none of that id."""
        async with engine.connect() as tx:
            found = await recipients.find(tx, [recipient_id])
        if recipient_id not in found:
            raise _absent(recipient_id)
        return _answer(found[recipient_id])


def _add_writing(router: APIRouter, writer: Writer) -> None:
    writer_of = Depends(require("recipients:write"))

    @router.put("")
    async def put_recipients(body: RecipientsBody, principal: Principal = writer_of) -> Counted:
        """Add or replace many recipients in one transaction; others stay as they are."""
        await _put(writer, principal, [_recipient(n.recipient_id, n) for n in body.recipients])
        return Counted(count=len(body.recipients))

    @router.put("/{recipient_id}")
    async def put_recipient(
        recipient_id: Name, body: RecipientBody, principal: Principal = writer_of
    ) -> RecipientAnswer:
        """Add or replace one recipient."""
        recipient = _recipient(recipient_id, body)
        await _put(writer, principal, [recipient])
        return _answer(recipient)

    @router.delete("/{recipient_id}", status_code=204)
    async def delete_recipient(recipient_id: Name, principal: Principal = writer_of) -> None:
        """Forget a recipient. What is still to be sent to them is given up; 404 when unknown."""

        async def work(tx: Transaction, now: datetime) -> tuple[bool, list[FollowUp]]:
            known = await recipients.delete(tx, recipient_id)
            if known:
                await audit.record(tx, _deed(principal, "delete_recipient", recipient_id), now)
            return known, []

        if not await writer.write(work):
            raise _absent(recipient_id)


async def _put(writer: Writer, principal: Principal, given: Sequence[Recipient]) -> None:
    async def work(tx: Transaction, now: datetime) -> tuple[None, list[FollowUp]]:
        await recipients.put(tx, given)
        named = ",".join(sorted(r.recipient_id for r in given))
        await audit.record(tx, _deed(principal, "put_recipients", named), now)
        return None, []

    await writer.write(work)


def _deed(principal: Principal, action: str, what: str) -> audit.Deed:
    return audit.Deed(principal=principal.name, action=action, object=what[:1000])


def _recipient(recipient_id: str, body: RecipientBody) -> Recipient:
    return Recipient(
        recipient_id=recipient_id,
        name=body.name,
        roles=frozenset(body.roles),
        team=body.team,
        channels={
            channel: address if isinstance(address, str) else ""
            for channel, address in body.channels.items()
        },
        muted_until=body.muted_until,
    )


def _answer(recipient: Recipient) -> RecipientAnswer:
    return RecipientAnswer.model_validate(
        {
            "recipient_id": recipient.recipient_id,
            "name": recipient.name,
            "roles": sorted(recipient.roles),
            "team": recipient.team,
            "channels": {name: to or True for name, to in recipient.channels.items()},
            "muted_until": recipient.muted_until,
        }
    )


def _absent(recipient_id: str) -> DomainError:
    return DomainError(404, "Not found", f"No recipient {recipient_id!r}.")


def _is_url(address: object) -> bool:
    """A rough look; what may really be reached is decided when a message is sent (egress)."""
    if not isinstance(address, str) or not address.isascii() or not address.isprintable():
        return False
    try:
        parts = urlsplit(address)
    except ValueError:
        return False
    return parts.scheme in {"https", "http"} and bool(parts.hostname)
