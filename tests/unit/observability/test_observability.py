"""Metrics are bounded, logs are one JSON object a line, traces go on."""

import json
import logging
import queue
import re

import pytest

from shared.observability.logging import DroppingQueueHandler, JsonFormatter
from shared.observability.metrics import Catalogue
from shared.observability.tracing import continued, inside, new_traceparent


def test_a_metric_with_an_unbounded_label_is_refused() -> None:
    with pytest.raises(ValueError, match="ticket_id is not bounded"):
        Catalogue("router").counter("things_total", "Things.", ["ticket_id"])


def test_a_log_line_is_json_with_the_fields_that_are_allowed() -> None:
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "Ticket was queued", None, None)
    record.action = "ticket_queued"
    record.body = "customer text"

    line = json.loads(JsonFormatter("router").format(record))

    assert line["message"] == "Ticket was queued"
    assert line["action"] == "ticket_queued"
    assert "body" not in line


def test_a_trace_goes_on_with_a_new_span() -> None:
    parent = new_traceparent()

    child = continued(parent)

    assert child.split("-")[1] == parent.split("-")[1]
    assert child != parent


@pytest.mark.parametrize("broken", [None, "", "junk", f"00-{'0' * 32}-{'1' * 16}-01"])
def test_a_broken_traceparent_starts_a_new_trace(broken: str | None) -> None:
    assert re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", continued(broken))


def test_a_log_line_inside_a_recorded_span_names_its_trace() -> None:
    lines: queue.Queue[logging.LogRecord] = queue.Queue()
    handler = DroppingQueueHandler(lines)
    record = logging.LogRecord("x", logging.INFO, "x.py", 1, "Ticket was queued", None, None)
    with inside("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"):
        handler.emit(record)

    line = json.loads(JsonFormatter("router").format(lines.get_nowait()))
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
