"""Within a version a schema only ever grows; our verdict is held against an independent one."""

import copy
import json
from collections.abc import Callable
from typing import Any

import jsoncompat
import pytest

from services.commands.contracts import FOLDER
from shared.contracts import evolution
from shared.contracts.payload import PAYLOADS

Document = dict[str, Any]


def test_the_committed_schemas_are_those_of_the_code() -> None:
    committed = {path.name: json.loads(path.read_text()) for path in FOLDER.glob("*.json")}

    assert committed == evolution.schemas()


def opened() -> Document:
    return copy.deepcopy(dict(evolution.schema_of(PAYLOADS["support.ticket.opened.v1"])))


def an_optional_field_comes(schema: Document) -> None:
    schema["properties"]["nickname"] = {"anyOf": [{"type": "string"}, {"type": "null"}]}


def a_required_field_comes(schema: Document) -> None:
    schema["properties"]["nickname"] = {"type": "string"}
    schema["required"].append("nickname")


def a_required_field_goes(schema: Document) -> None:
    del schema["properties"]["channel"]
    schema["required"].remove("channel")


def a_type_changes(schema: Document) -> None:
    schema["properties"]["contact_number"] = {"type": "string"}


def a_word_goes(schema: Document) -> None:
    schema["$defs"]["Priority"]["enum"].remove("low")


def a_word_comes(schema: Document) -> None:
    schema["$defs"]["Priority"]["enum"].append("urgent")


def a_nested_field_goes(schema: Document) -> None:
    del schema["$defs"]["Customer"]["properties"]["tier"]
    schema["$defs"]["Customer"]["required"].remove("tier")


def test_an_optional_field_may_come() -> None:
    new = opened()
    an_optional_field_comes(new)

    assert evolution.breaks(opened(), new) == []
    assert independently_compatible(opened(), new)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (a_required_field_comes, "$.nickname: became required"),
        (a_required_field_goes, "$.channel: field gone"),
        (a_type_changes, "$.contact_number: type changed from integer to string"),
        (a_word_goes, "$.priority: word gone: low"),
        (a_word_comes, "$.priority: word come: urgent (old readers would refuse it)"),
        (a_nested_field_goes, "$.customer.tier: field gone"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_old_or_new_readers_would_refuse_is_named(
    change: Callable[[Document], None], says: str
) -> None:
    new = opened()
    change(new)

    assert says in evolution.breaks(opened(), new)
    assert not independently_compatible(opened(), new)


def independently_compatible(old: Document, new: Document) -> bool:
    """jsoncompat's verdict: closed writers against open readers, both ways."""
    return bool(
        jsoncompat.check_compat(json.dumps(without_id(old)), json.dumps(closed(new)), "serializer")
        and jsoncompat.check_compat(
            json.dumps(closed(old)), json.dumps(without_id(new)), "deserializer"
        )
    )


def without_id(schema: Document) -> Document:
    """jsoncompat takes the id for a reference it cannot follow."""
    return copy.deepcopy({name: value for name, value in schema.items() if name != "$id"})


def closed(schema: Document) -> Document:
    """What a writer of this schema really writes: no field that it does not name."""
    twin = without_id(schema)
    for part in [twin, *twin["$defs"].values()]:
        if "properties" in part:
            part["additionalProperties"] = False
    return twin
