"""`tierline feed`: somebody's messages, live in the terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Annotated, Any, Final

import typer

from services.ask import ServiceError
from services.feeds import PREFIX, Heard, Lost, Message, Welcome, follow
from services.installation import Installation
from services.notifier.domain.templates import clean_line

from .instant import past
from .where import carry_out, installation, stop

#: What `carry_out` ends with after Ctrl-C.
_INTERRUPTED: Final = 130

#: Below the time of a message.
_INDENT: Final = " " * 10


@dataclass(frozen=True, slots=True)
class Show:
    """How messages are shown: only those from `since` on, as documents or in words, in `zone` (None: the
    machine's); `answers` is where they are answered.
    """

    since: datetime | None
    as_json: bool
    answers: str
    zone: tzinfo | None = None


def feed(
    recipient: Annotated[
        str | None,
        typer.Argument(help="Whose feed, by their id; a feed's own token says it by itself."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option(help="Of what is there only from then on: 2h, or 2026-06-01T03:00:00Z."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Messages as JSON documents, one a line.")
    ] = False,
) -> None:
    """Somebody's messages: the newest 50 that are there, then each as it comes. Ctrl-C ends it.

    It needs a key of the scope feed:read, or the token of the feed as TIERLINE_API_KEY. After a lost
    connection it goes on where it was.

    For instance:

      tierline feed mara

      tierline feed mara --since 2h --json | jq .subject
    """
    where, start = installation(), past(since, "--since")
    if recipient is None and not (where.api_key or "").startswith(PREFIX):
        stop(
            "Say whose feed: `tierline feed RECIPIENT`; `tierline people list` tells who there is. "
            "Without a name, TIERLINE_API_KEY has to be the token of one feed.",
            2,
        )
    show = Show(start, as_json, answers=f"{where.urls['notifier']}/v1/notifications")
    try:
        carry_out(_follow(where, recipient, show))
    except ServiceError as error:
        stop(str(error))
    except typer.Exit as ended:  # Ctrl-C is how one leaves
        if ended.exit_code != _INTERRUPTED:
            raise


async def _follow(where: Installation, recipient: str | None, show: Show) -> None:
    async with aclosing(follow(where, recipient)) as heard:
        async for text, is_message in told(heard, show):
            print(text, file=sys.stdout if is_message else sys.stderr, flush=True)


async def told(heard: AsyncIterator[Heard], show: Show) -> AsyncIterator[tuple[str, bool]]:
    """What is printed of what is heard, and whether it is a message rather than a word about the feed."""
    greeted, silent, left = False, True, 0
    async for one in heard:
        match one:
            case Lost(why=why):
                yield f"{why}; trying to come back.", False
                continue
            case Welcome(messages=left):
                yield "Back." if greeted else _greeting(one), False
                greeted = True
            case Message():
                left -= 1
                if _is_wanted(one, show):
                    silent = False
                    yield json.dumps(one.told) if show.as_json else block(one.told, show), True
        if silent and left <= 0:
            silent = False
            yield "Nothing yet; waiting.", False


def block(message: dict[str, Any], show: Show) -> str:
    """A message in two lines or three: when, how urgent, which ticket, what about, and where it goes on."""
    at = datetime.fromisoformat(message["put_at"]).astimezone(show.zone)
    reference = message["reference"]
    subject = clean_line(message["subject"]).removeprefix(reference).lstrip(" :")
    lines = [
        f"{at:%Y-%m-%d %H:%M:%S %Z}  {message['urgency']:<6}  {reference}  {subject}",
        f"{_INDENT}tierline ticket {reference.removeprefix('#').lower()}",
    ]
    if message["answerable"]:
        lines.append(f"{_INDENT}answer: {show.answers}/{message['notification_id']}/answers")
    return "\n".join(lines)


def _greeting(welcome: Welcome) -> str:
    whose = welcome.recipient_id
    greeting = f"The feed of {whose}; Ctrl-C ends it."
    if welcome.has_channel:
        return greeting
    return (
        f"{greeting}\n{whose} has no channel `feed`, so nothing is laid into it: "
        "add `feed: true` to their channels (docs/answering.md)."
    )


def _is_wanted(message: Message, show: Show) -> bool:
    return show.since is None or datetime.fromisoformat(message.told["put_at"]) >= show.since
