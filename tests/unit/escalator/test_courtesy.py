"""What thanks after the solution do to the clocks (semantics R2)."""

from __future__ import annotations

from services.escalator.domain.upcoming import Coming, upcoming
from services.escalator.domain.why import explain
from shared.contracts import SlaStarted
from shared.contracts.vocabulary import Metric
from tests.support.cases import Story, at, of_clocks, words


def solved(*, levels: bool = False) -> Story:
    """High and enterprise, 60 and 480 minutes: opened at 10:00, answered at 10:10, solved at 12:30."""
    story = Story(levels=levels)
    story.open("high", "enterprise")
    story.agent_replies("10:10")
    story.pass_to("12:30")
    story.resolved("12:30")
    return story


def test_R_e_thanks_show_as_to_be_reviewed_for_half_an_hour() -> None:
    story = solved()
    before = [clock for clock in story.case.timeline.clocks if clock.metric is Metric.RESOLUTION]

    thanked = story.customer_writes("12:40", courtesy=True)
    [started] = [one.payload for one in thanked]

    assert isinstance(started, SlaStarted)
    assert (started.metric, started.soft, started.deadline) == ("next_response", True, at("13:10"))
    assert story.case.timeline.clocks[-1].state == "to_review"
    assert words(story.pass_to("18:00")) == ["13:10:00 sla.cancelled next_response courtesy"]
    clocks = story.case.timeline.clocks
    assert [c for c in clocks if c.metric is Metric.RESOLUTION] == before
    assert before[-1].state == "met"


def test_R2_the_review_counts_business_time() -> None:
    story = solved()

    story.customer_writes("17:45", courtesy=True)

    assert words(story.pass_to("+1 12:00")) == ["+1 09:15:00 sla.cancelled next_response courtesy"]
    assert story.said[-1].time == at("+1 09:15")


def test_R2_what_is_to_be_reviewed_is_explained_and_is_no_risk() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)

    why = explain(story.case, at("12:50"), story.policy)

    assert why.risk is None
    assert [(one.kind, one.at) for one in upcoming(story.case, story.policy)] == [
        (Coming.REVIEWED, at("13:10"))
    ]


def test_R2_a_further_message_makes_it_a_promise_since_the_first() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)

    reopened = story.reopened("13:00")
    wrote = story.customer_writes("13:00")

    assert of_clocks(reopened, Metric.NEXT_RESPONSE) == [
        "13:00:00 sla.cancelled next_response courtesy",
        "12:40:00 sla.started next_response",
    ]
    assert wrote == []
    assert of_clocks(story.pass_to("13:40"), Metric.NEXT_RESPONSE) == [
        "13:10:00 sla.warning next_response 50",
        "13:25:00 sla.warning next_response 75",
        "13:28:00 sla.warning next_response 80",
        "13:34:00 sla.warning next_response 90",
        "13:40:00 sla.breached next_response",
    ]


def test_R2_an_agents_needs_reply_makes_it_a_promise_since_the_message() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)

    assert of_clocks(story.reopened("12:50"), Metric.NEXT_RESPONSE) == [
        "12:50:00 sla.cancelled next_response courtesy",
        "12:40:00 sla.started next_response",
    ]
    replied = of_clocks(story.agent_replies("12:55"), Metric.NEXT_RESPONSE)
    assert replied == ["12:55:00 sla.met next_response"]


def test_R2_a_target_used_up_by_then_is_missed_when_the_ticket_comes_back() -> None:
    story = Story()
    story.open("critical", "enterprise")
    story.agent_replies("10:01")
    story.resolved("10:02")
    story.customer_writes("10:03", courtesy=True)

    assert of_clocks(story.reopened("10:20"), Metric.NEXT_RESPONSE) == [
        "10:20:00 sla.cancelled next_response courtesy",
        "10:03:00 sla.started next_response",
        "10:20:00 sla.breached next_response repriced",
    ]


def test_R2_after_the_review_nothing_is_owed_for_it() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)
    story.pass_to("13:10")

    assert of_clocks(story.reopened("13:20"), Metric.NEXT_RESPONSE) == []


def test_R2_an_answer_to_thanks_ends_the_review_and_keeps_no_promise() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)

    assert of_clocks(story.agent_replies("12:45")) == [
        "12:45:00 sla.cancelled next_response courtesy"
    ]


def test_R2_a_second_thanks_does_not_begin_the_review_anew() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)

    assert story.customer_writes("12:50", courtesy=True) == []
    assert words(story.pass_to("18:00")) == ["13:10:00 sla.cancelled next_response courtesy"]


def test_R2_levels_hear_nothing_of_thanks() -> None:
    story = solved(levels=True)

    assert len(story.customer_writes("12:40", courtesy=True)) == 1


def test_R2_thanks_that_come_late_are_put_in_their_place() -> None:
    story = solved()
    story.reopened("12:50")

    late = story.customer_writes("12:40", courtesy=True, heard="12:55")

    assert of_clocks(late, Metric.NEXT_RESPONSE) == [
        "12:40:00 sla.started next_response",
        "12:50:00 sla.cancelled next_response courtesy",
        "12:40:00 sla.started next_response",
    ]


def test_R2_a_merge_ends_the_review() -> None:
    story = solved()
    story.customer_writes("12:40", courtesy=True)

    assert words(story.merged("12:50")) == ["12:50:00 sla.cancelled next_response merged"]
