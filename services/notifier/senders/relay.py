"""Connections to the mail relay: an idle one is used again, for greeting and TLS cost more than a mail."""

from __future__ import annotations

import asyncio
from typing import Final

from aiosmtplib import SMTP

from .settings import SmtpSettings

#: So many are kept, each for so many mails and so long (seconds); relays close idle ones by themselves later.
_MOST_IDLE: Final = 4
_MOST_MAILS: Final = 100
_IDLE_SECONDS: Final = 5.0


class Relay:
    """Connections to one relay. One carries one mail at a time; whoever takes one gives it back or closes it."""

    def __init__(self, settings: SmtpSettings, *, hostname: str) -> None:
        self._settings = settings
        self._hostname = hostname
        self._idle: dict[SMTP, asyncio.TimerHandle] = {}
        self._mails: dict[SMTP, int] = {}

    def idle(self) -> SMTP | None:
        """A connection that has carried a mail and still stands, as far as we have heard."""
        while self._idle:
            client, timer = self._idle.popitem()
            timer.cancel()
            if client.is_connected:
                return client
            self.close(client)
        return None

    async def connect(self) -> SMTP:
        """A new connection, greeted and logged in. Raises what aiosmtplib raises."""
        settings = self._settings
        password = settings.password.get_secret_value() if settings.password else None
        client = SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username,
            password=password,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            cert_bundle=str(settings.ca_file) if settings.ca_file else None,
            local_hostname=self._hostname,
            timeout=settings.timeout_seconds,
        )
        try:
            await client.connect()
        except BaseException:
            client.close()
            raise
        return client

    def keep(self, client: SMTP) -> None:
        """Give back a connection whose last mail was taken."""
        self._mails[client] = self._mails.get(client, 0) + 1
        spent = self._mails[client] >= _MOST_MAILS or len(self._idle) >= _MOST_IDLE
        if spent or not client.is_connected:
            self.close(client)
        else:
            loop = asyncio.get_running_loop()
            self._idle[client] = loop.call_later(_IDLE_SECONDS, self.close, client)

    def close(self, client: SMTP) -> None:
        """That connection carries nothing any more. What was accepted stays accepted."""
        if timer := self._idle.pop(client, None):
            timer.cancel()
        self._mails.pop(client, None)
        client.close()

    def close_all(self) -> None:
        """End the idle ones."""
        for client in list(self._idle):
            self.close(client)
