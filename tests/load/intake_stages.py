"""CPU a ticket of each stage inside intake's process, measured alone: what `make bench-intake` shows below."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import msgspec
from standardwebhooks import Webhook
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, Source
from services.intake.domain.commands import OpenTicket
from services.intake.domain.decision import Asked
from services.intake.domain.history import CustomerHistory
from services.intake.domain.lifecycle import open_ticket
from services.intake.domain.ticket import opened_ticket
from services.intake.domain.triage import IntakePolicy
from services.intake.languages import Languages
from shared.contracts import Cause, FollowUp, encode, follow_ups_to_events
from shared.ids import new_id
from shared.policy import load_workflow
from tests.load.signed_request import SECRET, opening
from tests.support.figures import Figure, over_rounds

_TIMES = 1000
_ROUNDS = 5


def stages() -> list[Figure]:
    """Microseconds a ticket of: signature, reading, triage with the ticket it makes, the event's bytes."""
    return [
        over_rounds(f"stage: {name}", [_microseconds(work) for _ in range(_ROUNDS)], "µs/ticket")
        for name, work in _work()
    ]


def _microseconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    for _ in range(_TIMES):
        work()
    return (time.process_time() - began) / _TIMES * 1e6


def _work() -> Iterator[tuple[str, Callable[[], object]]]:
    now, raw = datetime.now(UTC), opening(1)
    headers = {
        "webhook-id": "one",
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(SECRET).sign("one", now, raw.decode()),
    }
    channel = CHANNELS["generic"](Source("generic", (SECRET,)))
    call = Call(method="POST", headers=Headers(headers), raw=raw)
    yield "signature", lambda: channel.verify(call, now)
    yield "reading the body", lambda: channel.parse(raw)
    [(_, command)] = channel.parse(raw).commands
    assert isinstance(command, OpenTicket)
    policy = IntakePolicy.of(load_workflow(None), Languages().detect)
    asked = Asked(new_id(), now, policy, CustomerHistory([]))
    yield "triage", lambda: open_ticket(command, command.customer, asked, new_id())
    decision = open_ticket(command, command.customer, asked, new_id())
    fact = decision.facts[0]
    yield "ticket and its row", lambda: msgspec.json.encode(opened_ticket(fact, asked.command_id))
    cause = Cause(id=asked.command_id, correlation_id=asked.command_id)
    said = [FollowUp(cause=cause, payload=fact.payload, time=now)]
    [event] = follow_ups_to_events(said, source="/intake", now=now)
    event = msgspec.structs.replace(event, sequence=1)
    yield "the event's bytes", lambda: encode(event)
