"""What proves a caller stays between us: no secret, token or key is ever in a log or a metric (S07, S27)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator
from urllib.parse import quote

import pytest
from pydantic import SecretStr

from services.intake.config import IntakeSection, IntakeSettings, SourceSettings
from shared.clock import FakeClock
from shared.http.auth import fingerprint
from shared.observability.logging import JsonFormatter, TextFormatter
from shared.settings import ApiKey, DatabaseSettings
from tests.support.intake import IntakeUnderTest, intake_under_test
from tests.support.signing import SIGNINGS, URL

API_KEY = "tl_canary_key_of_the_api"
FORGED = "canary-forged-token-or-secret"
WORD = "canary-word-of-the-handshake"
DATABASE_PASSWORD = "canary-password"

#: Every source's name is its channel's.
SOURCES = {
    name: SourceSettings(
        channel=name,
        secrets=tuple(SecretStr(secret) for secret in signing.secrets),
        public_url=URL,
        verify_token=SecretStr(WORD),
    )
    for name, signing in SIGNINGS.items()
    if ":" not in name
}

CANARIES = {API_KEY, FORGED, WORD, DATABASE_PASSWORD} | {
    secret for signing in SIGNINGS.values() for secret in signing.secrets
}


def configured(database_url: str) -> IntakeSettings:
    key = ApiKey(sha256=fingerprint(API_KEY), scopes=frozenset({"tickets:write"}))
    return IntakeSettings(
        database=DatabaseSettings(url=SecretStr(database_url)),
        intake=IntakeSection(sources=SOURCES),
        api_keys={"canary": key},
    )


class Heard(logging.Handler):
    """Everything that is logged, as both formats write it; the client of the test excepted."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.lines: list[str] = []
        self._formats = [JsonFormatter("intake"), TextFormatter("intake")]

    def emit(self, record: logging.LogRecord) -> None:
        if not record.name.startswith(("httpx2", "httpcore2", "asyncio")):
            self.lines += [form.format(record) for form in self._formats]


@pytest.fixture
async def heard() -> AsyncIterator[Heard]:
    handler, root = Heard(), logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield handler
    root.removeHandler(handler)
    root.setLevel(level)


async def everything(intake: IntakeUnderTest) -> list[int]:
    """Calls of every kind by every source: authentic, forged, shaken hands with, misled."""
    statuses = []
    for name, signing in SIGNINGS.items():
        path = f"/v1/channels/{name.partition(':')[0]}/webhook"
        for secret in (*signing.secrets, FORGED):
            try:
                call = signing.call(intake.clock.now(), secret=secret)
            except ValueError:  # a forged secret that is not even one in form
                call = signing.call(intake.clock.now())
            target = f"{path}/{quote(call.token)}" if call.token else path
            headers = [*call.headers.raw, (b"authorization", f"Basic {FORGED}".encode())]
            for given in (headers, headers[:-1]):
                answer = await intake.client.post(
                    target, params=dict(call.query), content=call.raw, headers=given
                )
                statuses.append(answer.status_code)
        greeting = {"hub.mode": "subscribe", "hub.challenge": "7", "hub.verify_token": WORD}
        statuses.append((await intake.client.get(path, params=greeting)).status_code)
        forged = {**greeting, "hub.verify_token": FORGED}
        statuses.append((await intake.client.get(path, params=forged)).status_code)
        statuses.append((await intake.client.post(f"{path}/{FORGED}", content=b"")).status_code)
    statuses.append((await intake.client.post(f"/v1/channels/{FORGED}/webhook")).status_code)
    for key in (API_KEY, FORGED):
        for scheme in ({"authorization": f"Bearer {key}"}, {"x-api-key": key}):
            answer = await intake.client.post(
                "/v1/tickets", json={"subject": key}, headers={**scheme, "idempotency-key": "1"}
            )
            statuses.append(answer.status_code)
    return statuses


def told(text: str) -> set[str]:
    """The canaries in it, as they are, as JSON writes them, or as a URL does."""
    return {
        canary
        for canary in CANARIES
        if any(form in text for form in (canary, json.dumps(canary)[1:-1], quote(canary)))
    }


async def metrics(intake: IntakeUnderTest) -> str:
    return (await intake.client.get("/metrics")).text


async def test_S27_no_secret_is_in_a_log_or_a_metric(
    database_url: str, clock: FakeClock, heard: Heard
) -> None:
    async with intake_under_test(configured(database_url), clock) as intake:
        statuses = await everything(intake)
        measured = await metrics(intake)

    assert {status for status in statuses if status >= 500} == set()
    assert 200 in statuses
    assert told("\n".join(heard.lines)) == set()
    assert told(measured) == set()


async def test_S27_not_even_when_the_database_is_away(clock: FakeClock, heard: Heard) -> None:
    nowhere = f"postgresql://nobody:{DATABASE_PASSWORD}@127.0.0.1:1/none"
    async with intake_under_test(configured(nowhere), clock) as intake:
        statuses = await everything(intake)
        measured = await metrics(intake)

    assert 503 in statuses
    assert told("\n".join(heard.lines)) == set()
    assert told(measured) == set()


def test_a_source_prints_no_secret() -> None:
    assert told(repr(SOURCES)) == set()
