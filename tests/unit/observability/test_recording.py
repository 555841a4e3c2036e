"""Traces are off unless asked for; asked for, they are sent as OpenTelemetry's own words say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping

import pytest

from shared.observability.otel import OtelTracer, over_http, resource_of
from shared.observability.recording import tracer_of
from shared.observability.spans import MOST_LINKS, OFF, Kind, Tracer
from shared.observability.tracing import new_traceparent, parsed, trace_id
from shared.settings import ConfigurationError, OtelSettings
from tests.support.collector import Collector, a_collector
from tests.support.traces import Recorder

NOWHERE = "http://127.0.0.1:9"

#: A process that says whether it has met the SDK after building a service's settings and its tracer.
WITHOUT = """
import sys
import services.intake.main
from shared.observability.recording import tracer_of
from shared.settings import OtelSettings
tracer = tracer_of(OtelSettings(), {}, service="intake", version="1")
print(tracer.is_on, any(name.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) for name in sys.modules))
"""

#: A process in which the extra is not installed.
NOT_INSTALLED = """
import sys
sys.modules["opentelemetry.sdk"] = None
from shared.runtime.process import main
from shared.settings import ServiceSettings
sys.exit(main("intake", ServiceSettings, None))
"""

#: A process that tells of a root, and of something whose parent is sampled.
TWO_SPANS = """
import os
from shared.observability.recording import tracer_of
from shared.observability.spans import Kind
from shared.settings import OtelSettings
tracer = tracer_of(OtelSettings(), os.environ, service="intake", version="1")
tracer.start("root", Kind.INTERNAL, None).end()
tracer.start("child", Kind.INTERNAL, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01").end()
tracer.close()
"""


def run(program: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """A Python process with nothing of OpenTelemetry in its environment but what is given."""
    return subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )


def asked(environ: Mapping[str, str], endpoint: str | None = None) -> Tracer:
    return tracer_of(OtelSettings(endpoint=endpoint), environ, service="intake", version="1")


def test_by_default_nothing_is_recorded_and_nothing_of_the_sdk_is_imported() -> None:
    assert "False False\n" == run(WITHOUT).stdout


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_SDK_DISABLED": "true"},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": NOWHERE, "OTEL_TRACES_EXPORTER": "none"},
    ],
    ids=["nothing", "empty", "disabled", "no-exporter"],
)
def test_without_an_endpoint_or_switched_off_traces_are_off(environ: dict[str, str]) -> None:
    assert OFF is asked(environ)


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc"),
        ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "http/json"),
        ("OTEL_TRACES_EXPORTER", "console"),
    ],
)
def test_what_the_extra_cannot_do_is_refused_by_name(variable: str, value: str) -> None:
    with pytest.raises(ConfigurationError, match=variable):
        asked({variable: value}, NOWHERE)


@pytest.mark.parametrize(
    "variable",
    [
        "TIERLINE_OTEL__ENDPOINT",
        "OTEL_EXPORTER_OTLP_ENDPOINT",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    ],
)
def test_without_the_extra_a_service_that_should_trace_says_how_to_install_it(
    variable: str,
) -> None:
    ended = run(NOT_INSTALLED, **{variable: NOWHERE})

    assert 2 == ended.returncode
    assert f"{variable} asks for traces" in ended.stdout
    assert "pip install 'tierline[otel]'" in ended.stdout


def test_spans_are_sent_as_otlp_over_http() -> None:
    with a_collector() as collector:
        tracer = over_http(resource_of("router", "1.2", named=False), f"{collector.url}/v1/traces")
        parent = tracer.start("process ticket.opened", Kind.CONSUMER, None)
        child = tracer.start(
            "create ticket.queued", Kind.PRODUCER, parent.traceparent, {"tierline.ticket_id": "7"}
        )
        child.end()
        parent.end(error="KeyError")
        tracer.close()

    assert {"/v1/traces"} == collector.paths
    assert [
        ("tierline-router", "create ticket.queued"),
        ("tierline-router", "process ticket.opened"),
    ] == collector.names
    (_, below), (_, above) = collector.spans
    assert (above.trace_id, above.span_id) == (below.trace_id, below.parent_span_id)
    assert trace_id(child.traceparent) == below.trace_id.hex()
    assert ["tierline.ticket_id"] == [one.key for one in below.attributes]
    assert (2, 4) == (above.status.code, below.kind)


def sent(collector: Collector, **environment: str) -> list[tuple[str, str]]:
    """What a process with this environment tells the collector."""
    ended = run(TWO_SPANS, **environment)
    assert "" == ended.stderr
    return collector.names


def test_the_standard_variables_name_the_collector_and_the_service() -> None:
    with a_collector() as collector:
        names = sent(
            collector, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_SERVICE_NAME="front-desk"
        )

    assert [("front-desk", "root"), ("front-desk", "child")] == names


def test_the_standard_sampler_decides_on_roots_and_heeds_a_sampled_parent() -> None:
    with a_collector() as collector:
        names = sent(
            collector,
            OTEL_EXPORTER_OTLP_TRACES_ENDPOINT=f"{collector.url}/elsewhere",
            OTEL_TRACES_SAMPLER="parentbased_always_off",
        )

    assert [("tierline-intake", "child")] == names
    assert {"/elsewhere"} == collector.paths


def test_a_span_has_so_many_links_and_no_more() -> None:
    recorder = Recorder()
    causes = [new_traceparent() for _ in range(MOST_LINKS + 5)]
    recorder.tracer("notifier").start("deliver email", Kind.CLIENT, None, links=causes).end()

    (span,) = recorder.spans
    assert MOST_LINKS == len(span.links)


def test_a_span_nobody_records_carries_its_trace_on() -> None:
    cause = new_traceparent()
    span = OFF.start("deliver email", Kind.CLIENT, cause)
    span.end(error="dead")
    OFF.close()

    assert trace_id(cause) == trace_id(span.traceparent)
    assert parsed(cause) != parsed(span.traceparent)


def test_the_adapter_is_what_the_port_asks_for() -> None:
    recorder: OtelTracer = Recorder().tracer("intake")
    tracer: Tracer = recorder

    assert tracer.is_on
