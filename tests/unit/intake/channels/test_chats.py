"""What Slack, Twilio, WhatsApp, Telegram and CloudEvents tell, as commands: one case a thing they tell.

The cases are the files in `golden`: a body, and the commands of all its members.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import msgspec
import pytest

from services.intake.channels import CHANNELS
from tests.support.chats import encoded, form
from tests.support.signing import SIGNINGS

#: The channels, and how the bodies of the cases are signed.
SCHEMES: Final = {
    "cloudevents": "cloudevents",
    "slack": "slack",
    "telegram": "telegram",
    "twilio": "twilio:form",
    "whatsapp": "whatsapp",
}
GOLDEN: Final = Path(__file__).parent / "golden"
PAGES: Final = Path(__file__).parents[4] / "docs" / "channels"

CASES: Final[list[tuple[str, Mapping[str, Any]]]] = [
    (name, case) for name in SCHEMES for case in json.loads((GOLDEN / f"{name}.json").read_text())
]


def told(name: str, body: Any) -> list[Any]:
    """The commands of an authentic call, as JSON."""
    signing = SIGNINGS[SCHEMES[name]]
    raw = form(body) if name == "twilio" else encoded(body)
    channel = CHANNELS[name](signing.source)
    call = signing.call(datetime(2026, 6, 1, 10, 0, tzinfo=UTC), body=raw)
    parsed = [channel.parse(member.raw) for member in channel.members(call)]
    assert [one.unreadable for one in parsed] == [()] * len(parsed)
    return [json.loads(msgspec.json.encode(c)) for one in parsed for _, c in one.commands]


@pytest.mark.parametrize(
    ("name", "case"), CASES, ids=[f"{name}: {case['what']}" for name, case in CASES]
)
def test_what_a_provider_tells_is_these_commands(name: str, case: Mapping[str, Any]) -> None:
    assert told(name, case["body"]) == case["commands"]


def test_the_event_of_the_page_is_read() -> None:
    [shown] = re.findall(r"```json\n(.*?)```", (PAGES / "cloudevents.md").read_text(), re.DOTALL)

    [command] = told("cloudevents", json.loads(shown))

    assert (command["command"], command["occurred_at"]) == ("message", "2026-06-01T10:00:00Z")
