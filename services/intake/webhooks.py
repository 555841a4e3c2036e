"""The hot path: `POST /v1/channels/{source}/webhook`, a plain Starlette route (semantics D1).

Limits → signature over the raw bytes → parse → one transaction, shared with whoever waits → answer. No
2xx before the commit, no call to Kafka before the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Final

import msgspec
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from shared.clock import Clock
from shared.http.direct import whole_body
from shared.http.problems import DomainError
from shared.observability.tracing import of_request

from .admission import Admission
from .batcher import UnavailableError
from .channels import Call, Channel, Greeting, SignatureError
from .desk import Desk
from .domain.delivery import Answer, Delivery
from .metrics import IntakeMetrics

PATH: Final = "/v1/channels/{source}/webhook"

#: Where nothing is signed, the secret may be the end of the path.
SECRET_PATH: Final = PATH + "/{token}"

#: Bodies up to this size are read on the spot; larger ones in a thread.
READ_AT_ONCE_BYTES: Final = 256 * 1024

_NO_QUERY: Final = QueryParams()

_encoder = msgspec.json.Encoder()


class Webhooks:
    """Receives the webhooks of all configured sources, on `routes`."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        admission: Admission,
        desk: Desk,
        metrics: IntakeMetrics,
        clock: Clock,
    ) -> None:
        self._channels = channels
        self._admission = admission
        self._desk = desk
        self._metrics = metrics
        self._clock = clock
        self._one_large = asyncio.Lock()
        self.routes = [
            Route(path, self.receive, methods=["GET", "POST"]) for path in (PATH, SECRET_PATH)
        ]

    async def receive(self, request: Request) -> Response:
        """Answer one webhook: 2xx stored, 401 not authentic, 404 no such source, 413 too large,
        429 too often, 503 try again.
        """
        request.scope["route"] = self.routes["token" in request.path_params]  # for the metrics
        source = str(request.path_params["source"]).lower()
        channel = self._channels.get(source)
        if channel is None:
            self._metrics.webhooks_rejected.labels(source="unknown", reason="source").inc()
            raise DomainError(404, "Not found", "No such source.")
        if request.headers.get("content-encoding", "identity") != "identity":
            raise DomainError(415, "Encoding refused", "Send the body as it is, not compressed.")
        with self._admission.slot(source):
            return await self._answer(source, channel, request)

    async def _answer(self, source: str, channel: Channel, request: Request) -> Response:
        call = Call(
            method=request.method,
            headers=request.headers,
            raw=await whole_body(request),
            query=request.query_params if request.scope["query_string"] else _NO_QUERY,
            token=request.path_params.get("token"),
        )
        if call.method == "POST":
            self._verify(source, channel, call)
            await self._admission.count(source)
        if greeting := self._greeted(source, channel, call):
            return Response(greeting.content, 200, media_type=greeting.media_type)
        if call.method != "POST":
            raise DomainError(405, "Method not allowed", "Webhooks are sent by POST.")
        answers = await self._stored(await self._read(source, channel, call))
        repeated = all(answer.repeated for answer in answers)
        answer = channel.answer or Greeting(body_of(answers), "application/json")
        return Response(
            answer.content,
            channel.codes.repeated if repeated else channel.codes.accepted,
            media_type=answer.media_type,
        )

    def _verify(self, source: str, channel: Channel, call: Call) -> None:
        try:
            channel.verify(call, self._clock.now())
        except SignatureError as error:
            self._metrics.webhooks_rejected.labels(source=source, reason=error.reason).inc()
            raise DomainError(
                channel.codes.refused,
                "Not authentic",
                "The signature or its timestamp is not valid.",
            ) from None

    def _greeted(self, source: str, channel: Channel, call: Call) -> Greeting | None:
        try:
            return channel.greet(call)
        except SignatureError as error:
            self._metrics.webhooks_rejected.labels(source=source, reason=error.reason).inc()
            raise DomainError(403, "Not authentic", "The handshake's word is not ours.") from None

    async def _read(self, source: str, channel: Channel, call: Call) -> list[Delivery]:
        """What the call says. A large mail takes a second to read, which nobody else should wait for, and
        several times its size, which no two should take at once.
        """
        if len(call.raw) <= READ_AT_ONCE_BYTES:
            return list(_deliveries(source, channel, call))
        async with self._one_large:
            return await asyncio.to_thread(lambda: list(_deliveries(source, channel, call)))

    async def _stored(self, deliveries: list[Delivery]) -> list[Answer]:
        """All of a call's members, or a 503: what was stored already is a repeat next time."""
        try:
            return await self._desk.take(deliveries)
        except UnavailableError as error:
            raise unavailable() from error


def _deliveries(source: str, channel: Channel, call: Call) -> Iterator[Delivery]:
    traceparent = of_request(call.headers.get("traceparent"))
    for member in channel.members(call):
        parsed = channel.parse(member.raw)
        yield Delivery(
            source=source,
            dedupe_key=member.key,
            raw=member.raw,
            commands=parsed.commands,
            unreadable=parsed.unreadable,
            traceparent=traceparent,
            digest=member.digest,
        )


def unavailable() -> DomainError:
    """Nothing was promised; whoever asked should ask again."""
    return DomainError(
        503, "Not available", "It could not be stored now; try again.", headers={"Retry-After": "1"}
    )


def body_of(answers: list[Answer]) -> bytes:
    """What became of the first command, and of all of them where there are several."""
    outcomes = [outcome for answer in answers for outcome in answer.outcomes]
    if not outcomes:  # authentic, and nothing that concerns us
        return b"{}"
    first = msgspec.to_builtins(outcomes[0])
    if len(outcomes) > 1:
        first["results"] = outcomes
    return _encoder.encode(first)
