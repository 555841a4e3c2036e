"""What the escalator's OpenAPI document says of tickets, escalations and workflows is whole: examples and refusals."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from services.escalator.config import EscalatorSettings
from services.escalator.main import build
from shared.clock import FakeClock
from shared.kafka.memory import MemoryBroker
from shared.settings import DatabaseSettings

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    clock = FakeClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    database = DatabaseSettings(url=SecretStr("postgresql://nowhere/none"))
    service = build(EscalatorSettings(database=database), clock=clock, kafka=MemoryBroker(clock))
    assert service.app is not None
    written: Json = json.loads(json.dumps(service.app.openapi()))
    return written


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            if path.startswith(("/v1/tickets/", "/v1/escalations", "/v1/workflow")):
                yield f"{method} {path}", operation


def has_example(document: Json, content: Json) -> bool:
    schema = content.get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return any(place.get(name) for name in ("example", "examples") for place in (content, schema))


def test_every_body_and_every_answer_has_an_example(document: Json) -> None:
    without = [
        f"{name} {kind}"
        for name, operation in operations(document)
        for part in (operation.get("requestBody", {}), *operation["responses"].values())
        for kind, content in part.get("content", {}).items()
        if not has_example(document, content)
    ]

    assert [] == without


def test_what_speaks_of_one_thing_says_that_there_may_be_none(document: Json) -> None:
    without = [
        name
        for name, operation in operations(document)
        if "{" in name and "404" not in operation["responses"]
    ]

    assert [] == without


def test_X9_a_hand_off_is_json_or_markdown_and_written_by_version(document: Json) -> None:
    handoff = document["paths"]["/v1/tickets/{ticket_id}/handoff"]

    assert {"application/json", "text/markdown"} == handoff["get"]["responses"]["200"][
        "content"
    ].keys()
    assert {"409", "412", "422", "428"} <= handoff["put"]["responses"].keys()
