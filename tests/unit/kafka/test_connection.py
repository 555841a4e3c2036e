"""How a broker is spoken to, and how its errors are told."""

from __future__ import annotations

import asyncio
import ssl

import pytest
from aiokafka import errors
from pydantic import SecretStr

from shared.kafka.aio_connection import (
    broker_call,
    connection_options,
    ended_well,
    in_our_words,
)
from shared.kafka.client import BrokerError, BrokerUnavailableError, UnknownTopicError
from shared.runtime.errors import is_transient
from shared.settings import KafkaSecurity, KafkaSettings


def options(security: KafkaSecurity) -> dict[str, object]:
    return connection_options(KafkaSettings(security=security), "client")


def test_a_trusting_broker_needs_an_address_only() -> None:
    assert options(KafkaSecurity()) == {
        "bootstrap_servers": "localhost:9092",
        "client_id": "client",
        "security_protocol": "PLAINTEXT",
    }


def test_tls_checks_the_brokers_certificate() -> None:
    context = options(KafkaSecurity(protocol="SSL"))["ssl_context"]

    assert isinstance(context, ssl.SSLContext)
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname


def test_sasl_names_mechanism_user_and_password() -> None:
    security = KafkaSecurity(
        protocol="SASL_SSL",
        mechanism="SCRAM-SHA-512",
        username="tierline",
        password=SecretStr("secret"),
    )

    found = options(security)

    assert found["security_protocol"] == "SASL_SSL"
    assert found["sasl_mechanism"] == "SCRAM-SHA-512"
    assert found["sasl_plain_username"] == "tierline"
    assert found["sasl_plain_password"] == "secret"
    assert isinstance(found["ssl_context"], ssl.SSLContext)


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        (errors.KafkaConnectionError("closed"), BrokerUnavailableError),
        (errors.RequestTimedOutError(), BrokerUnavailableError),
        (errors.KafkaTimeoutError(), BrokerUnavailableError),
        (errors.NotLeaderForPartitionError(), BrokerUnavailableError),
        (ConnectionResetError(), BrokerUnavailableError),
        (errors.UnknownTopicOrPartitionError(), UnknownTopicError),
        (errors.TopicAuthorizationFailedError("t"), BrokerError),
        (errors.SaslAuthenticationFailed(), BrokerError),
    ],
)
def test_the_client_librarys_errors_become_ours(theirs: Exception, ours: type[BrokerError]) -> None:
    error = in_our_words("send", theirs)

    assert type(error) is ours
    assert "send" in str(error)


def test_a_broker_that_is_away_is_a_transient_error() -> None:
    assert is_transient(BrokerUnavailableError("away"))


async def test_a_call_that_does_not_end_is_cut_off() -> None:
    with pytest.raises(BrokerUnavailableError, match=r"ping: no answer within 0\.01 s"):
        async with broker_call("ping", seconds=0.01):
            await asyncio.sleep(10)


async def test_an_error_of_ours_passes_a_call_as_it_is() -> None:
    refused = UnknownTopicError("nowhere")

    with pytest.raises(UnknownTopicError) as caught:
        async with broker_call("start", seconds=1):
            raise refused

    assert caught.value is refused


async def test_a_closing_that_raises_a_cancellation_is_not_ours() -> None:
    async def closing() -> None:
        raise asyncio.CancelledError

    assert await ended_well(closing(), seconds=1) is False
    assert await ended_well(asyncio.sleep(0), seconds=1) is True
    assert await ended_well(asyncio.sleep(10), seconds=0.01) is False
