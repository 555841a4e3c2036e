"""Which servers a test run uses: `TIERLINE_TEST_BACKENDS = auto | docker | embedded | external`."""

from __future__ import annotations

import os
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Final

DATABASE_URL: Final = "TIERLINE_DATABASE__URL"
BOOTSTRAP_SERVERS: Final = "TIERLINE_KAFKA__BOOTSTRAP_SERVERS"


class Lane(StrEnum):
    """Where the servers come from."""

    EXTERNAL = "external"
    DOCKER = "docker"
    EMBEDDED = "embedded"


class LaneError(Exception):
    """The lane asked for does not exist, or lacks what it needs."""


def chosen(environ: Mapping[str, str] = os.environ) -> tuple[Lane, bool]:
    """The lane of this run, and whether it was chosen by us (`auto`): then a missing backend skips.

    auto: both URLs set, else a Docker daemon that has both images, else the embedded pair.
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


def _named(asked: str, environ: Mapping[str, str]) -> Lane:
    if asked not in list(Lane):
        raise LaneError(f"TIERLINE_TEST_BACKENDS={asked!r}: one of auto, {', '.join(Lane)}")
    if asked == Lane.EXTERNAL:
        missing = [name for name in (DATABASE_URL, BOOTSTRAP_SERVERS) if not environ.get(name)]
        if missing:
            raise LaneError(f"lane external needs {' and '.join(missing)}")
    return Lane(asked)


def _docker_is_ready(environ: Mapping[str, str]) -> bool:
    """Whether a daemon answers and has both images; nothing is pulled behind a developer's back."""
    if not environ.get("DOCKER_HOST") and not Path("/var/run/docker.sock").exists():
        return False
    import docker  # type: ignore[import-untyped]

    try:
        client = docker.from_env(timeout=5)
    except docker.errors.DockerException:
        return False
    try:
        client.ping()
        for image in (postgres_image(environ), kafka_image(environ)):
            client.images.get(image)
    except docker.errors.DockerException:
        return False
    else:
        return True
    finally:
        client.close()
