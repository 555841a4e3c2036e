"""The OpenTelemetry SDK behind our port: the one module that knows it, imported only where traces are on."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import lru_cache
from typing import Final

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    Span,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)

from . import spans
from .spans import MOST_LINKS, NONE, Attributes, Kind
from .tracing import parsed

#: How long the end of a process waits for the last spans to be sent, in seconds.
CLOSE_SECONDS: Final = 3.0

_KINDS: Final = {kind: SpanKind[kind.name] for kind in Kind}

#: The last digit of the flags where their lowest bit, which says that a trace is sampled, is not set.
_UNSAMPLED_DIGITS: Final = frozenset("02468ace")


class OtelSpan:
    """A span of the SDK; one that is not sampled has ids and nothing else."""

    def __init__(self, span: Span) -> None:
        self._span = span
        context = span.get_span_context()
        self.traceparent = (
            f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        )

    def end(
        self, *, name: str | None = None, attributes: Attributes = NONE, error: str | None = None
    ) -> None:
        """End it, and with that hand it to the exporter."""
        if name:
            self._span.update_name(name)
        if attributes:
            self._span.set_attributes(attributes)
        if error:
            self._span.set_attribute("error.type", error)
            self._span.set_status(Status(StatusCode.ERROR))
        self._span.end()


class _Unsampled:
    """What comes of a parent that is not sampled: its trace goes on, and nothing is made for it."""

    def __init__(self, traceparent: str) -> None:
        self.traceparent = traceparent

    def end(
        self, *, name: str | None = None, attributes: Attributes = NONE, error: str | None = None
    ) -> None:
        """Nothing."""


class OtelTracer:
    """Spans through the SDK, given to `processor`.

    What is sampled is what OTEL_TRACES_SAMPLER says: by default everything, unless the parent says no.
    """

    is_on = True

    def __init__(self, processor: SpanProcessor, resource: Resource) -> None:
        self._provider = TracerProvider(resource=resource, shutdown_on_exit=False)
        self._provider.add_span_processor(processor)
        self._tracer = self._provider.get_tracer("tierline")
        self._obeys_parent = isinstance(self._provider.sampler, ParentBased)

    def skips(self, parent: str) -> bool:
        """Parents that are not sampled, where the sampler heeds them; their flags are the last two digits."""
        return self._obeys_parent and parent[-1:] in _UNSAMPLED_DIGITS

    def start(
        self,
        name: str,
        kind: Kind,
        parent: str | None,
        attributes: Attributes = NONE,
        *,
        links: Sequence[str] = (),
        began: int | None = None,
    ) -> spans.Span:
        """See `spans.Tracer`."""
        above = _context(parent)
        if parent and above and self.skips(parent):
            return _Unsampled(parent)
        base = Context()
        linked = [Link(found) for one in links[:MOST_LINKS] if (found := _context(one))]
        return OtelSpan(
            self._tracer.start_span(
                name,
                set_span_in_context(NonRecordingSpan(above), base) if above else base,
                _KINDS[kind],
                attributes,
                linked,
                began,
            )
        )

    def flush(self) -> None:
        """Send what is in hand now, and wait for it."""
        self._provider.force_flush()

    def close(self) -> None:
        """Send what is in hand. A collector that does not answer holds nobody up for longer than CLOSE_SECONDS."""
        ending = threading.Thread(target=self._provider.shutdown, daemon=True)
        ending.start()
        ending.join(CLOSE_SECONDS)


def over_http(resource: Resource, url: str) -> OtelTracer:
    """Sends batches by OTLP over HTTP to `url`."""
    return OtelTracer(BatchSpanProcessor(OTLPSpanExporter(endpoint=url)), resource)


def resource_of(service: str, version: str, *, named: bool) -> Resource:
    """Who speaks; `named` says that the standard variables give the service its name."""
    own = {"service.version": version}
    return Resource.create(own if named else {**own, "service.name": f"tierline-{service}"})


@lru_cache(maxsize=4096)
def _context(traceparent: str | None) -> SpanContext | None:
    parts = parsed(traceparent)
    if parts is None:
        return None
    trace, span, flags = (int(part, 16) for part in parts)
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags))
