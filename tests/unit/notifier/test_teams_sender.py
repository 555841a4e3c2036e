"""Teams, against a flow that tells of its limit inside a 200."""

import pytest

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.senders.settings import TeamsSettings
from services.notifier.senders.teams import TeamsSender
from shared.http.egress import Egress
from tests.support.messages import a_message
from tests.support.providers import Teams
from tests.support.sinks import HANG, RESET, HookSink, a_webhook_endpoint, answer


def a_sender(sink: HookSink) -> TeamsSender:
    return TeamsSender(TeamsSettings(timeout_seconds=2.0), Egress(sink.allowed))


async def test_a_card_is_taken_until_there_were_too_many() -> None:
    teams = Teams(room=1)

    async with a_webhook_endpoint(says=teams) as sink:
        sender = a_sender(sink)
        results = [await sender.send(a_message(address=sink.url)) for _ in range(2)]

    assert [
        Result(Outcome.SENT, "http 202"),
        Result(Outcome.RETRY, "http 200, inside it 429"),
    ] == results
    assert 1 == len(teams.cards)


@pytest.mark.parametrize(
    ("answered", "expected"),
    [
        (answer(200, b"1"), Outcome.SENT),
        (answer(200, b"delivery failed with error: HTTP error 404"), Outcome.DEAD),
        (answer(302, location="http://127.0.0.1:1/"), Outcome.DEAD),
        (answer(400), Outcome.DEAD),
        (answer(404), Outcome.DEAD),
        (answer(410), Outcome.DEAD),
        (answer(413), Outcome.DEAD),
        (answer(429, retry_after="30"), Outcome.RETRY),
        (answer(502), Outcome.UNKNOWN),
        (answer(503), Outcome.RETRY),
        (HANG, Outcome.UNKNOWN),
        (RESET, Outcome.UNKNOWN),
    ],
)
async def test_D2_what_a_flow_says_decides_the_outcome(answered: bytes, expected: Outcome) -> None:
    async with a_webhook_endpoint(answered) as sink:
        result = await a_sender(sink).send(a_message(address=sink.url))

    assert expected == result.outcome


async def test_S20_a_flow_inside_our_network_is_not_asked() -> None:
    async with a_webhook_endpoint() as sink:
        sender = TeamsSender(TeamsSettings(), Egress())
        result = await sender.send(a_message(address=sink.url))

    assert (Outcome.DEAD, []) == (result.outcome, sink.requests)
