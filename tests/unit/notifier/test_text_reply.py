"""What people text back, as they type it."""

from datetime import timedelta
from uuid import UUID

import pytest

from services.notifier.domain.short_id import read_short_id, short_id
from services.notifier.domain.text_reply import TextReply, is_to_the_carrier, read_reply
from shared.contracts.vocabulary import Answer

HALF_AN_HOUR = timedelta(minutes=30)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("ack A1B2", TextReply(Answer.ACKNOWLEDGE, "A1B2")),
        ("ACK, a1b2.", TextReply(Answer.ACKNOWLEDGE, "A1B2")),
        ("Ok", TextReply(Answer.ACKNOWLEDGE)),
        ("take aIbO", TextReply(Answer.TAKE, "A1B0")),
        ("take #a3f09c21", TextReply(Answer.TAKE, reference="a3f09c21")),
        ("snooze", TextReply(Answer.SNOOZE, snooze=HALF_AN_HOUR)),
        ("snooze A1B2", TextReply(Answer.SNOOZE, "A1B2", snooze=HALF_AN_HOUR)),
        ("snooze A1B2 45", TextReply(Answer.SNOOZE, "A1B2", snooze=timedelta(minutes=45))),
        ("snooze 45 A1B2", TextReply(Answer.SNOOZE, "A1B2", snooze=timedelta(minutes=45))),
        ("snooze 1440 A1B2", TextReply(Answer.SNOOZE, "A1B2", snooze=timedelta(minutes=1440))),
        ("snooze 1234", TextReply(Answer.SNOOZE, "1234", snooze=HALF_AN_HOUR)),
        ("snooze 1234 45", TextReply(Answer.SNOOZE, "1234", snooze=timedelta(minutes=45))),
        ("snooze 15", TextReply(Answer.SNOOZE, snooze=timedelta(minutes=15))),
        ("up A1B2", TextReply(Answer.ESCALATE, "A1B2")),
        ("UP A1B2 reputation risk", TextReply(Answer.ESCALATE, "A1B2", reason="reputation_risk")),
    ],
)
def test_a_reply_is_understood(text: str, expected: TextReply) -> None:
    assert expected == read_reply(text)


@pytest.mark.parametrize(
    "text", ["", "   ", "!?", "who are you", "A1B2", "acknowledged", "snooze A1B2 99999", "ねこ"]
)
def test_what_nobody_understands_is_no_answer(text: str) -> None:
    assert read_reply(text) is None


@pytest.mark.parametrize(("text", "expected"), [("STOP", True), (" start ", True), ("ack", False)])
def test_words_for_the_carrier_are_known(text: str, expected: bool) -> None:  # noqa: FBT001
    assert expected is is_to_the_carrier(text)


def test_a_short_id_is_the_same_on_every_attempt_and_can_be_typed() -> None:
    codes = [short_id(UUID(int=n)) for n in range(2000)]

    assert codes == [read_short_id(short_id(UUID(int=n)).lower()) for n in range(2000)]
    assert len(set(codes)) > 1990
