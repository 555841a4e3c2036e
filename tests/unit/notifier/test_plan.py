"""Who is told of what, and what is dropped: the plan, told as stories."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.delivery import Outcome
from services.notifier.domain.notification import Notification, Status
from shared.contracts import (
    EscalationAcknowledged,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Handoff,
    Payload,
    SlaBreached,
    SlaClosedLate,
    SlaMet,
    SlaWarning,
    SlaWithdrawn,
    TicketAssigned,
    TicketClosed,
    TicketMerged,
    TicketOpened,
    TicketQueued,
    TicketReopened,
    TicketResolved,
)
from shared.contracts.vocabulary import (
    EscalationOutcome,
    Metric,
    Priority,
    QueueReason,
    SentimentLabel,
)
from tests.support.builders import MONDAY_10, PAYLOAD_EXAMPLES, a, an_event
from tests.support.telling import ANA, EVERYBODY, LENA, MARA, SOFIA, Story, muted, told, why_not

MINUTE = timedelta(minutes=1)


def an_open_ticket(**choices: object) -> Story:
    """A ticket that Ana of the specialists works on, its opening already told."""
    story = Story(**choices)  # type: ignore[arg-type]
    story.hear(a(TicketOpened))
    story.hear(a(TicketQueued, level="tier_2", queue="specialists", notify=[]))
    story.hear(a(TicketAssigned, agent_id="ana", team="specialists", level="tier_2"))
    story.deliver()
    return story


def a_warning(percent: int, **changes: object) -> SlaWarning:
    return a(SlaWarning, threshold_percent=percent, **changes)


def test_the_customer_hears_that_the_ticket_is_there() -> None:
    assert [("acme", "email", "received")] == told(Story().hear(a(TicketOpened)))


def test_the_plan_holds_no_address_and_no_subject_line() -> None:
    story = an_open_ticket()
    planned = story.hear(a(TicketOpened)) + story.hear(a(EscalationRaised))

    written = repr([p.fields for p in planned]) + repr([(p.target, p.role) for p in planned])
    assert "Checkout" not in written
    assert "@" not in written


def test_the_assignee_is_warned() -> None:
    assert [("ana", "email", "warning")] == told(an_open_ticket().hear(a_warning(50)))


def test_L1_without_an_assignee_whoever_leads_the_team_is_warned() -> None:
    story = Story()
    story.hear(a(TicketOpened))
    story.hear(a(TicketQueued, level="tier_2", queue="specialists", notify=[]))

    assert [("sofia", "email", "warning")] == told(story.hear(a_warning(50)))


def test_managers_are_those_of_the_team_or_of_no_team() -> None:
    of_specialists = an_open_ticket().hear(a_warning(90))
    story = an_open_ticket()
    story.hear(a(TicketAssigned, agent_id="elif", team="engineering"))
    of_engineering = story.hear(a_warning(90))

    assert ["ana", "mara"] == [n.recipient_id for n in of_specialists]
    assert ["elif", "lena"] == [n.recipient_id for n in of_engineering]


def test_L3_an_escalation_pages_who_is_on_call_now_and_the_managers_of_its_team() -> None:
    planned = an_open_ticket().hear(a(EscalationRaised))

    assert [
        ("acme", "email", "escalated"),
        ("mara", "webhook", "handoff"),
        ("sofia", "webhook", "handoff"),
    ] == told(planned)


def test_D8_one_person_in_several_roles_hears_a_fact_once_a_channel() -> None:
    boss = muted(MARA, MONDAY_10)
    story = an_open_ticket(people=[*EVERYBODY[:2], boss, LENA, ANA])

    planned = story.hear(a(EscalationRaised, audience=["support_manager", "team_managers"]))

    assert 1 == [n.recipient_id for n in planned].count("mara")


def test_the_audience_a_fact_names_is_told_even_where_no_rule_says_so() -> None:
    planned = an_open_ticket().hear(
        a(EscalationAdvanced, to_team="specialists", audience=["support_manager"])
    )

    assert [("mara", "webhook", "handoff"), ("sofia", "webhook", "handoff")] == told(planned)


def test_X9_an_advance_tells_the_summary_of_its_own_hand_off() -> None:
    story = an_open_ticket()
    story.hear(a(EscalationRaised))
    newer = Handoff(summary="It got worse.", timeline=[], sentiment=SentimentLabel.ANGRY)

    [page, *_] = story.hear(a(EscalationAdvanced, audience=["support_manager"], handoff=newer))

    assert ("It got worse.", "angry") == (page.fields["summary"], page.fields["sentiment_label"])


def test_G11_a_starting_level_pages_nobody_and_tells_only_whom_it_names() -> None:
    planned = an_open_ticket().hear(
        a(
            EscalationRaised,
            reason="vip_customer",
            acknowledge_by=None,
            audience=["support_manager"],
        )
    )

    assert ["mara"] == [n.recipient_id for n in planned]


def test_a_channel_the_person_does_not_have_is_replaced_by_its_fallback() -> None:
    planned = an_open_ticket().hear(a(EscalationAdvanced, to_team="engineering", audience=[]))

    assert [("elif", "email", "handoff")] == told(planned)


def test_a_channel_without_a_sender_is_replaced_too() -> None:
    story = an_open_ticket(channels=["email"])

    planned = story.hear(a(EscalationAdvanced, to_team="specialists", audience=[]))

    assert [("sofia", "email", "handoff")] == told(planned)


def test_nobody_reachable_is_said_and_never_silent() -> None:
    story = an_open_ticket(people=[SOFIA])

    planned = story.hear(a(EscalationRaised, to_team="engineering", audience=["duty_manager"]))

    assert [
        ("duty_manager", "unreachable"),
        ("on_call", "unreachable"),
        ("team_managers", "unreachable"),
    ] == why_not(planned)


def test_somebody_without_a_channel_of_ours_is_unreachable() -> None:
    story = an_open_ticket(people=[MARA, SOFIA, ANA], channels=["email"])

    assert [("mara", "unreachable")] == why_not(story.hear(a(SlaBreached)))


def test_who_is_muted_is_not_told_until_the_mute_is_over() -> None:
    quiet = muted(ANA, MONDAY_10 + 5 * MINUTE)
    story = an_open_ticket(people=[SOFIA, quiet])

    before = story.hear(a_warning(50), at=MONDAY_10 + 4 * MINUTE)
    after = story.hear(a_warning(50, cycle=2), at=MONDAY_10 + 5 * MINUTE)

    assert [("ana", "muted")] == why_not(before)
    assert [] == why_not(after)


def test_G9_the_people_a_routing_rule_names_are_told_once() -> None:
    story = Story()
    story.hear(a(TicketOpened))
    queued = a(TicketQueued, level="tier_2", notify=["manager_escalation"], cc=["support_manager"])

    first = story.hear(queued)
    again = story.hear(
        a(TicketQueued, level="tier_2", reason=QueueReason.RELEASED), at=MONDAY_10 + MINUTE
    )

    assert [("mara", "webhook", "routed"), ("sofia", "email", "routed")] == told(first)
    assert [] == again


def test_L9_of_one_clock_only_the_highest_threshold_that_is_not_sent_yet_is_told() -> None:
    story = an_open_ticket()
    half = story.hear(a_warning(50))
    most = story.hear(a_warning(90))
    breach = story.hear(a(SlaBreached))

    assert [("ana", "superseded")] == why_not([story.now(n) for n in half])
    assert [("ana", "superseded"), ("mara", "superseded")] == why_not([story.now(n) for n in most])
    assert [] == why_not([story.now(n) for n in breach])


def test_L9_a_threshold_nobody_is_told_of_supersedes_nothing() -> None:
    story = an_open_ticket()
    half = story.hear(a_warning(50))

    story.hear(a_warning(75))

    assert [] == why_not([story.now(n) for n in half])


def test_L9_another_clock_supersedes_nothing() -> None:
    story = an_open_ticket()
    half = story.hear(a_warning(50))

    story.hear(a_warning(90, metric=Metric.RESOLUTION))
    story.hear(a_warning(90, cycle=2))

    assert [] == why_not([story.now(n) for n in half])


@pytest.mark.parametrize("said", [TicketResolved, TicketClosed, TicketMerged])
def test_L8_solve_and_merge_cancel_what_is_not_begun(said: type[Payload]) -> None:
    story = an_open_ticket()
    waiting = story.hear(a(SlaBreached)) + story.hear(a(EscalationRaised))

    story.hear(a(said), at=MONDAY_10 + MINUTE)

    assert {"cancelled"} == {reason for _, reason in why_not([story.now(n) for n in waiting])}
    assert len(waiting) == len(why_not([story.now(n) for n in waiting]))


def test_L8_what_is_being_sent_is_not_tried_again() -> None:
    story = an_open_ticket()
    [begun] = story.hear(a_warning(50))
    story.begin()
    story.hear(a(SlaMet))

    assert (Status.LEASED, "cancelled") == (story.now(begun).status, story.now(begun).reason)


def test_L8_a_fact_about_the_time_before_the_solution_comes_too_late_to_be_told() -> None:
    story = an_open_ticket()
    story.hear(a(TicketResolved), at=MONDAY_10 + 2 * MINUTE)

    assert [("ana", "cancelled")] == why_not(story.hear(a_warning(50), at=MONDAY_10 + MINUTE))


def test_after_a_reopening_people_are_told_again() -> None:
    story = an_open_ticket()
    story.hear(a(TicketResolved), at=MONDAY_10 + MINUTE)
    story.hear(a(TicketReopened), at=MONDAY_10 + 2 * MINUTE)

    assert [] == why_not(story.hear(a_warning(50, cycle=2), at=MONDAY_10 + 3 * MINUTE))


def test_a_met_clock_cancels_its_own_warnings_and_no_others() -> None:
    story = an_open_ticket()
    own = story.hear(a_warning(50))
    other = story.hear(a_warning(50, metric=Metric.RESOLUTION), at=MONDAY_10 + MINUTE)

    story.hear(a(SlaMet))

    assert [("ana", "cancelled")] == why_not([story.now(n) for n in own + other])


def test_K1_a_late_stop_cancels_warnings_and_leaves_the_breach() -> None:
    story = an_open_ticket()
    breach = story.hear(a(SlaBreached))
    reminder = story.hear(a_warning(150, metric=Metric.RESOLUTION))

    story.hear(a(SlaClosedLate))
    story.hear(a(SlaClosedLate, metric=Metric.RESOLUTION))

    assert [] == why_not([story.now(n) for n in breach])
    assert [("mara", "cancelled")] == why_not([story.now(n) for n in reminder])


def test_L4_an_acknowledgement_stops_pages_and_reminders_and_no_breach() -> None:
    story = an_open_ticket()
    breach = story.hear(a(SlaBreached, metric=Metric.RESOLUTION))
    reminder = story.hear(a_warning(150))
    pages = story.hear(a(EscalationRaised))

    story.hear(a(EscalationAcknowledged), at=MONDAY_10 + MINUTE)
    later = story.hear(a_warning(150, cycle=2), at=MONDAY_10 + 2 * MINUTE)
    expired = story.hear(a_warning(150, cycle=3), at=MONDAY_10 + 60 * MINUTE)

    dropped = why_not([story.now(n) for n in reminder + pages])
    assert [("mara", "cancelled"), ("mara", "cancelled"), ("sofia", "cancelled")] == dropped
    assert [] == why_not([story.now(n) for n in breach])
    assert [("mara", "cancelled")] == why_not(later)
    assert [] == why_not(expired)


def test_an_escalation_taken_back_is_no_solution_for_the_customer() -> None:
    story = an_open_ticket()
    story.hear(a(EscalationRaised))
    cancelled = story.hear(a(EscalationResolved, outcome=EscalationOutcome.DE_ESCALATED))
    story.hear(a(EscalationRaised), at=MONDAY_10 + MINUTE)
    solved = story.hear(a(EscalationResolved), at=MONDAY_10 + 2 * MINUTE)

    assert [] == told(cancelled)
    assert [("acme", "email", "follow_up")] == told(solved)


def test_T3_a_withdrawn_breach_is_corrected_for_those_who_were_told_and_nobody_else() -> None:
    story = an_open_ticket()
    breach = story.hear(a(SlaBreached))
    story.deliver(only="ana")

    corrections = story.hear(a(SlaWithdrawn))

    assert [("ana", "email", "correction")] == told(corrections)
    assert [("mara", "cancelled")] == why_not([story.now(n) for n in breach])


def test_T3_who_may_have_been_told_is_corrected_too() -> None:
    story = an_open_ticket()
    story.hear(a(SlaBreached))
    story.deliver(Outcome.UNKNOWN, only="ana")
    story.deliver(Outcome.RETRY, only="mara")

    assert [("ana", "email", "correction")] == told(story.hear(a(SlaWithdrawn)))


def test_T3_an_escalation_that_rested_on_the_breach_makes_no_second_correction() -> None:
    story = an_open_ticket()
    story.hear(a(SlaBreached))
    story.hear(a(EscalationRaised))
    story.deliver()

    first = story.hear(a(SlaWithdrawn))
    second = story.hear(a(EscalationResolved, outcome=EscalationOutcome.CANCELLED))

    assert ["ana", "mara"] == sorted(n.recipient_id for n in first)
    assert [("sofia", "webhook", "correction")] == told(second)


def test_T3_a_withdrawn_warning_leaves_the_others_alone() -> None:
    story = an_open_ticket()
    story.hear(a_warning(50))
    story.deliver()
    story.hear(a_warning(90))
    story.deliver()

    corrections = story.hear(a(SlaWithdrawn, threshold_percent=90))

    assert ["ana", "mara"] == sorted(n.recipient_id for n in corrections)


def test_facts_that_come_before_the_opening_plan_what_they_can() -> None:
    planned = Story().hear(a(EscalationRaised))

    assert [("customer", "unreachable")] == why_not(planned)


def urgencies(planned: list[Notification]) -> list[tuple[str, str]]:
    return sorted((n.recipient_id, n.urgency.value) for n in planned if n.role != "customer")


def test_D4_an_escalation_of_a_critical_ticket_or_to_the_last_level_is_a_page() -> None:
    critical = an_open_ticket().hear(a(EscalationRaised))
    other = an_open_ticket().hear(a(EscalationRaised, priority=Priority.LOW))
    top = an_open_ticket().hear(
        a(EscalationRaised, priority=Priority.LOW, level="management", audience=[])
    )

    assert [("mara", "page"), ("sofia", "page")] == urgencies(critical)
    assert [("mara", "normal"), ("sofia", "normal")] == urgencies(other)
    assert [("mara", "page"), ("sofia", "page")] == urgencies(top)


def test_D4_the_first_a_person_hears_of_a_critical_ticket_and_its_breach_are_pages() -> None:
    story = an_open_ticket()
    first = story.hear(a_warning(50))
    story.deliver()
    later = story.hear(a_warning(90))
    breach = story.hear(a(SlaBreached))

    assert [("ana", "page")] == urgencies(first)
    assert [("ana", "normal"), ("mara", "page")] == urgencies(later)
    assert [("ana", "page"), ("mara", "page")] == urgencies(breach)


def test_D4_a_first_warning_that_gives_way_to_the_next_leaves_that_one_the_first() -> None:
    story = an_open_ticket()
    story.hear(a_warning(50))

    assert [("ana", "page"), ("mara", "page")] == urgencies(story.hear(a_warning(90)))


def test_V11_a_ticket_that_begins_at_a_level_is_told_once_bundled_and_pages_nobody() -> None:
    story = an_open_ticket()
    planned = story.hear(
        a(
            EscalationRaised,
            reason="vip_customer",
            acknowledge_by=None,
            audience=["support_manager"],
            priority=Priority.HIGH,
        )
    )

    assert [("mara", "normal")] == urgencies(planned)


def test_L9_the_breach_is_told_and_no_reminder_after_it() -> None:
    story = an_open_ticket()
    breach = story.hear(a(SlaBreached))
    reminder = story.hear(a_warning(150))
    story.deliver()
    later = story.hear(a_warning(150, metric=Metric.RESOLUTION))

    assert [] == why_not([story.now(n) for n in breach])
    assert [("mara", "superseded")] == why_not(reminder)
    assert [] == why_not(later)


def test_L9_the_people_of_a_level_passed_over_get_a_line_and_no_page() -> None:
    story = an_open_ticket()
    pages = story.hear(a(EscalationRaised, audience=[]))
    further = story.hear(a(EscalationAdvanced, to_team="engineering", audience=[]))

    assert [("mara", "superseded"), ("sofia", "superseded")] == why_not(
        [story.now(n) for n in pages]
    )
    assert [
        ("elif", "email", "handoff"),
        ("mara", "webhook", "passed_over"),
        ("sofia", "webhook", "passed_over"),
    ] == told(further)
    assert {"page": 1, "normal": 2} == Counter(n.urgency.value for n in further)


def test_L9_as_long_as_nobody_further_up_is_paged_a_page_stays() -> None:
    story = an_open_ticket(people=[SOFIA, ANA])
    pages = story.hear(a(EscalationRaised, audience=[]))
    story.hear(a(EscalationAdvanced, to_team="nowhere", audience=[]))

    assert Status.PENDING is story.now(next(n for n in pages if n.recipient_id == "sofia")).status


_facts = st.lists(
    st.tuples(st.sampled_from(PAYLOAD_EXAMPLES), st.integers(0, 30)).filter(
        lambda pair: "notification" not in type(pair[0]).__name__.lower()
    ),
    max_size=15,
)


@given(facts=_facts, outcomes=st.lists(st.sampled_from([None, *Outcome]), max_size=15))
@settings(max_examples=150, deadline=None)
def test_H12_a_fact_heard_again_plans_nothing_more(
    facts: list[tuple[Payload, int]], outcomes: list[Outcome | None]
) -> None:
    story = Story()
    for n, (said, minutes) in enumerate(facts):
        event = an_event(said, at=MONDAY_10 + minutes * MINUTE, sequence=n + 1)
        story.hear_event(event)
        if outcome := dict(enumerate(outcomes)).get(n):
            story.deliver(outcome)
        before = dict(story.state.notifications)
        again = story.hear_event(event)

        assert [] == again
        assert before.keys() == story.state.notifications.keys()


@given(facts=_facts)
@settings(max_examples=100, deadline=None)
def test_D8_nobody_ever_gets_two_messages_of_one_fact_over_one_channel(
    facts: list[tuple[Payload, int]],
) -> None:
    story = Story()
    for n, (said, minutes) in enumerate(facts):
        story.hear_event(an_event(said, at=MONDAY_10 + minutes * MINUTE, sequence=n + 1))

    keys: list[tuple[UUID, str, str]] = [
        (n.about.fact_id, n.recipient_id, n.channel) for n in story.state.notifications.values()
    ]
    assert len(set(keys)) == len(keys)
