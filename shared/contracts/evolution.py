"""JSON Schemas of every event type, and the rule that within a version a schema only ever grows.

A committed schema is the open one (unknown fields are allowed, as readers must). Growing means: what
old writers wrote, new readers still read, and what new writers write, old readers still read. So an
optional field may come; nothing may go, become required, change its type, or take or lose an
enumerated word (ADR 0010). A change that breaks this is a new version: consumers first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from .payload import PAYLOADS, PayloadType

Schema = Mapping[str, Any]

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_REF: Final = "#/$defs/{name}"


def schemas() -> dict[str, Schema]:
    """The JSON Schema of every event type's data, by file name (`ticket.opened.v1.json`)."""
    return {file_name(described): schema_of(described) for described in PAYLOADS.values()}


def file_name(described: PayloadType) -> str:
    """Where a type's schema is kept."""
    return f"{described.name}.v{described.version}.json"


def schema_of(described: PayloadType) -> Schema:
    """The JSON Schema of one event type's data."""
    (root,), defs = msgspec.json.schema_components([described.cls], ref_template=_REF)
    name = str(root["$ref"]).rpartition("/")[2]
    schema: Schema = flowing(
        {
            "$schema": _DIALECT,
            "$id": described.schema_urn,
            **defs.pop(name),
            "$defs": dict(sorted(defs.items())),
        }
    )
    return schema


def flowing(part: Any) -> Any:
    """Descriptions as one line: how a docstring is indented differs between Python releases."""
    if isinstance(part, Mapping):
        return {
            name: " ".join(value.split())
            if name == "description" and isinstance(value, str)
            else flowing(value)
            for name, value in part.items()
        }
    return [flowing(member) for member in part] if isinstance(part, list) else part


def breaks(old: Schema, new: Schema) -> list[str]:
    """Why `new` is no growth of `old`: one line a fault, with its path; empty if it is."""
    return list(_compare(_Pair(old, new), old, new, "$"))


class _Pair:
    """The two documents, for following references."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new

    def resolved(self, old: Schema, new: Schema) -> tuple[Schema, Schema]:
        return _follow(self._old, old), _follow(self._new, new)


def _follow(document: Schema, schema: Schema) -> Schema:
    if "$ref" not in schema:
        return schema
    target: Schema = document["$defs"][str(schema["$ref"]).rpartition("/")[2]]
    return target


def _compare(pair: _Pair, old: Schema, new: Schema, path: str) -> Iterator[str]:
    old, new = pair.resolved(old, new)
    if old.get("type") != new.get("type"):
        yield f"{path}: type changed from {old.get('type')} to {new.get('type')}"
        return
    yield from _compare_words(old, new, path)
    yield from _compare_fields(pair, old, new, path)
    for part in ("items", "additionalProperties"):
        if isinstance(old.get(part), Mapping) and isinstance(new.get(part), Mapping):
            yield from _compare(pair, old[part], new[part], f"{path}[]")
    yield from _compare_choices(pair, old, new, path)


def _compare_words(old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = set(old.get("enum", ())), set(new.get("enum", ()))
    if gone := before - after:
        yield f"{path}: word gone: {', '.join(sorted(gone))}"
    if come := after - before:
        yield f"{path}: word come: {', '.join(sorted(come))} (old readers would refuse it)"
    if old.get("format") != new.get("format"):
        yield f"{path}: format changed from {old.get('format')} to {new.get('format')}"


def _compare_fields(pair: _Pair, old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = old.get("properties", {}), new.get("properties", {})
    for name in before.keys() - after.keys():
        yield f"{path}.{name}: field gone"
    for name in set(new.get("required", ())) - set(old.get("required", ())):
        yield f"{path}.{name}: became required"
    for name in set(old.get("required", ())) - set(new.get("required", ())):
        if name in after:
            yield f"{path}.{name}: no longer required (old readers need it)"
    for name in sorted(before.keys() & after.keys()):
        yield from _compare(pair, before[name], after[name], f"{path}.{name}")


def _compare_choices(pair: _Pair, old: Schema, new: Schema, path: str) -> Iterator[str]:
    before, after = old.get("anyOf", ()), new.get("anyOf", ())
    if len(before) != len(after):
        yield f"{path}: number of alternatives changed"
    for was, is_now in zip(before, after, strict=False):
        yield from _compare(pair, was, is_now, path)
