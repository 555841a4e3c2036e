"""Spans as they were exported: by service, by name, and as the tree they make."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from shared.observability.otel import OtelTracer, resource_of


class Recorder:
    """Keeps what the tracers it makes export."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()

    def tracer(self, service: str) -> OtelTracer:
        """A tracer of one service."""
        resource = resource_of(service, "test", named=False)
        return OtelTracer(SimpleSpanProcessor(self._exporter), resource)

    @property
    def spans(self) -> list[ReadableSpan]:
        """Everything exported so far, by the instant it began."""
        return sorted(self._exporter.get_finished_spans(), key=lambda span: span.start_time or 0)

    def named(self, name: str, service: str | None = None) -> list[ReadableSpan]:
        """The spans of a name, of one service where that is given."""
        return [s for s in self.spans if s.name == name and service in {None, service_of(s)}]

    def clear(self) -> None:
        """Forget what was exported so far."""
        self._exporter.clear()


def service_of(span: ReadableSpan) -> str:
    """The service that told it, without the product's name."""
    return str(span.resource.attributes["service.name"]).removeprefix("tierline-")


def trace_of(span: ReadableSpan) -> str:
    """Its trace id, as it stands in a traceparent."""
    assert span.context is not None
    return f"{span.context.trace_id:032x}"


def id_of(span: ReadableSpan) -> int:
    """Its own id."""
    assert span.context is not None
    return int(span.context.span_id)


def parent_id(span: ReadableSpan) -> int | None:
    """The id of the span above it."""
    return span.parent.span_id if span.parent else None


def path(span: ReadableSpan, spans: Iterable[ReadableSpan]) -> list[str]:
    """`service: name` of the spans from the root down to this one."""
    by_id = {id_of(one): one for one in spans}
    found = [span]
    while (above := by_id.get(parent_id(found[0]) or 0)) is not None:
        found.insert(0, above)
    return [f"{service_of(one)}: {one.name}" for one in found]


def drawn(spans: Sequence[ReadableSpan]) -> str:
    """A trace as a tree of text, each span under the one it came of."""
    below: dict[int | None, list[ReadableSpan]] = {}
    known = {id_of(one) for one in spans}
    for one in spans:
        above = parent_id(one)
        below.setdefault(above if above in known else None, []).append(one)
    lines: list[str] = []

    def draw(one: ReadableSpan, depth: int) -> None:
        name = f"{'  ' * depth}{one.name}"
        lines.append(f"{name:<60} {service_of(one)}")
        for child in below.get(id_of(one), []):
            draw(child, depth + 1)

    for root in below.get(None, []):
        draw(root, 0)
    return "\n".join(lines)


def attributes(span: ReadableSpan) -> dict[str, Any]:
    """Its attributes."""
    return dict(span.attributes or {})
