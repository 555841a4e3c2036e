"""A service as process 1, as in a container: nobody kills it but itself, so it must listen."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress

import httpx2
import pytest

from shared.kafka import topics
from shared.kafka.aio import AioKafka
from shared.runtime.service import HARD_EXIT_SECONDS
from shared.settings import KafkaSettings
from tests.support.one_service import AS_PROCESS_1, serving
from tests.support.running import until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(180)]


@pytest.fixture(scope="module")
def world() -> tuple[str, ...]:
    """What makes a process number 1; skips where that is not allowed."""
    try:
        tried = subprocess.run([*AS_PROCESS_1, "true"], check=False, capture_output=True, text=True)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    if tried.returncode != 0:
        pytest.skip(tried.stderr.strip())
    return AS_PROCESS_1


@pytest.fixture
async def environment(database_url: str, kafka_settings: KafkaSettings) -> Mapping[str, str]:
    """A migrated database and every topic."""
    await topics.apply(AioKafka(kafka_settings, client_id="one"))
    return {
        "TIERLINE_DATABASE__URL": database_url,
        "TIERLINE_KAFKA__BOOTSTRAP_SERVERS": kafka_settings.bootstrap_servers,
        "TIERLINE_KAFKA__TOPIC_PREFIX": kafka_settings.topic_prefix,
        "TIERLINE_KAFKA__IDEMPOTENCE": str(kafka_settings.idempotence).lower(),
        "TIERLINE_KAFKA__SESSION_TIMEOUT_MS": str(kafka_settings.session_timeout_ms),
    }


async def test_sigterm_makes_it_unready_while_it_finishes_what_is_in_hand_and_it_ends_with_0(
    environment: Mapping[str, str], world: tuple[str, ...]
) -> None:
    async with serving("router", environment, world=world) as router:
        await until(router.ready, "the router is ready", seconds=75)
        port = int(router.url.rpartition(":")[2])
        # A request whose head never ends keeps the server draining.
        async with httpx2.AsyncClient(trust_env=False) as client:
            assert (await client.get(f"{router.url}/readyz")).is_success
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"PUT /v1/agents/x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n{")
            await writer.drain()
            began = time.monotonic()
            router.tell_to_stop()

            async def red() -> bool:
                try:
                    return not (await client.get(f"{router.url}/readyz")).is_success
                except httpx2.TransportError:
                    return True

            await until(red, "nobody is sent there any more", seconds=5)
        status = await router.status(seconds=HARD_EXIT_SECONDS)
        writer.close()

    assert 0 == status
    assert time.monotonic() - began < HARD_EXIT_SECONDS


async def test_told_to_stop_before_it_has_begun_it_ends_with_0(
    environment: Mapping[str, str], world: tuple[str, ...]
) -> None:
    """The kernel lets no signal kill process 1, unless that listens: else the pod would wait for its SIGKILL."""
    async with serving("router", environment, world=world) as router:
        status = None
        deadline = time.monotonic() + 60
        while status is None and time.monotonic() < deadline:
            with suppress(ProcessLookupError):  # it has ended, and its parent has not said so yet
                router.tell_to_stop()
            try:
                status = await router.status(seconds=0.05)
            except TimeoutError:
                continue

    assert 0 == status
