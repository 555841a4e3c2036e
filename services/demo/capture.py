"""Where the demo's notifications really arrive: a mail server and an HTTP receiver that keep them."""

from __future__ import annotations

import asyncio
import contextlib
import email
import email.policy
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any, Final

from aiosmtpd.controller import Controller
from fastapi import FastAPI, Request, Response
from standardwebhooks import Webhook, WebhookVerificationError

from shared.runtime.http_server import HttpServer
from shared.settings import HttpSettings

_LINK: Final = re.compile(r"https?://\S+/a/[\w-]+")


@dataclass(frozen=True, slots=True)
class Captured:
    """One message as its receiver has it; `id` is what the receiver knows repeats by."""

    channel: str
    id: str
    to: str
    subject: str
    acknowledge_link: str | None


@dataclass(slots=True)
class Inbox:
    """Everything that arrived, in order, and who waits for it."""

    messages: list[Captured] = field(default_factory=list)
    arrived: asyncio.Queue[Captured] = field(default_factory=asyncio.Queue)

    def keep(self, message: Captured) -> None:
        """It is here."""
        self.messages.append(message)
        self.arrived.put_nowait(message)


class _MailHandler:
    """aiosmtpd's handler: parses each mail by the book and keeps what matters."""

    def __init__(self, inbox: Inbox, loop: asyncio.AbstractEventLoop) -> None:
        self._inbox = inbox
        self._loop = loop

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        body = mail.get_body(("plain",))
        link = _LINK.search(str(body.get_content()) if body else "")
        message = Captured(
            "email",
            str(mail["Message-ID"]),
            str(mail["To"]),
            str(mail["Subject"]),
            link[0] if link else None,
        )
        self._loop.call_soon_threadsafe(self._inbox.keep, message)
        return "250 kept"


@dataclass(frozen=True, slots=True)
class Sinks:
    """The two receivers and where they listen."""

    inbox: Inbox
    smtp_port: int
    hook_port: int

    @property
    def hook_url(self) -> str:
        """Where webhooks go."""
        return f"http://127.0.0.1:{self.hook_port}/hook"


@contextlib.asynccontextmanager
async def sinks(ports: tuple[int, int], *, secret: str) -> AsyncIterator[Sinks]:
    """Both receivers, listening on loopback: `ports` are SMTP's and HTTP's."""
    inbox = Inbox()
    smtp_port, hook_port = ports
    handler = _MailHandler(inbox, asyncio.get_running_loop())
    mail = Controller(handler, hostname="127.0.0.1", port=smtp_port)
    hooks = HttpServer(_hook_app(inbox, Webhook(secret)), HttpSettings(port=hook_port))
    mail.start()
    serving = asyncio.create_task(hooks.run())
    try:
        yield Sinks(inbox, smtp_port, hook_port)
    finally:
        hooks.stop()
        await serving
        mail.stop()


def _hook_app(inbox: Inbox, webhook: Webhook) -> FastAPI:
    """Takes signed webhooks only, as a careful receiver would."""
    app = FastAPI()

    @app.post("/hook")
    async def take(request: Request) -> Response:
        raw = await request.body()
        try:
            data = webhook.verify(raw, dict(request.headers))["data"]
        except (WebhookVerificationError, ValueError):
            return Response(status_code=401)
        message_id = request.headers["webhook-id"]
        told = (data["recipient_id"], data["subject"] or "", data["acknowledge_link"])
        inbox.keep(Captured("webhook", message_id, *told))
        return Response(status_code=204)

    return app
