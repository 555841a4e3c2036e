"""The acknowledgement of receipt: when it goes and what it promises (semantics D5, D6)."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from services.notifier.domain.notification import Notification, Status
from services.notifier.domain.receipt import PATIENCE, Reader, promises
from shared.contracts import (
    ArticleRank,
    Payload,
    SlaCancelled,
    SlaClosedLate,
    SlaMet,
    SlaPaused,
    SlaRepriced,
    SlaResumed,
    SlaStarted,
    TicketAnalysed,
    TicketOpened,
)
from shared.contracts.vocabulary import Metric
from tests.support.builders import MONDAY_10, a
from tests.support.telling import Story, told

BERLIN = Reader(language="en", zone=ZoneInfo("Europe/Berlin"))


def started(metric: Metric, minutes: int) -> SlaStarted:
    return a(
        SlaStarted,
        metric=metric,
        target_seconds=minutes * 60,
        deadline=MONDAY_10 + timedelta(minutes=minutes),
    )


CLOCKS = (started(Metric.FIRST_RESPONSE, 15), started(Metric.RESOLUTION, 240))


def heard(*said: Payload) -> Story:
    story = Story()
    for one in said:
        story.hear(one)
    return story


def the_receipt(story: Story) -> Notification:
    [found] = [n for n in story.state.notifications.values() if n.about.fact == "ticket.opened"]
    return found


def test_D6_it_waits_five_seconds_for_clocks_and_analysis() -> None:
    story = heard(a(TicketOpened))

    assert the_receipt(story).due_at == MONDAY_10 + timedelta(seconds=5)


def test_D6_it_goes_as_soon_as_both_clocks_and_the_analysis_are_known() -> None:
    story = heard(a(TicketOpened), *CLOCKS)
    waiting = the_receipt(story).due_at
    story.hear(a(TicketAnalysed), at=MONDAY_10 + timedelta(seconds=1))

    assert waiting == MONDAY_10 + PATIENCE
    assert the_receipt(story).due_at == MONDAY_10 + timedelta(seconds=1)


def test_D6_it_goes_at_once_when_the_clocks_topic_was_ahead_and_the_text_is_read() -> None:
    story = heard(*CLOCKS, a(TicketAnalysed), a(TicketOpened))

    assert the_receipt(story).due_at == MONDAY_10


def test_D6_one_clock_is_not_enough() -> None:
    story = heard(a(TicketOpened), CLOCKS[0], a(TicketAnalysed))

    assert the_receipt(story).due_at == MONDAY_10 + PATIENCE


def test_a_second_try_keeps_its_own_time() -> None:
    story = heard(a(TicketOpened))
    story.begin()
    before = the_receipt(story)
    story.hear(CLOCKS[0])
    story.hear(CLOCKS[1])
    story.hear(a(TicketAnalysed))

    assert before.status is Status.LEASED
    assert the_receipt(story) == before


def test_whom_we_write_to_first_is_not_told_that_we_have_their_request() -> None:
    assert told(Story().hear(a(TicketOpened, outbound=True))) == []


def test_D6_a_promise_is_the_deadline_of_a_clock_in_the_readers_words() -> None:
    ticket = heard(a(TicketOpened), *CLOCKS).state.ticket

    assert promises(ticket, BERLIN, now=MONDAY_10) == {
        "first_response_due": "Monday 1 June, 12:15 (Berlin time)",
        "first_response_target": "15 min",
        "resolution_due": "Monday 1 June, 16:00 (Berlin time)",
        "resolution_target": "4 h",
    }


def test_D6_nothing_is_promised_that_no_clock_measures() -> None:
    ticket = heard(a(TicketOpened), a(TicketAnalysed)).state.ticket

    assert promises(ticket, BERLIN, now=MONDAY_10) == {}


def test_D6_what_is_late_already_is_not_promised() -> None:
    ticket = heard(*CLOCKS).state.ticket

    assert set(promises(ticket, BERLIN, now=MONDAY_10 + timedelta(minutes=15))) == {
        "resolution_due",
        "resolution_target",
    }


@pytest.mark.parametrize("ending", [SlaMet, SlaClosedLate, SlaCancelled, SlaPaused])
def test_a_clock_that_does_not_run_promises_nothing(ending: type[Payload]) -> None:
    story = heard(*CLOCKS)
    story.hear(a(ending, metric=Metric.FIRST_RESPONSE))

    assert "first_response_due" not in promises(story.state.ticket, BERLIN, now=MONDAY_10)


def test_a_clock_that_was_repriced_or_runs_on_promises_its_new_deadline() -> None:
    story = heard(*CLOCKS)
    later = MONDAY_10 + timedelta(hours=1)
    story.hear(a(SlaPaused, metric=Metric.RESOLUTION))
    story.hear(a(SlaResumed, metric=Metric.RESOLUTION, deadline=later))
    story.hear(a(SlaRepriced, metric=Metric.FIRST_RESPONSE, deadline=later, target_seconds=3600))

    assert promises(story.state.ticket, BERLIN, now=MONDAY_10) == {
        "first_response_due": "Monday 1 June, 13:00 (Berlin time)",
        "first_response_target": "1 h",
        "resolution_due": "Monday 1 June, 13:00 (Berlin time)",
        "resolution_target": "4 h",
    }


def test_articles_are_those_of_the_first_message_the_best_first() -> None:
    ranked = [ArticleRank(article_id="b", rank=2), ArticleRank(article_id="a", rank=1)]
    story = heard(a(TicketOpened), a(TicketAnalysed, articles=ranked))
    story.hear(a(TicketAnalysed, articles=[]))

    assert story.state.ticket.articles == ("a", "b")
