"""The hot path: `POST /v1/channels/{source}/webhook`, a plain Starlette route (semantics D1).

Limits → signature over the raw bytes → parse → one transaction, shared with whoever waits → answer. No
2xx before the commit, no call to Kafka before the answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.clock import Clock
from shared.http.problems import DomainError
from shared.observability.tracing import continued

from .batcher import UnavailableError
from .channels import Channel, SignatureError
from .desk import Desk
from .domain.delivery import Answer, Delivery
from .metrics import IntakeMetrics

PATH: Final = "/v1/channels/{source}/webhook"

_encoder = msgspec.json.Encoder()


class Webhooks:
    """Receives the webhooks of all configured sources, on `route`."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        desk: Desk,
        metrics: IntakeMetrics,
        clock: Clock,
    ) -> None:
        self._channels = channels
        self._desk = desk
        self._metrics = metrics
        self._clock = clock
        self.route = Route(PATH, self.receive, methods=["POST"])

    async def receive(self, request: Request) -> Response:
        """Answer one webhook: 202 stored, 200 repeated, 401 not authentic, 404 no such source, 503."""
        request.scope["route"] = self.route  # what the HTTP metrics call it by
        source = str(request.path_params["source"]).lower()
        channel = self._channels.get(source)
        if channel is None:
            self._metrics.webhooks_rejected.labels(source="unknown", reason="source").inc()
            raise DomainError(404, "Not found", "No such source.")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise DomainError(415, "Encoding refused", "Send the body as it is, not compressed.")
        raw = await request.body()
        self._verify(source, channel, request.headers, raw)
        parsed = channel.parse(raw)
        delivery = Delivery(
            source=source,
            dedupe_key=channel.dedupe_key(request.headers, raw),
            raw=raw,
            commands=parsed.commands,
            unreadable=parsed.unreadable,
            traceparent=continued(request.headers.get("traceparent")),
        )
        try:
            answer = await self._desk.take(delivery)
        except UnavailableError as error:
            raise unavailable() from error
        return Response(
            body_of(answer), 200 if answer.repeated else 202, media_type="application/json"
        )

    def _verify(self, source: str, channel: Channel, headers: Headers, raw: bytes) -> None:
        try:
            channel.verify(headers, raw, now=self._clock.now())
        except SignatureError as error:
            self._metrics.webhooks_rejected.labels(source=source, reason=error.reason).inc()
            raise DomainError(
                401, "Not authentic", "The signature or its timestamp is not valid."
            ) from None


def unavailable() -> DomainError:
    """Nothing was promised; whoever asked should ask again."""
    return DomainError(
        503, "Not available", "It could not be stored now; try again.", headers={"Retry-After": "1"}
    )


def body_of(answer: Answer) -> bytes:
    """What became of the first command, and of all of them where there are several."""
    first = msgspec.to_builtins(answer.outcomes[0])
    if len(answer.outcomes) > 1:
        first["results"] = answer.outcomes
    return _encoder.encode(first)
