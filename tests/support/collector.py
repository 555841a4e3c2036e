"""A collector of traces on a local port, which reads the protobuf it is sent."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """What was sent, by `(service, span name)`, and to which paths."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.paths: set[str] = set()
        self.spans: list[tuple[str, Any]] = []

    def take(self, path: str, body: bytes) -> None:
        """Read one request. Raises DecodeError for a body that is no request."""
        self.paths.add(path)
        request = ExportTraceServiceRequest()
        request.ParseFromString(body)
        for resource in request.resource_spans:
            said = {one.key: one.value.string_value for one in resource.resource.attributes}
            for scope in resource.scope_spans:
                self.spans += [(said["service.name"], span) for span in scope.spans]

    @property
    def names(self) -> list[tuple[str, str]]:
        """Service and name of every span, in the order in which they came."""
        return [(service, span.name) for service, span in self.spans]


@contextmanager
def a_collector() -> Iterator[Collector]:
    """A collector that takes everything, until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["content-length"]))
            zipped = self.headers.get("content-encoding") == "gzip"
            collector.take(self.path, gzip.decompress(raw) if zipped else raw)
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = Collector(server.server_port)
        serving = threading.Thread(target=server.serve_forever, args=(0.02,))
        serving.start()
        try:
            yield collector
        finally:
            server.shutdown()
            serving.join()
