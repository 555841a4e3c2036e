"""Logs on stdout: one sentence in the past tense, an `action`, and the ids it is about.

JSON for machines, text for a terminal. No customer text ever: only ids, lengths and codes.
"""

from __future__ import annotations

import json
import logging
import logging.handlers
import queue
import sys
from datetime import UTC, datetime
from typing import Final

from .tracing import here, trace_id

#: Fields that `extra=` may carry into a log line, in the order in which they are printed.
FIELDS: Final = (
    "action",
    "ticket_id",
    "event_id",
    "correlation_id",
    "trace_id",
    "topic",
    "partition",
    "count",
    "reason",
    "status",
    "seconds",
    "url",
    "recipient_id",
    "notification_id",
    "agent_id",
    "queue",
    "channel",
)


def _told(record: logging.LogRecord) -> dict[str, object]:
    fields = {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}
    return {
        name: value if isinstance(value, int | float) else str(value)
        for name, value in fields.items()
    }


class JsonFormatter(logging.Formatter):
    """One JSON object a line."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The record as JSON; a traceback stands in `error`."""
        line: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "message": record.getMessage(),
            **_told(record),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class TextFormatter(logging.Formatter):
    """For people: time, level, service, sentence, fields."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The record on one line; a traceback follows on its own lines."""
        at = datetime.fromtimestamp(record.created, UTC).strftime("%H:%M:%S.%f")[:-3]
        fields = " ".join(f"{name}={value}" for name, value in _told(record).items())
        line = (
            f"{at} {record.levelname:<7} {self._service:<9} {record.getMessage()} {fields}".rstrip()
        )
        return f"{line}\n{self.formatException(record.exc_info)}" if record.exc_info else line


class DroppingQueueHandler(logging.handlers.QueueHandler):
    """Hands lines to a writer thread and drops them when it falls behind: logging never blocks."""

    dropped = 0

    def enqueue(self, record: logging.LogRecord) -> None:
        """Queue the record, or count it as dropped."""
        try:
            self.queue.put_nowait(record)
        except queue.Full:
            type(self).dropped += 1

    def prepare(self, record: logging.LogRecord) -> logging.LogRecord:
        """The record, with the trace we are in; the writer thread formats it."""
        if (span := here()) and not hasattr(record, "trace_id"):
            record.trace_id = trace_id(span)
        return record


def configure(*, level: str, style: str, service: str) -> logging.handlers.QueueListener:
    """Send everything to stdout as `style` (json or text). Stop the returned listener at the end."""
    lines: queue.Queue[logging.LogRecord] = queue.Queue(maxsize=10_000)
    writer = logging.StreamHandler(sys.stdout)
    writer.setFormatter(JsonFormatter(service) if style == "json" else TextFormatter(service))
    root = logging.getLogger()
    root.handlers = [DroppingQueueHandler(lines)]
    root.setLevel(level)
    for chatty in ("aiokafka", "uvicorn.access", "alembic", "httpx2", "httpcore2"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    listener = logging.handlers.QueueListener(lines, writer)
    listener.start()
    return listener
