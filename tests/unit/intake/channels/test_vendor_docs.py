"""The templates in docs/channels are what the channels read, once the provider has filled them in."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Final

import pytest

from services.intake.channels import CHANNELS
from services.intake.domain.commands import (
    AddMessage,
    Assign,
    OpenTicket,
    Rate,
    SetPriority,
    SetStatus,
)
from tests.support.signing import SIGNINGS

PAGES: Final = Path(__file__).parents[4] / "docs" / "channels"

#: What a provider puts in place of the placeholders that end like this.
FILLED: Final = {
    "ticket.id": "4711",
    "updated_at": "2026-06-01T09:30:00Z",
    "updated_at_with_timestamp": "2026-06-01T09:30Z",
    "status": "Solved",
    "priority": "Urgent",
    "email": "ana@example.org",
    "rating": "Good",
}


def filled(channel: str) -> dict[str, object]:
    """The page's template as the provider would send it."""
    [template] = re.findall(r"```json\n(.*?)```", (PAGES / f"{channel}.md").read_text(), re.DOTALL)
    ends = {
        placeholder: value
        for placeholder in set(re.findall(r"{{(.*?)}}", template))
        for end, value in {"": "words", **FILLED}.items()
        if placeholder.endswith(end)
    }
    body: dict[str, object] = json.loads(
        re.sub(r"{{(.*?)}}", lambda found: ends[found[1]], template)
    )
    return body


@pytest.mark.parametrize("channel", ["zendesk", "freshdesk"])
@pytest.mark.parametrize(
    ("event", "kind"),
    [
        ("ticket_created", OpenTicket),
        ("comment_added", AddMessage),
        ("status_changed", SetStatus),
        ("priority_changed", SetPriority),
        ("assigned", Assign),
        ("rated", Rate),
    ],
)
def test_the_template_of_the_page_is_understood(channel: str, event: str, kind: type) -> None:
    body = {**filled(channel), "event": event}

    parsed = CHANNELS[channel](SIGNINGS[channel].source).parse(json.dumps(body).encode())

    assert parsed.unreadable == ()
    [(_, command)] = parsed.commands
    assert type(command) is kind
    assert command.external_id == "4711"
    assert command.occurred_at is not None
