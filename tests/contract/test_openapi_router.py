"""The router's OpenAPI document is whole: examples, keys, problems, and nothing that leads nowhere."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr

from services.router.config import RouterSettings
from services.router.main import build
from shared.clock import FakeClock
from shared.http.auth import SCOPES
from shared.kafka.memory import MemoryBroker
from shared.settings import DatabaseSettings

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    clock = FakeClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    database = DatabaseSettings(url=SecretStr("postgresql://nowhere/none"))
    service = build(RouterSettings(database=database), clock=clock, kafka=MemoryBroker(clock))
    assert service.app is not None
    written: Json = json.loads(json.dumps(service.app.openapi()))
    return written


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def has_example(document: Json, content: Json) -> bool:
    schema = content.get("schema", {})
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return any(place.get(name) for name in ("example", "examples") for place in (content, schema))


def test_every_body_has_an_example(document: Json) -> None:
    without = [
        f"{name} {kind}"
        for name, operation in operations(document)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if not has_example(document, content)
    ]

    assert without == []


def test_every_answer_has_a_shape_and_an_example(document: Json) -> None:
    without = [
        f"{name} {status}"
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        for content in response.get("content", {}).values()
        if not (content.get("schema") and has_example(document, content))
    ]

    assert without == []


def test_every_operation_says_what_it_does_and_which_scope_it_needs(document: Json) -> None:
    faulty = [
        name
        for name, operation in operations(document)
        if not any(f"`{scope}`" in operation.get("description", "") for scope in SCOPES)
        or not operation.get("security")
    ]

    assert faulty == []


def test_what_speaks_of_one_thing_says_that_there_may_be_none(document: Json) -> None:
    without = [
        name
        for name, operation in operations(document)
        if "{" in name and not name.startswith("put /v1/") and "404" not in operation["responses"]
    ]

    assert without == []


def test_every_reference_leads_somewhere(document: Json) -> None:
    named = {part.split('"')[0] for part in json.dumps(document).split("#/components/schemas/")[1:]}

    assert named - document["components"]["schemas"].keys() == set()
