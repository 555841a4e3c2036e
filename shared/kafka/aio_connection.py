"""How we speak to a broker: connection options, a time limit for every call, its errors in our words."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Any, Final

from aiokafka import errors

from shared.settings import KafkaSettings

from .client import BrokerError, BrokerUnavailableError, UnknownTopicError

#: aiokafka gives these no `retriable`, but they say nothing about what was asked.
_PASSING: Final = (errors.KafkaTimeoutError, errors.RequestTimedOutError, errors.ProducerClosed)


def connection_options(settings: KafkaSettings, client_id: str) -> dict[str, Any]:
    """What every aiokafka client is built with."""
    security = settings.security
    options: dict[str, Any] = {
        "bootstrap_servers": settings.bootstrap_servers,
        "client_id": client_id,
        "security_protocol": security.protocol,
    }
    if security.protocol.endswith("SSL"):
        options["ssl_context"] = ssl.create_default_context(cafile=security.ca_file)
    if security.protocol.startswith("SASL"):
        options["sasl_mechanism"] = security.mechanism or "PLAIN"
        options["sasl_plain_username"] = security.username
        options["sasl_plain_password"] = (
            security.password.get_secret_value() if security.password else None
        )
    return options


@asynccontextmanager
async def broker_call(what: str, *, seconds: float) -> AsyncIterator[None]:
    """Limit `what` to `seconds`, and raise whatever goes wrong as a BrokerError of ours."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except BrokerError:
        raise
    except TimeoutError as error:
        raise BrokerUnavailableError(f"{what}: no answer within {seconds:g} s") from error
    except (errors.KafkaError, OSError) as error:
        raise in_our_words(what, error) from error


async def ended_well(closing: Coroutine[Any, Any, None], *, seconds: float) -> bool:
    """Run aiokafka's `closing`; False when it failed, or did not end within `seconds` and was cut off.

    In a task of its own: with the broker away it may raise the CancelledError of a task it ended, which
    would look like a cancellation of ours.
    """
    task = asyncio.create_task(closing)
    try:
        await asyncio.wait([task], timeout=seconds)
        return task.done() and not task.cancelled() and task.exception() is None
    finally:
        task.cancel()


def in_our_words(what: str, error: Exception) -> BrokerError:
    """The error of ours that `error`, raised by aiokafka, amounts to."""
    message = f"{what}: {type(error).__name__}: {error}"
    if isinstance(error, errors.UnknownTopicOrPartitionError):
        return UnknownTopicError(message)
    if isinstance(error, (OSError, *_PASSING)) or getattr(error, "retriable", False):
        return BrokerUnavailableError(message)
    return BrokerError(message)
