"""Sources whose word on priorities does not count: everybody who writes there may set one (semantics P5)."""

from __future__ import annotations

from dataclasses import replace

import msgspec

from services.intake.domain.commands import AnyCommand, OpenTicket, SetPriority

from .base import Channel, Parsed


def untrusted(channel: Channel) -> Channel:
    """`channel` without the priorities its source gives. Impact and urgency are observations and stay.

    It is the channel that forgets them, so a delivery that is parked and released forgets them, too.
    """
    parse = channel.parse
    return replace(channel, parse=lambda raw: _without_priorities(parse(raw)))


def _without_priorities(parsed: Parsed) -> Parsed:
    kept = ((number, _without_priority(command)) for number, command in parsed.commands)
    return replace(parsed, commands=tuple((n, command) for n, command in kept if command))


def _without_priority(command: AnyCommand) -> AnyCommand | None:
    """The command without its priority; None where nothing is left of it."""
    if not isinstance(command, OpenTicket | SetPriority) or command.priority is None:
        return command
    if isinstance(command, SetPriority) and command.impact is None and command.urgency is None:
        return None
    return msgspec.structs.replace(command, priority=None)
