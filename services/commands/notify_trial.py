"""`tierline notify test RECIPIENT`: whether somebody can be reached, found out before it matters."""

from __future__ import annotations

from typing import Annotated, Final

import typer

from services.ask import ServiceError, ask_json, path_of

from .where import carry_out, installation, stop

#: Seconds an answer is waited for: the notifier itself waits for the channel.
_PATIENCE: Final = 60.0


def send_test(
    recipient_id: Annotated[str, typer.Argument(metavar="RECIPIENT", help="The recipient's id.")],
    channel: Annotated[
        str | None, typer.Option(help="Over this channel; default: as an ordinary message.")
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send somebody one message that says it is a test, and print what came of it.

    Ends with 0 only if it was sent. Quiet hours and absences do not hold it back.
    """
    where = installation()
    over = f" over {channel}" if channel else ""
    if not yes and not typer.confirm(f"Send a test message to {recipient_id}{over}?"):
        stop("nothing was sent")
    path = path_of("recipients", recipient_id, "test")
    work = ask_json(where, "notifier", "POST", path, json={"channel": channel}, timeout=_PATIENCE)
    try:
        told = carry_out(work)
    except ServiceError as error:
        stop(str(error))
    said = ", ".join(told[name] for name in ("outcome", "detail", "reference") if told[name])
    print(f"{told['recipient_id']} over {told['channel']}: {said}")
    if told["outcome"] != "sent":
        raise typer.Exit(1)
