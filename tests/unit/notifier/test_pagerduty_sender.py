"""PagerDuty, against an endpoint that checks events and keeps incidents by their key."""

from dataclasses import replace
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.holding import may_wait
from services.notifier.domain.message import Message
from services.notifier.domain.notification import Kind, Urgency
from services.notifier.senders.pagerduty import PagerDutySender, dedup_key
from services.notifier.senders.settings import PagerDutySettings
from shared.http.egress import Egress
from tests.support.builders import ESCALATION, TICKET
from tests.support.messages import a_message, a_notification
from tests.support.providers import PagerDuty
from tests.support.sinks import HANG, RESET, HookSink, a_webhook_endpoint, answer

KEY = "0123456789abcdef" * 2


def a_sender(sink: HookSink, *, routing_key: str | None = None) -> PagerDutySender:
    settings = PagerDutySettings(
        routing_key=SecretStr(routing_key) if routing_key else None,
        api_url=f"http://127.0.0.1:{sink.port}",
        timeout_seconds=2.0,
    )
    return PagerDutySender(settings, Egress(sink.allowed))


def about(fact: str, **changes: Any) -> Message:
    """A message that tells of `fact`."""
    message = a_message(address=KEY)
    return replace(message, fact=fact, about=msgspec.structs.replace(message.about, **changes))


async def test_D2_the_same_matter_is_one_incident_until_it_is_settled() -> None:
    pagerduty = PagerDuty()
    async with a_webhook_endpoint(says=pagerduty) as sink:
        sender = a_sender(sink)
        results = [
            await sender.send(about(fact))
            for fact in ("escalation.raised", "escalation.raised", "escalation.advanced")
        ]
        triggered = dict(pagerduty.incidents)
        await sender.send(about("escalation.acknowledged"))
        acknowledged = dict(pagerduty.incidents)
        await sender.send(about("escalation.resolved"))

    key = f"{TICKET}:{ESCALATION}"
    assert [Result(Outcome.SENT, "http 202", reference=key)] * 3 == results
    assert {key: "trigger"} == triggered
    assert {key: "acknowledge"} == acknowledged
    assert {key: "resolve"} == pagerduty.incidents


def test_a_clock_has_an_incident_each_cycle() -> None:
    first, second = (
        about("sla.breached", escalation_id=None, kind=Kind.CLOCK, clock=f"resolution:{cycle}")
        for cycle in (1, 2)
    )

    assert [f"{TICKET}:resolution:1", f"{TICKET}:resolution:2"] == [
        dedup_key(first),
        dedup_key(second),
    ]


async def test_T3_a_correction_settles_what_it_takes_back() -> None:
    pagerduty = PagerDuty()
    async with a_webhook_endpoint(says=pagerduty) as sink:
        sender = a_sender(sink)
        clock = {"escalation_id": None, "clock": "resolution:1"}
        await sender.send(about("sla.breached", kind=Kind.CLOCK, **clock))
        await sender.send(about("sla.withdrawn", kind=Kind.CORRECTION, **clock))

    assert {f"{TICKET}:resolution:1": "resolve"} == pagerduty.incidents


@pytest.mark.parametrize(
    ("urgency", "priority", "expected"),
    [
        (Urgency.PAGE, "low", "critical"),
        (Urgency.NORMAL, "critical", "critical"),
        (Urgency.NORMAL, "high", "error"),
        (Urgency.CALM, "low", "info"),
        (Urgency.NORMAL, None, "warning"),
    ],
)
async def test_how_severe_it_is_follows_from_urgency_and_priority(
    urgency: Urgency, priority: str | None, expected: str
) -> None:
    pagerduty = PagerDuty()
    message = replace(a_message(address=KEY), urgency=urgency, facts={"priority": priority})
    async with a_webhook_endpoint(says=pagerduty) as sink:
        await a_sender(sink).send(message)

    assert [expected] == [alert["payload"]["severity"] for alert in pagerduty.alerts]


async def test_a_recipient_without_a_key_uses_the_general_one() -> None:
    pagerduty = PagerDuty()
    async with a_webhook_endpoint(says=pagerduty) as sink:
        without = await a_sender(sink).send(a_message(address=""))
        general = await a_sender(sink, routing_key=KEY).send(a_message(address=""))

    assert [Outcome.DEAD, Outcome.SENT] == [without.outcome, general.outcome]
    assert [KEY] == [alert["routing_key"] for alert in pagerduty.alerts]


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (answer(202), Outcome.SENT),
        (answer(302, location="http://127.0.0.1:1/"), Outcome.DEAD),
        (answer(400), Outcome.DEAD),
        (answer(429, retry_after="60"), Outcome.RETRY),
        (answer(500), Outcome.RETRY),
        (HANG, Outcome.UNKNOWN),
        (RESET, Outcome.UNKNOWN),
    ],
)
async def test_D2_what_pagerduty_says_decides_the_outcome(
    answered: bytes, expected: Outcome
) -> None:
    async with a_webhook_endpoint(answered) as sink:
        assert expected == (await a_sender(sink).send(a_message(address=KEY))).outcome


async def test_a_key_that_is_none_is_final() -> None:
    async with a_webhook_endpoint(says=PagerDuty()) as sink:
        result = await a_sender(sink).send(a_message(address="not a key"))

    assert Result(Outcome.DEAD, "http 400") == result


def test_D4_an_incident_is_never_held_for_a_bundle_in_which_nothing_could_settle_it() -> None:
    page = a_notification(channel="pagerduty", urgency=Urgency.NORMAL)

    assert [False, True] == [
        may_wait(page),
        may_wait(msgspec.structs.replace(page, channel="slack")),
    ]
