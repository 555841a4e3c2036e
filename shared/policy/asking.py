"""Which calendars the conditions of a workflow ask by name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from .conditions import Condition
from .document import Document
from .facts import BUSINESS_HOURS
from .tree import names_of


def asked_calendars(document: Document) -> dict[str, str]:
    """Fact's name to calendar's: `business_hours.emea` to `emea`, for every condition that is used."""
    prefix = f"{BUSINESS_HOURS}."
    asked = {name for one in _conditions(document) for name in names_of(one.tree)}
    return {n: n.removeprefix(prefix) for n in sorted(asked) if n.startswith(prefix)}


def _conditions(value: object) -> Iterator[Condition]:
    """Every condition that stands somewhere within `value`."""
    if isinstance(value, Condition):
        yield value
    elif isinstance(value, BaseModel):
        for _, item in value:
            yield from _conditions(item)
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _conditions(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _conditions(item)
