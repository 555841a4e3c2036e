"""`tierline subscriptions`: signed webhooks for systems that read no Kafka."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Annotated, Any, TypeVar
from uuid import UUID

import typer
from rich.markup import escape
from rich.table import Table

from services.subscriptions import SubscriptionsError, ask
from services.subscriptions import replay as replay_all

from .instant import instant
from .where import carry_out, console, installation, stop

app = typer.Typer(
    no_args_is_help=True, help="Webhooks of other systems: subscribe them, see what they got."
)

Id = Annotated[UUID, typer.Argument(help="The subscription's id.")]
EventId = Annotated[UUID, typer.Argument(help="The event's id, as the log shows it.")]

T = TypeVar("T")


@app.command()
def add(
    url: Annotated[str, typer.Argument(help="Where events are posted to; https.")],
    event: Annotated[
        list[str], typer.Option(help="As sla.breached or escalation.*; repeat it.")
    ] = ["escalation.*", "sla.breached"],  # noqa: B006 - Typer copies it
    priority: Annotated[list[str] | None, typer.Option(help="Only these; repeat it.")] = None,
    tier: Annotated[list[str] | None, typer.Option(help="Only these customer tiers.")] = None,
    team: Annotated[list[str] | None, typer.Option(help="Only these teams.")] = None,
    level: Annotated[list[str] | None, typer.Option(help="Only these levels.")] = None,
    owner: Annotated[
        str | None, typer.Option(help="The mail address that is told when it is disabled.")
    ] = None,
    description: Annotated[str | None, typer.Option(help="What it is for.")] = None,
) -> None:
    """Subscribe a system; its secret is shown once."""
    filters = {"priority": priority, "customer_tier": tier, "team": team, "level": level}
    body = {
        "url": url,
        "events": event,
        "filters": {name: values or [] for name, values in filters.items()},
        "owner": owner,
        "description": description,
    }
    made = _done(ask(installation(), "POST", body=body))
    print(f"subscription {made['subscription_id']}\nsecret (shown once): {made['secret']}")


@app.command("list")
def list_() -> None:
    """Every subscription, the oldest first."""
    known = _done(ask(installation(), "GET"))
    if not known:
        print("Nobody has subscribed.")
        return
    table = Table("subscription", "state", "events", "URL", "last success", box=None)
    for one in known:
        last = one["last_success_at"] or "never"
        events = " ".join(one["events"])
        cells = (one["subscription_id"], _state(one), events, escape(one["url"]), last)
        table.add_row(*cells)
    console().print(table)


@app.command()
def show(subscription: Id) -> None:
    """What is known of one subscription; never its secrets."""
    known = _done(ask(installation(), "GET", f"/{subscription}"))
    filters = {f"only {name}": values for name, values in known.pop("filters").items()}
    for name, value in {**known, **filters}.items():
        if value not in (None, []):
            print(f"{name}: {', '.join(value) if isinstance(value, list) else value}")


@app.command()
def log(
    subscription: Id,
    event: Annotated[UUID | None, typer.Argument(help="Every attempt of this event.")] = None,
    status: Annotated[str | None, typer.Option(help="pending, leased, sent or dead.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="At most so many.")] = 50,
) -> None:
    """What was delivered, the latest first; with an event, each of its attempts."""
    path = f"/{subscription}/deliveries"
    if event is not None:
        _show_attempts(_done(ask(installation(), "GET", f"{path}/{event}")))
        return
    params: dict[str, str | int] = {"limit": limit} | ({"status": status} if status else {})
    found = _done(ask(installation(), "GET", path, params=params))
    table = Table("planned", "event", "name", "status", "attempts", "last", box=None)
    for one in found:
        last = one["last"]["detail"] if one["last"] else None
        table.add_row(
            one["planned_at"],
            one["event_id"],
            one["event"],
            one["status"],
            str(one["attempts"]),
            last or "-",
        )
    console().print(table)


@app.command()
def resend(subscription: Id, event: EventId) -> None:
    """Deliver one event again, now, with the same id."""
    _done(ask(installation(), "POST", f"/{subscription}/deliveries/{event}:resend"))
    print(f"{event} is delivered again; `tierline subscriptions log` tells how that went")


@app.command()
def replay(
    subscription: Id,
    since: Annotated[str, typer.Option("--from", help="As 2026-06-01T03:00:00Z; UTC if unsaid.")],
) -> None:
    """Deliver again everything since a point in time, with the same ids."""
    start = instant(since)
    assert start is not None
    told = _done(replay_all(installation(), str(subscription), start.isoformat()))
    print(f"{told.count} events are delivered again. {told.note}")


@app.command()
def rotate(
    subscription: Id,
    overlap: Annotated[
        int, typer.Option(min=0, max=168, help="Hours the old secrets still sign; 0 after a leak.")
    ] = 24,
) -> None:
    """Make a new secret, shown once; the old ones sign on for a while."""
    body = {"overlap_hours": overlap}
    made = _done(ask(installation(), "POST", f"/{subscription}/secrets:rotate", body=body))
    print(f"secret (shown once): {made['secret']}")


@app.command()
def enable(subscription: Id) -> None:
    """Tell it of what happens from now on; `replay` brings back what it has missed."""
    _done(ask(installation(), "POST", f"/{subscription}:enable"))
    print(f"{subscription} is enabled")


@app.command()
def disable(subscription: Id) -> None:
    """Tell it nothing any more; what waits is given up."""
    _done(ask(installation(), "POST", f"/{subscription}:disable"))
    print(f"{subscription} is disabled")


@app.command("test")
def test_(subscription: Id) -> None:
    """Deliver a document that tells of nothing; the log says how that went."""
    told = _done(ask(installation(), "POST", f"/{subscription}:test"))
    print(f"a test is under way: tierline subscriptions log {subscription} {told['event_id']}")


@app.command()
def remove(subscription: Id) -> None:
    """Forget a subscription, its secrets and its log."""
    _done(ask(installation(), "DELETE", f"/{subscription}"))
    print(f"{subscription} is removed")


def _show_attempts(found: dict[str, Any]) -> None:
    print(f"{found['event']} {found['event_id']}: {found['status']}")
    print(f"webhook-id {found['webhook_id']}")
    for one in found["log"]:
        took = f", {one['latency_ms']} ms" if one["latency_ms"] is not None else ""
        outcome = one["outcome"] or "under way"
        print(f"{one['n']}. {one['started_at']}: {outcome}, {one['detail'] or '-'}{took}")
        if one["answer"]:
            print(f"   answer: {one['answer']!r}")


def _state(one: dict[str, Any]) -> str:
    if not one["enabled"]:
        return f"disabled ({one['disabled_because']})"
    return "failing" if one["failing_since"] else "enabled"


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return carry_out(work)
    except SubscriptionsError as error:
        stop(str(error))
