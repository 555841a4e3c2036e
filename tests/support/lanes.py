"""Which servers a test run uses: `TIERLINE_TEST_BACKENDS = auto | docker | embedded | external`."""

from __future__ import annotations

import os
import socket
from collections.abc import Mapping
from contextlib import closing
from enum import StrEnum
from typing import Final
from urllib.parse import urlsplit

DATABASE_URL: Final = "TIERLINE_DATABASE__URL"
BOOTSTRAP_SERVERS: Final = "TIERLINE_KAFKA__BOOTSTRAP_SERVERS"

_ANSWER_SECONDS: Final = 2.0


class Lane(StrEnum):
    """Where the servers come from."""

    EXTERNAL = "external"
    DOCKER = "docker"
    EMBEDDED = "embedded"


class LaneError(Exception):
    """The lane asked for does not exist, or lacks what it needs."""


def chosen(environ: Mapping[str, str] = os.environ) -> tuple[Lane, bool]:
    """The lane of this run, and whether it was chosen by us (`auto`): then a missing backend skips.

    auto: both URLs set, else a Docker daemon that has every image, else the embedded pair.
    """
    asked = environ.get("TIERLINE_TEST_BACKENDS", "auto")
    if asked != "auto":
        return _named(asked, environ), False
    if environ.get(DATABASE_URL) and environ.get(BOOTSTRAP_SERVERS):
        return Lane.EXTERNAL, True
    return (Lane.DOCKER if _docker_is_ready(environ) else Lane.EMBEDDED), True


def postgres_image(environ: Mapping[str, str] = os.environ) -> str:
    """The image of the Docker lane's PostgreSQL."""
    return environ.get("TIERLINE_TEST_POSTGRES_IMAGE", "postgres:18")


def kafka_image(environ: Mapping[str, str] = os.environ) -> str:
    """The image of the Docker lane's Kafka."""
    return environ.get("TIERLINE_TEST_KAFKA_IMAGE", "apache/kafka:4.1.2")


def images(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Every image of the Docker lane: the two servers, and testcontainers' own that clears up after a
    run that was killed, unless that is switched off.
    """
    servers = [postgres_image(environ), kafka_image(environ)]
    from testcontainers.core.config import testcontainers_config

    if testcontainers_config.ryuk_disabled:
        return servers
    return [*servers, str(testcontainers_config.ryuk_image)]


def check(lane: Lane, environ: Mapping[str, str] = os.environ) -> None:
    """Raise LaneError when `lane` is docker and no daemon answers."""
    address = _address(environ)
    if lane is Lane.DOCKER and not _daemon_listens(address):
        raise LaneError(f"lane docker: no Docker daemon answers at {address}")


def _address(environ: Mapping[str, str]) -> str:
    return environ.get("DOCKER_HOST") or "unix:///var/run/docker.sock"


def _named(asked: str, environ: Mapping[str, str]) -> Lane:
    if asked not in list(Lane):
        raise LaneError(f"TIERLINE_TEST_BACKENDS={asked!r}: one of auto, {', '.join(Lane)}")
    if asked == Lane.EXTERNAL:
        missing = [name for name in (DATABASE_URL, BOOTSTRAP_SERVERS) if not environ.get(name)]
        if missing:
            raise LaneError(f"lane external needs {' and '.join(missing)}")
    return Lane(asked)


def _docker_is_ready(environ: Mapping[str, str]) -> bool:
    """Whether a daemon answers and has every image; nothing is pulled behind a developer's back."""
    if not _daemon_listens(_address(environ)):
        return False
    import docker  # type: ignore[import-untyped]

    try:
        with closing(docker.from_env(timeout=5)) as client:
            client.ping()
            for image in images(environ):
                client.images.get(image)
    except docker.errors.DockerException:
        return False
    return True


def _daemon_listens(address: str) -> bool:
    """Ask the address before the client does: it forgets to close a socket nobody answers."""
    place = urlsplit(address)
    try:
        if place.scheme == "unix":
            with socket.socket(socket.AF_UNIX) as probe:
                probe.settimeout(_ANSWER_SECONDS)
                probe.connect(place.path)
        else:
            peer = (place.hostname or "localhost", place.port or 2375)
            socket.create_connection(peer, timeout=_ANSWER_SECONDS).close()
    except OSError:
        return False
    return True
