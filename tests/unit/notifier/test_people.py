"""Who hears it instead of whom, over which channel, and how addresses look."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.domain.absence import delegate_fault, stands_in
from services.notifier.domain.channels import channels_for, next_channel
from services.notifier.domain.notification import Urgency
from services.notifier.domain.recipient import Away, Recipient
from services.notifier.domain.unheard import unheard
from services.notifier.senders.forms import fault_of, shown
from shared.contracts import (
    EscalationRaised,
    SlaBreached,
    TicketAssigned,
    TicketOpened,
    TicketQueued,
)
from tests.support.builders import MONDAY_10, a
from tests.support.telling import ANA, ELIF, EVERYBODY, LENA, MARA, SOFIA, Story, told, why_not

DAY = timedelta(days=1)


def away(person: Recipient, delegate: str | None = None, *, days: int = 1) -> Recipient:
    """That person, out of office since an hour ago."""
    absence = Away(since=MONDAY_10 - DAY / 24, until=MONDAY_10 + days * DAY, delegate=delegate)
    return replace(person, away=absence)


def named(*names: str) -> list[Recipient]:
    return [Recipient(recipient_id=name, channels={"log": ""}) for name in names]


def chain(*delegates: str | None) -> list[Recipient]:
    """a, b, c, … who are away, each with their delegate; whoever comes after is there."""
    people = named(*"abcdefg")
    gone = [away(one, to) for one, to in zip(people, delegates, strict=False)]
    return [*gone, *people[len(gone) :]]


@pytest.mark.parametrize(
    ("delegates", "heard_by"),
    [
        ([], "a"),
        (["b"], "b"),
        (["b", "c"], "c"),
        (["b", "c", "d"], "d"),
        (["b", "c", "d", "e"], None),
        (["b", "a"], None),
        (["a"], None),
        ([None], None),
        (["z"], None),
        (["b", None], None),
    ],
)
def test_a_message_is_passed_on_three_times_at_most(
    delegates: list[str | None], heard_by: str | None
) -> None:
    known = {one.recipient_id: one for one in chain(*delegates)}
    found = stands_in(known["a"], known.get, MONDAY_10)

    assert heard_by == (found.recipient_id if found else None)


@given(st.lists(st.sampled_from([None, *"abcdefg"]), max_size=7))
def test_whoever_stands_in_is_there_and_a_chain_ends(delegates: list[str | None]) -> None:
    known = {one.recipient_id: one for one in chain(*delegates)}
    found = stands_in(known["a"], known.get, MONDAY_10)

    assert found is None or found.away is None


@given(st.lists(st.sampled_from([None, *"abcdefg"]), max_size=7))
def test_what_is_accepted_leads_nowhere_back(delegates: list[str | None]) -> None:
    known: dict[str, Recipient] = {one.recipient_id: one for one in chain()}
    for gone in chain(*delegates):
        if delegate_fault(gone, known.get) is None:
            known[gone.recipient_id] = gone
    for name, one in known.items():
        seen, at = [name], one
        while at.away and at.away.delegate and len(seen) < 9:
            seen.append(at.away.delegate)
            at = known[at.away.delegate]

        assert len(seen) == len(set(seen)), seen


def test_two_people_may_stand_in_for_each_other_one_after_the_other() -> None:
    ana, ben = named("ana", "ben")
    ana = away(ana, "ben")
    later = Away(since=MONDAY_10 + 2 * DAY, until=MONDAY_10 + 3 * DAY, delegate="ana")
    ben = replace(ben, away=later)
    known = {"ana": ana, "ben": ben}

    assert (None, None) == (delegate_fault(ana, known.get), delegate_fault(ben, known.get))


def test_the_delegate_hears_it_in_the_role_of_who_is_away_and_is_told_so() -> None:
    story = Story(people=[*EVERYBODY[:2], away(MARA, "ana"), ANA])
    story.hear(a(TicketOpened))
    planned = story.hear(a(EscalationRaised, to_team="specialists", audience=["support_manager"]))
    (page,) = [one for one in planned if one.recipient_id == "ana"]

    assert "team_managers" == page.role
    assert "for Mara, who is away until 2026-06-02 10:00 UTC" == page.fields["on_behalf"]
    assert "mara" not in {one.recipient_id for one in planned}


def test_D8_a_delegate_who_is_told_anyway_is_told_once() -> None:
    story = Story(people=[away(SOFIA, "mara"), MARA])
    story.hear(a(TicketOpened))
    planned = story.hear(a(EscalationRaised, to_team="specialists", audience=[]))

    assert 1 == [one.recipient_id for one in planned].count("mara")


def test_L1_whoever_leads_the_team_is_warned_while_the_assignee_is_away() -> None:
    story = Story(people=[SOFIA, away(ANA), MARA])
    story.hear(a(TicketOpened))
    story.hear(a(TicketQueued, level="tier_2", queue="specialists", notify=[]))
    story.hear(a(TicketAssigned, agent_id="ana", team="specialists", level="tier_2"))

    assert "sofia" in {one for one, _, _ in told(story.hear(a(SlaBreached)))}


def test_L3_who_is_away_without_anybody_instead_cannot_be_told_and_it_is_said() -> None:
    story = Story(people=[away(SOFIA), away(MARA, "elif"), away(ELIF)])
    story.hear(a(TicketOpened))
    planned = story.hear(a(EscalationRaised, to_team="specialists", audience=[]))

    assert {("sofia", "unreachable"), ("mara", "unreachable")} <= set(why_not(planned))
    assert {planned[0].about.fact_id} == unheard(planned)


def test_L3_a_step_that_a_delegate_hears_is_heard() -> None:
    story = Story(people=[away(SOFIA, "lena"), LENA])
    story.hear(a(TicketOpened))
    planned = story.hear(a(EscalationRaised, to_team="specialists", audience=[]))

    assert set() == unheard(planned)


def test_the_on_call_people_of_a_level_are_told_wherever_the_ticket_is() -> None:
    story = Story()
    story.hear(a(TicketOpened))
    step = a(EscalationRaised, to_team="specialists", audience=["on_call:tier_3"])

    assert "elif" in {one.recipient_id for one in story.hear(step)}


PERSON = Recipient(
    recipient_id="p",
    channels={"email": "p@desk.example", "sms": "+491511234567", "slack": "C024BE91L"},
    prefer={"page": ("sms", "slack"), "calm": ("teams", "email")},
)


@pytest.mark.parametrize(
    ("urgency", "via", "on", "expected"),
    [
        (Urgency.PAGE, ["email"], ["email", "slack", "sms"], ["sms"]),
        (Urgency.PAGE, ["email"], ["email", "slack"], ["slack"]),
        (Urgency.PAGE, ["email"], ["email"], ["email"]),
        (Urgency.CALM, ["slack"], ["email", "slack"], ["email"]),
        (Urgency.NORMAL, ["slack", "email"], ["email", "slack"], ["slack", "email"]),
        (Urgency.NORMAL, ["webhook"], ["email", "slack", "webhook"], ["email"]),
        (Urgency.NORMAL, [], ["slack", "email"], ["slack"]),
        (Urgency.NORMAL, ["email"], [], []),
    ],
)
def test_D3_what_a_person_prefers_stands_before_what_a_rule_names(
    urgency: Urgency, via: list[str], on: list[str], expected: list[str]
) -> None:
    found = channels_for(PERSON, via, urgency=urgency, on=on, fallback={"webhook": "email"})

    assert expected == found


def test_D3_what_one_preferred_channel_cannot_deliver_goes_to_the_next_then_to_the_fallback() -> (
    None
):
    def after(failed: str, urgency: Urgency = Urgency.PAGE) -> str | None:
        on, fallback = ("email", "sms", "slack"), {"slack": "email", "email": "slack"}
        return next_channel(PERSON, failed, urgency=urgency, on=on, fallback=fallback)

    assert ("slack", "email", None) == (after("sms"), after("slack"), after("email"))
    assert ("slack", None) == (after("email", Urgency.NORMAL), after("sms", Urgency.NORMAL))


@pytest.mark.parametrize(
    ("channel", "good", "bad"),
    [
        ("email", "ana@desk.example", "ana@desk.example, ben@desk.example"),
        (
            "slack",
            "https://hooks.slack.com/services/T/B/x",
            "http://hooks.slack.com/services/T/B/x",
        ),
        ("slack", "U024BE91L", "#general"),
        ("slack", "http://127.0.0.1:9/x", "https://user:word@hooks.slack.com/x"),
        ("teams", "https://flows.example/x?sig=1", "flows.example/x"),
        ("pagerduty", "R0" * 16, "R0" * 15),
        ("pagerduty", "", "R0" * 15 + "é!"),
        ("sms", "+4915112345678", "+49 151 12345678"),
        ("sms", "+1202555012", "004915112345678"),
        ("webhook", "https://hooks.example/x", "https://hooks.example/\nx"),
        ("feed", "", "there"),
        ("apprise", "matrix", "matrix://secret@host"),
        ("log", "", "x"),
    ],
)
def test_S25_each_channel_has_its_form_of_address(channel: str, good: str, bad: str) -> None:
    assert None is fault_of(channel, good)
    assert fault_of(channel, bad)


@pytest.mark.parametrize(
    ("channel", "address", "said"),
    [
        ("slack", "https://hooks.slack.com/services/T/B/x", "https://hooks.slack.com/…"),
        ("slack", "C024BE91L", "C024BE91L"),
        ("pagerduty", "R0" * 16, "…"),
        ("webhook", "https://hooks.example:8443/x?token=1", "https://hooks.example/…"),
        ("email", "ana@desk.example", "ana@desk.example"),
        ("webhook", "no url", "…"),
    ],
)
def test_S14_an_address_that_is_a_secret_is_not_shown(
    channel: str, address: str, said: str
) -> None:
    assert said == shown(channel, address)
    assert said == address or fault_of(channel, said) is not None
