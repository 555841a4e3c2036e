"""`tierline feed`: what is made of the stream, and how a message is shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from services.commands.feed import Show, block, told
from services.feeds import EventReader, Heard, Lost, Message, Welcome, lines

SHOW = Show(
    None, as_json=False, answers="http://n.test/v1/notifications", zone=ZoneInfo("Asia/Tokyo")
)


def message(**changed: Any) -> dict[str, Any]:
    return {
        "seq": 7,
        "notification_id": "0197",
        "reference": "#8C4711AA",
        "urgency": "normal",
        "put_at": "2026-06-01T10:00:00Z",
        "subject": "#8C4711AA: half the time is used",
        "answerable": False,
        **changed,
    }


async def chunked(*chunks: bytes) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


async def printed(*heard: Heard, show: Show = SHOW) -> list[str]:
    async def stream() -> AsyncIterator[Heard]:
        for one in heard:
            yield one

    return [text for text, _ in [one async for one in told(stream(), show)]]


def test_a_message_is_shown_in_the_local_zone_with_where_it_goes_on() -> None:
    assert [
        "2026-06-01 19:00:00 JST  normal  #8C4711AA  half the time is used",
        "          tierline ticket 8c4711aa",
    ] == block(message(), SHOW).splitlines()


def test_a_page_shows_where_it_is_answered() -> None:
    last = block(message(urgency="page", answerable=True), SHOW).splitlines()[-1]

    assert "answer: http://n.test/v1/notifications/0197/answers" == last.strip()


def test_S24_what_a_customer_wrote_cannot_steer_the_terminal() -> None:
    shown = block(message(subject="\x1b[2J\x1b]0;mine\x07 gone\nnew line\u202e"), SHOW)

    assert 2 == len(shown.splitlines())
    assert not set("\x1b\x07\u202e") & set(shown)


@pytest.mark.parametrize(
    "chunks",
    [
        (b"id: 7\ndata: {}\n\n",),
        (b"id", b": 7\r", b"\nda", b"ta: {}\n", b"\n"),
    ],
)
async def test_lines_are_found_however_they_are_cut(chunks: Sequence[bytes]) -> None:
    assert ["id: 7", "data: {}", ""] == [line async for line in lines(chunked(*chunks))]


async def test_a_line_breaks_at_a_line_feed_and_nowhere_else() -> None:
    text = "data: a\u2028b\x85c\x0bd"

    assert [text] == [line async for line in lines(chunked(f"{text}\n".encode()))]


def test_comments_and_settings_are_no_events() -> None:
    reader = EventReader()
    stream = (
        "retry: 3000",
        "",
        ": still here",
        "",
        "id: 7",
        "event: message",
        'data: {"a": 1}',
        "",
    )

    assert [("message", "7", {"a": 1})] == [
        event for line in stream if (event := reader.read(line))
    ]


async def test_an_empty_feed_says_so_once() -> None:
    welcome = Welcome("mara", has_channel=True, messages=0)
    said = await printed(welcome, Lost("It is gone"), welcome)

    assert [
        "The feed of mara; Ctrl-C ends it.",
        "Nothing yet; waiting.",
        "It is gone; trying to come back.",
        "Back.",
    ] == said


async def test_a_feed_whose_messages_are_all_too_old_is_empty_as_well() -> None:
    show = Show(datetime(2026, 6, 2, tzinfo=UTC), as_json=True, answers="")
    welcome = Welcome("mara", has_channel=True, messages=2)
    said = await printed(welcome, Message(message()), Message(message()), show=show)

    assert ["Nothing yet; waiting."] == said[1:]
