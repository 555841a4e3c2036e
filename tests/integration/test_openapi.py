"""Every service is what its OpenAPI document says, and nothing that fits or breaks it is answered 5xx."""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Callable, Iterator
from typing import Any, Final, TypeAlias
from uuid import uuid4

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from pydantic import SecretStr
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

from services.escalator.config import EscalatorSettings
from services.escalator.main import build as build_escalator
from services.intake.config import IntakeSection, IntakeSettings, SourceSettings
from services.intake.main import build as build_intake
from services.notifier.config import NotifierSettings
from services.notifier.main import build as build_notifier
from services.router.config import RouterSettings
from services.router.main import build as build_router
from shared.clock import Clock, SystemClock
from shared.http.auth import SCOPES, fingerprint
from shared.kafka.client import Kafka
from shared.kafka.memory import MemoryBroker
from shared.runtime.service import Service
from shared.settings import ApiKey, DatabaseSettings
from tests.support.intake import SECRET, signed
from tests.support.served import served

KEY: Final = "tl_test"

#: Examples of each operation in each phase; the documents have some sixty operations.
EXAMPLES: Final = 3

#: A service that has too much to do is not broken.
BUSY: Final = 503

#: Connections that are kept.
SESSION: Final = requests.Session()

SETTINGS: Final = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=list(HealthCheck),
)

#: A service on a clock and a broker.
Build: TypeAlias = Callable[[Clock, Kafka], Service]

Api: TypeAlias = schemathesis.BaseSchema
Case: TypeAlias = schemathesis.Case[Any]


def common(database_url: str) -> dict[str, Any]:
    """The settings of every service: a database, and a key for everything."""
    return {
        "database": DatabaseSettings(url=SecretStr(database_url)),
        "api_keys": {"test": ApiKey(sha256=fingerprint(KEY), scopes=SCOPES)},
    }


def an_api(build: Build) -> Iterator[Api]:
    """The service's document, which leads to the service itself."""
    clock = SystemClock()
    with served(lambda: build(clock, MemoryBroker(clock))) as url:
        yield schemathesis.openapi.from_url(f"{url}/openapi.json")


@pytest.fixture
def intake_api(database_url: str) -> Iterator[Api]:
    section = IntakeSection(sources={"generic": SourceSettings(secrets=(SecretStr(SECRET),))})
    told = IntakeSettings(**common(database_url), intake=section)
    yield from an_api(lambda clock, kafka: build_intake(told, clock=clock, kafka=kafka))


@pytest.fixture
def router_api(database_url: str) -> Iterator[Api]:
    told = RouterSettings(**common(database_url))
    yield from an_api(lambda clock, kafka: build_router(told, clock=clock, kafka=kafka))


@pytest.fixture
def escalator_api(database_url: str) -> Iterator[Api]:
    told = EscalatorSettings(**common(database_url))
    yield from an_api(lambda clock, kafka: build_escalator(told, clock=clock, kafka=kafka))


@pytest.fixture
def notifier_api(database_url: str) -> Iterator[Api]:
    told = NotifierSettings(**common(database_url))
    yield from an_api(lambda clock, kafka: build_notifier(told, clock=clock, kafka=kafka))


def try_out(case: Case) -> None:
    """Call the service; a webhook is signed, so that it is read."""
    headers = {"authorization": f"Bearer {KEY}"}
    if case.path.startswith("/v1/channels/"):
        case.path_parameters["source"] = "generic"
        with contextlib.suppress(UnicodeDecodeError):  # the standard's own library signs text only
            headers = signed(bytes_of(case), SystemClock().now(), message_id=str(uuid4()))
    answer = case.call(session=SESSION, headers=headers)
    assert answer.status_code < 500 or answer.status_code == BUSY, case.as_curl_command()


def bytes_of(case: Case) -> bytes:
    """The body as it is sent; of a multipart form, whose boundary is drawn anew, not quite."""
    raw = requests.Request(**case.as_transport_kwargs()).prepare().body or b""
    return raw if isinstance(raw, bytes) else str(raw).encode()


def try_everything(api: Api) -> None:
    """Call every operation with what its document allows, and with what it does not."""
    failures = []
    for found in api.get_all_operations():
        assert isinstance(found, Ok), found
        operation = found.ok()
        for mode in GenerationMode:
            try:
                SETTINGS(given(case=operation.as_strategy(mode))(try_out))()
            except Unsatisfiable:
                continue  # nothing that is sent there could be wrong
            except Exception as error:
                failures.append(f"{operation.label}: {''.join(traceback.format_exception(error))}")
    assert not failures, "\n\n".join(failures)


@pytest.mark.timeout(180)
def test_intake_answers_nothing_with_5xx(intake_api: Api) -> None:
    try_everything(intake_api)


@pytest.mark.timeout(180)
def test_router_answers_nothing_with_5xx(router_api: Api) -> None:
    try_everything(router_api)


def test_escalator_answers_nothing_with_5xx(escalator_api: Api) -> None:
    try_everything(escalator_api)


def test_notifier_answers_nothing_with_5xx(notifier_api: Api) -> None:
    try_everything(notifier_api)
