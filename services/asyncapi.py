"""The AsyncAPI 3.0 document of the topics: from the payloads' schemas and `deploy/kafka/topics.yaml`.

The same order and bytes on every run, so that the committed document can be compared.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from ruamel.yaml import YAML

from shared.contracts import CONTENT_TYPE, PAYLOADS, PayloadType, evolution
from shared.kafka import topics
from shared.kafka.topics import Topic

PATH: Final = Path(__file__).parents[1] / "docs" / "asyncapi.yaml"
_EXAMPLES: Final = Path(__file__).parents[1] / "shared" / "contracts" / "examples"

Json = dict[str, Any]

_INSTANT: Final = {"type": "string", "format": "date-time"}
_ID: Final = {"type": "string", "format": "uuid"}

#: The CloudEvents attributes, as `shared/contracts/envelope.py` writes them.
_ATTRIBUTES: Final[Mapping[str, Json]] = {
    "specversion": {"const": "1.0"},
    "id": {**_ID, "description": "The same on every repeat: drop what you have seen."},
    "source": {"type": "string", "description": "The service that says it."},
    "subject": {
        "type": "string",
        "description": "The ticket's or agent's id, or the calendar's name; the Kafka key.",
    },
    "time": {**_INSTANT, "description": "When it happened."},
    "recordedtime": {**_INSTANT, "description": "When it was written."},
    "datacontenttype": {"const": "application/json"},
    "partitionkey": {"type": "string"},
    "sequence": {
        "type": "string",
        "pattern": "^[0-9]{10,}$",
        "description": "Gapless from 1 per subject and topic.",
    },
    "correlationid": {**_ID, "description": "The event at the root of the chain."},
    "causationid": {**_ID, "description": "The event this one follows from."},
    "traceparent": {"type": "string"},
}
_OPTIONAL: Final = frozenset({"causationid", "traceparent"})


def text() -> str:
    """The document as YAML."""
    yaml = YAML()
    yaml.width = 100
    yaml.representer.ignore_aliases = lambda _: True
    out = io.StringIO()
    out.write(
        "# Written by `tierline contracts asyncapi`; `tierline contracts check` compares it.\n"
    )
    yaml.dump(document(), out)
    return out.getvalue()


def document() -> Json:
    """The document: a channel and an operation a topic, a message and its schemas an event type."""
    known = topics.load()
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Tierline events",
            "version": "1",
            "description": (
                "Facts about tickets, assignments, agents, SLA clocks, calendars, escalations and "
                "notifications. "
                "Every message is a CloudEvents 1.0 document in structured JSON. Within a version a "
                "schema only grows: ignore fields you do not know. Topics may have a deployment's prefix."
            ),
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": CONTENT_TYPE,
        "channels": {name: _channel(name, topic) for name, topic in known.items()},
        "operations": {f"send_{name}": _operation(name, topic) for name, topic in known.items()},
        "components": {
            "messages": {k.name: _message(k) for k in PAYLOADS.values()},
            "schemas": _schemas(),
        },
    }


def _of(topic: str) -> list[PayloadType]:
    return [kind for kind in PAYLOADS.values() if kind.topic == topic]


def _channel(name: str, topic: Topic) -> Json:
    kept = topic.spec(name).config
    configuration: Json = {"cleanup.policy": [kept["cleanup.policy"]]}
    if "retention.ms" in kept:
        configuration["retention.ms"] = int(kept["retention.ms"])
    return {
        "address": name,
        "description": f"Written by {topic.producer}; the key is the {topic.key.replace('_', ' ')}.",
        "messages": {k.name: {"$ref": f"#/components/messages/{k.name}"} for k in _of(name)},
        "bindings": {
            "kafka": {
                "topic": name,
                "partitions": topic.partitions,
                "topicConfiguration": configuration,
                "bindingVersion": "0.5.0",
            }
        },
    }


def _operation(name: str, topic: Topic) -> Json:
    return {
        "action": "send",
        "summary": f"{topic.producer} tells what has happened.",
        "channel": {"$ref": f"#/channels/{name}"},
        "messages": [{"$ref": f"#/channels/{name}/messages/{k.name}"} for k in _of(name)],
    }


def _message(kind: PayloadType) -> Json:
    schema = evolution.schema_of(kind)
    return {
        "name": kind.event_type,
        "title": schema["title"],
        "summary": schema["description"],
        "contentType": CONTENT_TYPE,
        "headers": {"$ref": "#/components/schemas/headers"},
        "payload": {"$ref": f"#/components/schemas/{_envelope(kind)}"},
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": "0.5.0"}},
        "examples": _examples(kind),
    }


def _examples(kind: PayloadType) -> list[Json]:
    """The golden examples that old releases wrote and this one must read."""
    found = sorted((_EXAMPLES / kind.event_type).glob("*.json"))
    return [{"name": path.stem, "payload": json.loads(path.read_text())} for path in found]


def _schemas() -> Json:
    """The headers, an envelope and the data of every type, and what those refer to."""
    schemas: Json = {"headers": _headers()}
    for kind in PAYLOADS.values():
        schemas[_envelope(kind)] = _event(kind)
    kinds = [kind.cls for kind in PAYLOADS.values()]
    _, parts = msgspec.json.schema_components(kinds, ref_template="#/components/schemas/{name}")
    return {**schemas, **dict(sorted(evolution.flowing(parts).items()))}


def _envelope(kind: PayloadType) -> str:
    return f"{kind.name}.v{kind.version}"


def _event(kind: PayloadType) -> Json:
    own = {
        "type": {"const": kind.event_type},
        "dataschema": {"const": kind.schema_urn},
        "data": {"$ref": f"#/components/schemas/{kind.cls.__name__}"},
    }
    required = sorted({*_ATTRIBUTES, *own} - _OPTIONAL)
    return {"type": "object", "properties": {**_ATTRIBUTES, **own}, "required": required}


def _headers() -> Json:
    properties = {
        "content-type": {"type": "string"},
        "ce_type": {"type": "string", "description": "The type, for filtering without parsing."},
        "ce_id": _ID,
        "traceparent": {"type": "string"},
    }
    return {"type": "object", "properties": properties}
