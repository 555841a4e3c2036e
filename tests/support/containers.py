"""The Docker lane: PostgreSQL and Apache Kafka in containers, through testcontainers."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from services.local import MissingBackendError

#: By it the lane's script finds what a run that was killed has left behind.
RUN_LABEL: Final = "tierline.run"


@contextmanager
def running(container: Any) -> Iterator[Any]:
    """`container` while it runs. Raises MissingBackendError with Docker's reason where it cannot.

    A start that fails after the container was made leaves none behind.
    """
    import docker  # type: ignore[import-untyped]

    run = os.environ.get("TIERLINE_TEST_RUN", "")
    try:
        container.with_kwargs(labels={RUN_LABEL: run}).start()
    except BaseException as error:
        if container.get_wrapped_container() is not None:
            container.stop()
        if isinstance(error, (docker.errors.DockerException, TimeoutError)):
            raise MissingBackendError(f"lane docker, image {container.image}: {error}") from error
        raise
    try:
        yield container
    finally:
        container.stop()


@contextmanager
def postgres(image: str) -> Iterator[str]:
    """PostgreSQL for the run, fast instead of safe; yields its URL."""
    from testcontainers.community.postgres import PostgresContainer

    fast = "-c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=200"
    container = PostgresContainer(image, driver=None).with_command(fast)
    with running(container.with_env("POSTGRES_INITDB_ARGS", "--no-sync")) as started:
        yield started.get_connection_url()


@contextmanager
def kafka(image: str) -> Iterator[str]:
    """One Kafka node in KRaft mode; yields its address.

    The generic container, because the advertised port must be known before the start and the
    project's own class speaks only to another vendor's image.
    """
    from testcontainers.core.container import DockerContainer
    from testcontainers.core.wait_strategies import LogMessageWaitStrategy

    port = _free_port()
    container = DockerContainer(image).with_bind_ports(9092, port)
    for name, value in _node(port).items():
        container = container.with_env(name, value)
    with running(container.waiting_for(LogMessageWaitStrategy("Kafka Server started"))):
        yield f"127.0.0.1:{port}"


def _node(port: int) -> dict[str, str]:
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "PLAINTEXT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"PLAINTEXT://127.0.0.1:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port
