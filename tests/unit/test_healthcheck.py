"""The health check of a container: whom it asks, and what it makes of the answer."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from services import healthcheck


class Half(BaseHTTPRequestHandler):
    """Alive, but not ready."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/healthz" else 503)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def half() -> Iterator[int]:
    server = HTTPServer(("127.0.0.1", 0), Half)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize(
    ("arguments", "port"),
    [
        (["python", "/bin/tierline", "run", "intake"], 8081),
        (["python", "/bin/tierline", "run", "notifier"], 8084),
        (["python", "/bin/tierline", "audit", "--watch"], 8085),
        (["python", "/bin/tierline", "migrate"], None),
    ],
    ids=["intake", "notifier", "auditor", "a job"],
)
def test_the_port_follows_the_role(arguments: list[str], port: int | None) -> None:
    assert port == healthcheck.port(arguments, {})


def test_a_port_that_was_set_wins() -> None:
    assert healthcheck.port(["run", "router"], {"TIERLINE_HTTP__PORT": "9000"}) == 9000


def test_alive_is_not_ready(half: int) -> None:
    assert healthcheck.healthy(half, "/healthz")
    assert not healthcheck.healthy(half, "/readyz")


def test_nobody_listening_is_not_healthy() -> None:
    assert not healthcheck.healthy(1, "/healthz")


def test_it_starts_without_the_libraries_of_a_service() -> None:
    """It is started every few seconds, in every container."""
    program = "import sys, services.healthcheck; print({'pydantic', 'httpx2', 'typer'} & set(sys.modules))"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert told.stdout.strip() == "set()"
