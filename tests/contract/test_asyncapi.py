"""The AsyncAPI document: valid, fresh, and of what is really on the topics."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from ruamel.yaml import YAML

from services import asyncapi
from shared.contracts import PAYLOADS
from shared.kafka import topics

HERE = Path(__file__).parent / "asyncapi"
PARSER = os.environ.get("TIERLINE_ASYNCAPI_PARSER")


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    """The committed document, read back."""
    read: dict[str, Any] = YAML(typ="safe").load(asyncapi.PATH.read_text(encoding="utf-8"))
    return read


def resolved(document: dict[str, Any], part: Any) -> Any:
    """What a reference within the document names."""
    found = document
    for step in part["$ref"].removeprefix("#/").split("/"):
        found = found[step]
    return resolved(document, found) if "$ref" in found else found


def references(part: Any) -> list[str]:
    """Every reference in a part of the document."""
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [r for value in part.values() for r in references(value)]
    return [r for value in part for r in references(value)] if isinstance(part, list) else []


def test_the_committed_document_is_what_the_code_says(document: dict[str, Any]) -> None:
    assert asyncapi.text() == asyncapi.PATH.read_text(encoding="utf-8")
    assert asyncapi.document() == document


def test_the_document_is_one_by_the_official_schema(document: dict[str, Any]) -> None:
    schema = json.loads((HERE / "schema-3.0.0.json").read_text())
    validator = jsonschema_rs.validator_for(schema)

    assert [] == [error.message for error in validator.iter_errors(document)]
    assert [] != list(validator.iter_errors({**document, "channels": {"x": {"address": 1}}}))


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    for reference in set(references(document)):
        assert resolved(document, {"$ref": reference})


def test_every_topic_and_every_event_type_is_in_it(document: dict[str, Any]) -> None:
    told = {name: set(channel["messages"]) for name, channel in document["channels"].items()}
    known = {
        name: {kind.name for kind in PAYLOADS.values() if kind.topic == name}
        for name in topics.load()
    }

    assert known == told
    assert set(PAYLOADS) == {m["name"] for m in document["components"]["messages"].values()}


@pytest.mark.parametrize("event_type", sorted(PAYLOADS))
def test_the_events_that_were_written_fit_their_schema(
    document: dict[str, Any], event_type: str
) -> None:
    kind = PAYLOADS[event_type]
    message = document["components"]["messages"][kind.name]
    schema = {**message["payload"], "components": document["components"]}
    validator = jsonschema_rs.Draft7Validator(schema)

    for example in message["examples"]:
        assert [] == [error.message for error in validator.iter_errors(example["payload"])]
    foreign = {**message["examples"][0]["payload"], "type": "support.other.v1"}
    assert not validator.is_valid(foreign)


@pytest.mark.skipif(not PARSER, reason="TIERLINE_ASYNCAPI_PARSER names no official parser")
def test_the_official_parser_finds_no_fault() -> None:
    command = ["node", str(HERE / "validate.js"), str(PARSER), str(asyncapi.PATH)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (0, f"{len(PAYLOADS)} messages\n") == (done.returncode, done.stdout)
