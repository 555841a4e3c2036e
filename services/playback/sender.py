"""Signed webhooks to intake: in order within a ticket, many tickets at once, repeated until answered.

A call that got no answer, or a 503, is sent again with the same id, so trying again is harmless.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook

Command = Mapping[str, Any]

#: Pauses between tries, in seconds; the last one repeats until patience ends.
_PAUSES: Final = (0.1, 0.2, 0.5, 1.0)

_ACCEPTED: Final = frozenset({httpx2.codes.OK, httpx2.codes.ACCEPTED})


class RefusedError(Exception):
    """Intake answered, and the answer was no."""


@dataclass(slots=True)
class Tally:
    """What became of the calls. `outcomes` are intake's own words, one a command."""

    calls: int = 0
    commands: int = 0
    tries: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    tickets: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)

    def percentile(self, share: float) -> float:
        """Seconds within which this share of the calls was answered; 0 without calls."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


class WebhookSender:
    """Sends commands to one source of intake. `patience` is how long a call is tried, in seconds."""

    def __init__(
        self, intake_url: str, secret: str, *, source: str = "generic", patience: float = 120.0
    ) -> None:
        self._url = f"{intake_url}/v1/channels/{source}/webhook"
        self._webhook = Webhook(secret)
        self._patience = patience
        self._client = httpx2.AsyncClient(
            trust_env=False, timeout=10.0, limits=httpx2.Limits(max_connections=64)
        )
        self.tally = Tally()

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def send(self, commands: Sequence[Command]) -> Mapping[str, Any]:
        """Send commands in one call and return intake's answer.

        Raises RefusedError for an answer that trying again will not change, and when patience ends.
        """
        body = json.dumps(list(commands)).encode()
        message_id = f"msg_{uuid4().hex}"
        began = time.perf_counter()
        for number in range(10_000):
            answer = await self._try(message_id, body)
            if answer is not None and answer.status_code in _ACCEPTED:
                told: Mapping[str, Any] = answer.json()
                self._count(commands, told, time.perf_counter() - began)
                return told
            if answer is not None and answer.status_code < httpx2.codes.INTERNAL_SERVER_ERROR:
                self._refuse(answer)
            if time.perf_counter() - began > self._patience:
                break
            await asyncio.sleep(_PAUSES[min(number, len(_PAUSES) - 1)])
        self.tally.refused["no answer"] += 1
        raise RefusedError(f"no answer within {self._patience:g} s")

    async def _try(self, message_id: str, body: bytes) -> httpx2.Response | None:
        """One try; None when no answer came."""
        now = datetime.fromtimestamp(time.time(), UTC)  # noqa: TID251 - the signature's own instant
        signature = self._webhook.sign(message_id, now, body.decode())
        self.tally.tries += 1
        try:
            return await self._client.post(
                self._url,
                content=body,
                headers={
                    "content-type": "application/json",
                    "webhook-id": message_id,
                    "webhook-timestamp": str(int(now.timestamp())),
                    "webhook-signature": signature,
                },
            )
        except httpx2.TransportError:
            return None

    def _count(self, commands: Sequence[Command], told: Mapping[str, Any], seconds: float) -> None:
        results = told.get("results", [told])
        self.tally.outcomes.update(str(result["outcome"]) for result in results)
        self.tally.calls += 1
        self.tally.commands += len(commands)
        self.tally.seconds.append(seconds)
        self.tally.tickets.update(str(command.get("external_id")) for command in commands)

    def _refuse(self, answer: httpx2.Response) -> None:
        reason = f"{answer.status_code} {answer.json().get('title', '')}".strip()
        self.tally.refused[reason] += 1
        raise RefusedError(f"{reason}: {answer.json().get('detail', '')}")
