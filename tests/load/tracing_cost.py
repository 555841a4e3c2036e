"""What traces cost an event, in processor time: `python -m tests.load.tracing_cost`.

An event is handled, says one event, and that is published: three spans. Off, on with everything sampled,
and on with a parent that was not. Encoding for OTLP is counted, the network is not.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final

import msgspec
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult

from shared.contracts import Event, encode, headers
from shared.db.outbox import OutboxRow
from shared.kafka.records import Record
from shared.observability.otel import OtelTracer, resource_of
from shared.observability.spans import OFF, Tracer
from shared.observability.tracing import new_traceparent
from shared.runtime.decoding import Received
from shared.runtime.traced import Traced, published
from tests.support.toy import a_message

EVENTS: Final = 200
ROUNDS: Final = 40


class Encoding(SpanExporter):
    """Does what an exporter does before it sends."""

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        encode_spans(spans).SerializeToString()
        return SpanExportResult.SUCCESS

    def shutdown(self) -> None:
        """Nothing is open."""


@dataclass(frozen=True, slots=True)
class Load:
    """One batch: what was received, what is said, what is published."""

    items: list[Received]
    said: list[Event]
    rows: list[OutboxRow]


def a_load(*, sampled: bool) -> Load:
    now = datetime(2026, 6, 1, tzinfo=UTC)
    events = [a_message(1, n) for n in range(1, EVENTS + 1)]
    traced = [msgspec.structs.replace(e, traceparent=_traceparent(sampled=sampled)) for e in events]
    return Load(
        items=[
            Received(Record(e.topic, 0, n, e.subject, b"", {}, now), e)
            for n, e in enumerate(traced)
        ],
        said=traced,
        rows=[
            OutboxRow(
                n, date(2026, 6, 1), e.id, e.topic, e.subject, encode(e), dict(headers(e)), now
            )
            for n, e in enumerate(traced)
        ],
    )


def _traceparent(*, sampled: bool) -> str:
    return new_traceparent()[:-2] + ("01" if sampled else "00")


def once(tracer: Tracer, load: Load) -> None:
    with Traced(tracer) as traced:
        traced.heard(load.items)
        traced.said(load.said)
    published(tracer, load.rows, time.time_ns())


def microseconds(tracer: Tracer, *, sampled: bool) -> float:
    """Processor time an event, all threads of the process: the median of the rounds."""
    load = a_load(sampled=sampled)
    once(tracer, load)
    spent = []
    for _ in range(ROUNDS):
        gc.collect()
        began = time.process_time()
        once(tracer, load)
        if isinstance(tracer, OtelTracer):
            tracer.flush()
        spent.append((time.process_time() - began) / EVENTS * 1e6)
    return statistics.median(spent)


def main() -> None:
    on = OtelTracer(BatchSpanProcessor(Encoding()), resource_of("router", "bench", named=False))
    print(f"{EVENTS} events a batch, median of {ROUNDS} batches, microseconds of processor time")
    print(f"off                  {microseconds(OFF, sampled=True):7.2f} an event")
    print(f"on, not sampled      {microseconds(on, sampled=False):7.2f} an event")
    print(f"on, sampled, 3 spans {microseconds(on, sampled=True):7.2f} an event")
    on.close()


if __name__ == "__main__":
    main()
