"""`tierline send`: one signed webhook to the running Tierline, for trying things out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from services.playback.sender import RefusedError, WebhookSender

from .where import carry_out, installation, stop


def send(
    command: Annotated[
        str, typer.Argument(help="A command of docs/webhook.md as JSON, a list, or '-' for stdin.")
    ],
) -> None:
    """Sign commands as the source `generic` and send them to intake; prints intake's answer.

    Example: tierline send '{"type": "ticket.open", "external_id": "1", "subject": "It is down",
    "customer": {"id": "acme", "tier": "enterprise"}, "impact": "high", "urgency": "high"}'
    """
    try:
        commands = json.loads(sys.stdin.read() if command == "-" else command)
    except ValueError as error:
        stop(f"This is no JSON: {error}", 2)
    where = installation()
    if where.webhook_secret is None:
        stop("No webhook secret: set TIERLINE_WEBHOOK_SECRET to that of the source `generic`.")
    listed = commands if isinstance(commands, list) else [commands]
    try:
        answer = carry_out(_send(where.urls["intake"], where.webhook_secret, listed))
    except RefusedError as error:
        stop(f"Intake refused it: {error}")
    print(json.dumps(answer, indent=2))


async def _send(url: str, secret: str, commands: list[Any]) -> Mapping[str, Any]:
    sender = WebhookSender(url, secret, patience=10.0)
    try:
        return await sender.send(commands)
    finally:
        await sender.close()
