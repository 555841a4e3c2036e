"""A source that is not trusted has no say in priorities (semantics P5)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from services.intake.config import SourceSettings, channels_of
from services.intake.domain.commands import OpenTicket, SetPriority
from shared.contracts.vocabulary import Grade, Priority
from tests.support.intake import SECRET, a_message, an_open


def parsed(body: dict[str, Any], *, trusted: bool) -> list[Any]:
    """The commands that a source's webhook stands for."""
    source = SourceSettings(secrets=(SecretStr(SECRET),), trusted=trusted)
    [channel] = channels_of({"desk": source}).values()
    return [command for _, command in channel.parse(json.dumps(body).encode()).commands]


@pytest.mark.parametrize(("trusted", "expected"), [(True, Priority.CRITICAL), (False, None)])
def test_P5_only_a_trusted_sources_priority_counts_at_opening(
    *, trusted: bool, expected: Priority | None
) -> None:
    [command] = parsed(an_open(priority="critical", impact="high"), trusted=trusted)

    assert isinstance(command, OpenTicket)
    assert (expected, Grade.HIGH) == (command.priority, command.impact)


def test_P5_an_untrusted_source_changes_no_priority_but_may_say_what_it_observes() -> None:
    change = {"type": "ticket.priority", "external_id": "4711", "priority": "critical"}

    assert parsed(change, trusted=False) == []
    assert parsed(change | {"urgency": "high"}, trusted=False) == [
        SetPriority(external_id="4711", urgency=Grade.HIGH)
    ]
    [trusted] = parsed(change, trusted=True)
    assert trusted.priority == Priority.CRITICAL


def test_everything_else_of_an_untrusted_source_stays_as_it_is() -> None:
    assert parsed(a_message(), trusted=False) == parsed(a_message(), trusted=True)
