"""Intake's OpenAPI document is whole: examples, keys, problems, and the webhook of every channel."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.channels import CHANNELS
from services.intake.main import build
from shared.clock import FakeClock
from shared.http.auth import SCOPES
from shared.kafka.memory import MemoryBroker
from tests.support.intake import settings

Json = dict[str, Any]


@pytest.fixture(scope="module")
def document() -> Json:
    clock = FakeClock(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))
    service = build(settings("postgresql://nowhere/none"), clock=clock, kafka=MemoryBroker(clock))
    assert service.app is not None
    written: Json = json.loads(json.dumps(service.app.openapi()))
    return written


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def resolved(document: Json, schema: Json) -> Json:
    """The schema that a reference means."""
    while "$ref" in schema:
        schema = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def has_example(document: Json, content: Json) -> bool:
    schema = resolved(document, content.get("schema", {}))
    return any(name in place for name in ("example", "examples") for place in (content, schema))


def test_every_json_body_has_an_example(document: Json) -> None:
    without = [
        name
        for name, operation in operations(document)
        for kind, content in operation.get("requestBody", {}).get("content", {}).items()
        if kind == "application/json" and not has_example(document, content)
    ]

    assert without == []


def test_every_answer_has_a_shape_and_an_example(document: Json) -> None:
    without = [
        f"{name} {status}"
        for name, operation in operations(document)
        for status, response in operation["responses"].items()
        for kind, content in response.get("content", {}).items()
        if kind.endswith("json") and not (content.get("schema") and has_example(document, content))
    ]

    assert without == []


def test_every_operation_says_what_it_does_and_how_it_refuses(document: Json) -> None:
    silent = [name for name, operation in operations(document) if not operation.get("description")]
    unrefused = [
        name for name, operation in operations(document) if "503" not in operation["responses"]
    ]

    assert (silent, unrefused) == ([], [])


def test_every_operation_but_the_webhooks_needs_a_key_and_names_its_scope(document: Json) -> None:
    keyless = {
        name
        for name, operation in operations(document)
        if not operation.get("security")
        or not any(f"`{scope}`" in operation["description"] for scope in SCOPES)
    }

    assert all("/v1/channels/" in name for name in keyless), keyless


def test_the_webhook_of_every_channel_is_described(document: Json) -> None:
    described = document["paths"]["/v1/channels/{source}/webhook"]["post"]["description"]

    assert [name for name in CHANNELS if f"`{name}`" not in described] == []


def test_every_reference_leads_somewhere(document: Json) -> None:
    text = json.dumps(document)
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}

    assert named - document["components"]["schemas"].keys() == set()


def test_errors_are_problems_and_nothing_else(document: Json) -> None:
    assert "HTTPValidationError" not in json.dumps(document)
