"""The registry of event payloads: `@payload(name, version, topic)` and the look-ups on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import ClassVar, TypeVar
from uuid import UUID

import msgspec


class Payload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an event says. An optional field defaults to None (or an empty list) and nothing else."""

    #: The field that names whom the event is about.
    subject_field: ClassVar[str] = "ticket_id"

    @property
    def subject(self) -> str:
        """Whom the event is about: the Kafka key, and what order is kept for."""
        return str(getattr(self, self.subject_field))


class TicketPayload(Payload, frozen=True, kw_only=True, omit_defaults=True):
    """A payload about one ticket."""

    ticket_id: UUID


@dataclass(frozen=True, slots=True)
class PayloadType:
    """How one payload class is published."""

    cls: type[Payload]
    name: str
    version: int
    topic: str

    @property
    def event_type(self) -> str:
        """The CloudEvents type, e.g. `support.ticket.opened.v1`."""
        return f"support.{self.name}.v{self.version}"

    @property
    def schema_urn(self) -> str:
        """The CloudEvents dataschema, e.g. `urn:support:ticket.opened:v1`."""
        return f"urn:support:{self.name}:v{self.version}"


P = TypeVar("P", bound=Payload)

_by_event_type: dict[str, PayloadType] = {}
_by_class: dict[type[Payload], PayloadType] = {}

#: Every registered payload, by its CloudEvents type. Complete once `shared.contracts` is imported.
PAYLOADS: Mapping[str, PayloadType] = MappingProxyType(_by_event_type)


def payload(name: str, *, version: int = 1, topic: str) -> Callable[[type[P]], type[P]]:
    """Register a payload class under `support.<name>.v<version>` on `topic`."""

    def register(cls: type[P]) -> type[P]:
        described = PayloadType(cls, name, version, topic)
        if described.event_type in _by_event_type:
            raise ValueError(f"{described.event_type} is registered twice")
        _by_event_type[described.event_type] = described
        _by_class[cls] = described
        return cls

    return register


def type_of(what: Payload | type[Payload]) -> PayloadType:
    """How `what` is published. Raises KeyError for a class that was never registered."""
    return _by_class[what if isinstance(what, type) else type(what)]
