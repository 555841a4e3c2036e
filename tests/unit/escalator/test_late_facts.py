"""Time and late facts: the rules T of the semantics, example by example."""

from __future__ import annotations

from datetime import timedelta

from services.escalator.domain.decide import next_due
from services.escalator.domain.items import TimePassed
from shared.contracts import EscalationResolved, SlaBreached, SlaWarning, SlaWithdrawn
from shared.contracts.vocabulary import EscalationOutcome, Metric
from tests.support.cases import Story, a_policy, at, of_clocks, of_ladder, same_id, words


def critical() -> Story:
    story = Story()
    story.open("critical", "enterprise")
    return story


def test_T4_T_a_a_reply_at_the_deadline_is_in_time() -> None:
    """T-a."""
    story = critical()
    story.pass_to("10:14:59")

    said = story.agent_replies("10:15:00.000", heard="10:15:00.300")

    assert ["10:15:00 sla.met first_response"] == words(said)
    assert [] == of_clocks(story.pass_to("10:20"), Metric.FIRST_RESPONSE)


def test_T4_T_b_a_reply_one_millisecond_later_is_not() -> None:
    """T-b: the breach comes first, and waits for the watermark as every breach does."""
    story = critical()
    story.pass_to("10:14:59")

    story.agent_replies("10:15:00.001", heard="10:15:00.300")

    assert [
        "10:15:00 sla.breached first_response",
        "10:15:00.001 sla.closed_late first_response",
    ] == of_clocks(story.pass_to("10:15:01"), Metric.FIRST_RESPONSE)


def test_T3_T_c_a_late_reply_withdraws_the_breach() -> None:
    """T-c."""
    story = critical()
    story.pass_to("10:15:00.600")

    said = story.agent_replies("10:14:30", heard="10:15:20")

    assert ["10:14:30 sla.withdrawn first_response", "10:14:30 sla.met first_response"] == (
        of_clocks(said)
    )
    withdrawn = said[0].payload
    assert isinstance(withdrawn, SlaWithdrawn)
    assert at("10:15") == withdrawn.deadline
    assert at("10:14:30") == withdrawn.happened_at
    assert withdrawn.threshold_percent is None


def test_T3_an_escalation_that_rests_on_the_breach_alone_is_cancelled() -> None:
    story = Story()
    story.open("critical", "enterprise", category="account")
    story.pass_to("10:15")
    assert "10:12:00 escalation.raised tier_2 sla_at_risk" in of_ladder(story.said)

    said = story.agent_replies("10:11:30", heard="10:15:20")

    assert [
        "10:11:30 sla.withdrawn first_response 80",
        "10:11:30 sla.withdrawn first_response",
        "10:11:30 sla.met first_response",
    ] == of_clocks(said)
    ended = [s.payload for s in said if isinstance(s.payload, EscalationResolved)]
    assert [EscalationOutcome.CANCELLED] == [payload.outcome for payload in ended]
    assert story.case.open_escalation is None


def test_T3_an_escalation_with_other_grounds_goes_on() -> None:
    """The 80 % warning happened; only the breach is taken back."""
    story = critical()
    story.pass_to("10:15")

    said = story.agent_replies("10:14:30", heard="10:15:20")

    assert [] == of_ladder(said)
    assert story.case.open_escalation is not None


def test_T5_T_d_nothing_falls_due_ahead_of_the_watermark() -> None:
    """T-d: the wall clock shows 10:20, the log was heard up to 10:14:10."""
    story = critical()

    said = story.hear(TimePassed(as_of=at("10:14:10")), at("10:20"))

    assert [
        "10:07:30 sla.warning first_response 50",
        "10:11:15 sla.warning first_response 75",
        "10:12:00 sla.warning first_response 80",
        "10:13:30 sla.warning first_response 90",
    ] == of_clocks(said)


def test_T9_T_g_a_breach_after_a_withdrawal_has_an_id_of_its_own() -> None:
    """T-g."""
    story = critical()
    story.agent_replies("10:05")
    story.pass_to("14:00:01")
    first = [s for s in story.said if isinstance(s.payload, SlaBreached)]
    assert [same_id("sla.breached:resolution:1:100:0")] == [s.id for s in first]

    story.agent_replies("13:29", heard="14:00:10")
    paused = story.pending("13:30", heard="14:00:10")
    answered = story.customer_writes("13:50", heard="14:00:10")

    withdrawn = [s.payload for s in paused if isinstance(s.payload, SlaWithdrawn)]
    assert [(Metric.RESOLUTION, at("14:00"), at("13:30"))] == [
        (w.metric, w.deadline, w.happened_at) for w in withdrawn if w.threshold_percent is None
    ]
    assert "13:50:00 sla.resumed resolution" in of_clocks(answered)
    again = [s for s in story.pass_to("14:20") if isinstance(s.payload, SlaBreached)]
    assert [(at("14:20"), same_id("sla.breached:resolution:1:100:1"))] == [
        (s.time, s.id)
        for s in again
        if s.payload.metric is Metric.RESOLUTION  # type: ignore[attr-defined]
    ]


def test_T3_a_breach_nobody_announced_is_announced_with_its_own_time() -> None:
    """The resumption reaches us hours late."""
    story = critical()
    story.agent_replies("10:05")
    story.pending("10:10")
    assert [] == of_clocks(story.pass_to("15:00"))

    story.resumed("10:20")

    assert "14:10:00 sla.breached resolution" in of_clocks(story.wake_at("15:00"))


def test_T3_a_warning_that_raised_nobody_is_not_withdrawn() -> None:
    story = critical()
    story.pass_to("10:08")

    said = story.agent_replies("10:07", heard="10:08:10")

    assert ["10:07:00 sla.met first_response"] == words(said)


def test_T6_grace_delays_the_announcement_and_not_the_time() -> None:
    story = Story(
        a_policy(
            """
            version: 1
            routing_rules: [{action: assign_to_frontline}]
            conditions: {vip: customer_vip}
            sla: {grace: 30s}
            """
        )
    )
    story.open("critical", "enterprise")
    story.pass_to("10:15:29")
    assert not [s for s in story.said if isinstance(s.payload, SlaBreached)]
    assert at("10:15:30") == next_due(story.case, story.policy)

    [breach] = [s for s in story.pass_to("10:15:30") if isinstance(s.payload, SlaBreached)]

    assert at("10:15") == breach.time


def test_T10_a_service_that_slept_says_the_same_with_its_lateness() -> None:
    awake, asleep = critical(), critical()
    awake.pass_to("10:40")

    asleep.wake_at("10:40")

    assert of_clocks(awake.said) == of_clocks(asleep.said)
    assert [s.id for s in awake.said if s.step] == [s.id for s in asleep.said if s.step]
    late = [s.payload.lateness_ms for s in asleep.said if isinstance(s.payload, SlaWarning)]
    assert timedelta(minutes=32, seconds=30) == timedelta(milliseconds=late[0] or 0)


def test_ruling_1_a_deadline_held_too_long_fires_by_the_clock_and_says_so() -> None:
    story = critical()

    passed = TimePassed(as_of=at("10:12"), provisional_before=at("10:16"))
    said = story.hear(passed, at("10:18"))

    [breach] = [s.payload for s in said if isinstance(s.payload, SlaBreached)]
    assert breach.provisional


def test_ruling_1_what_the_log_then_disproves_is_withdrawn() -> None:
    story = critical()
    story.hear(TimePassed(as_of=None, provisional_before=at("10:16")), at("10:18"))

    said = story.agent_replies("10:14", heard="10:20")

    assert "10:14:00 sla.withdrawn first_response" in of_clocks(said)
    assert "10:14:00 sla.met first_response" in of_clocks(said)


def test_ruling_1_what_the_log_allows_is_not_provisional() -> None:
    story = critical()

    passed = TimePassed(as_of=at("10:15"), provisional_before=at("10:14"))
    said = story.hear(passed, at("10:16"))

    [breach] = [s.payload for s in said if isinstance(s.payload, SlaBreached)]
    assert breach.provisional is None
