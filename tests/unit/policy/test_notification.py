"""Who is told, and who is on call."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.policy import Rotation, Template, WorkflowError, load_workflow, parse_workflow

MONDAY = datetime(2026, 6, 1, 10, tzinfo=UTC)
BERLIN = """\
on_call:
  specialists: {rotation: [ana, ben, cy], handover: "mon 09:00", zone: Europe/Berlin}
  frontline: {rotation: [dee, eve], handover: "08:30"}
"""


def test_a_rule_without_a_threshold_hears_every_warning() -> None:
    policy = parse_workflow(
        "notifications: {rules: ["
        "{name: every, on: sla.warning, to: assignee, via: [log], template: warning}, "
        "{name: late, on: sla.warning, threshold: 90, to: assignee, via: [log], template: warning}]}"
    ).notification

    assert ["every"] == [rule.name for rule in policy.matching("sla.warning", {}, threshold=50)]
    assert ["every", "late"] == [
        rule.name for rule in policy.matching("sla.warning", {}, threshold=90)
    ]
    assert () == policy.matching("sla.breached", {})


def test_L6_a_rule_for_what_is_overdue_hears_every_reminder_and_no_warning_before() -> None:
    policy = parse_workflow(
        "notifications: {rules: [{name: late, on: sla.warning, threshold: overdue, "
        "to: assignee, via: [log], template: warning}]}"
    ).notification

    heard = [
        percent
        for percent in (50, 100, 125, 400)
        if policy.matching("sla.warning", {}, threshold=percent)
    ]
    assert [125, 400] == heard


def test_D4_what_a_person_is_spared_has_defaults_and_can_be_changed() -> None:
    packaged = load_workflow(None).notification.noise
    own = parse_workflow(
        "notifications:\n"
        "  bundle: 0\n"
        "  budget: {messages: 5}\n"
        "  digest: {every: 4_hours}\n"
        "  quiet_hours: {calendar: office, except: {levels: [tier_4], priorities: [high]}}\n"
    ).notification.noise

    assert (60, 20, 6, 3600, None) == (
        packaged.bundle.total_seconds(),
        packaged.messages,
        packaged.sms,
        packaged.every.total_seconds(),
        packaged.quiet,
    )
    assert (0, 5, 6, 14400) == (
        own.bundle.total_seconds(),
        own.messages,
        own.sms,
        own.every.total_seconds(),
    )
    assert own.quiet is not None
    assert ("office", {"management"}, {"high"}) == (
        own.quiet.calendar.name,
        set(own.quiet.levels),
        set(own.quiet.priorities),
    )


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("digest: {every: 2_days}", "notifications.digest.every"),
        ("bundle: soon", "notifications.bundle"),
        ("budget: {messages: 0}", "notifications.budget.messages"),
        ("quiet_hours: {calendar: nights}", 'no calendar "nights"'),
        (
            "rules: [{on: ticket.rated, to: assignee, via: [log], template: breach, digest: true, immediate: true}]",
            "not both",
        ),
        (
            "rules: [{on: sla.warning, threshold: often, to: assignee, via: [log], template: breach}]",
            "a percent from 1 to 1000 or overdue",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused(written: str, said: str) -> None:
    with pytest.raises(WorkflowError, match=re.escape(said)):
        parse_workflow(f"notifications:\n  {written}\n")


def test_a_condition_decides_whether_a_rule_acts() -> None:
    policy = load_workflow(None).notification

    def told(tier: str) -> set[str]:
        rules = policy.matching("sla.breached", {"customer_tier": tier})
        return {role for rule in rules for role in rule.to}

    assert {"customer_success_director"} == told("enterprise") - told("standard")


def test_an_audience_stands_for_its_roles_however_deep() -> None:
    policy = parse_workflow(
        "audiences: {a: [b, team_lead], b: [on_call, c], c: [on_call, assignee]}\n"
    ).notification

    assert ("on_call", "assignee", "team_lead") == policy.audience("a")
    assert ("customer",) == policy.audience("customer")


def test_audiences_in_a_circle_end() -> None:
    policy = parse_workflow("audiences: {a: [a, team_lead]}\n").notification

    assert ("a",) == policy.audience("a")


def test_a_weekly_rotation_changes_at_its_local_handover() -> None:
    policy = parse_workflow(BERLIN).notification
    handover = datetime(2026, 6, 1, 7, tzinfo=UTC)

    before = policy.on_call("specialists", handover - timedelta(milliseconds=1))
    after = [policy.on_call("specialists", handover + timedelta(weeks=week)) for week in range(4)]
    assert after[2] == before
    assert {"ana", "ben", "cy"} == set(after)
    assert after[0] == after[3]


def test_C2_the_handover_stays_at_nine_when_clocks_change() -> None:
    policy = parse_workflow(BERLIN).notification

    def at(day: int, hour: int, month: int) -> str | None:
        return policy.on_call("specialists", datetime(2026, month, day, hour, tzinfo=UTC))

    assert at(23, 7, 3) != at(23, 8, 3)  # winter: 09:00 is 08:00Z
    assert at(30, 6, 3) != at(30, 7, 3)  # summer: 09:00 is 07:00Z


def test_a_daily_rotation_changes_every_day() -> None:
    policy = parse_workflow(BERLIN).notification
    first = datetime(2026, 6, 1, 8, 30, tzinfo=UTC)

    holders = [policy.on_call("frontline", first + timedelta(days=day)) for day in range(4)]
    assert holders[0] == holders[2]
    assert holders[1] == holders[3]
    assert {"dee", "eve"} == set(holders)


def test_a_team_without_a_rotation_has_nobody_on_call() -> None:
    assert load_workflow(None).notification.on_call("specialists", MONDAY) is None


@given(st.integers(0, 4_000_000_000).map(lambda second: datetime.fromtimestamp(second, UTC)))
def test_somebody_is_on_call_at_every_instant_and_only_handovers_change_it(at: datetime) -> None:
    rotation = Rotation(("ana", "ben", "cy"), ZoneInfo("Europe/Berlin"), 7, 0, 9 * 60)
    local = at.astimezone(rotation.zone)

    assert rotation.holder(at) in rotation.members
    if local.weekday() != 0:
        assert rotation.holder(at) == rotation.holder(at.replace(minute=0, second=0, microsecond=0))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "notifications: {rules: [{on: ticket.opened, to: customr, via: [email], template: received}]}",
            'no audience "customr", did you mean "customer"',
        ),
        (
            "notifications: {rules: [{on: ticket.opened, to: customer, via: [emial], template: received}]}",
            'no channel "emial", did you mean "email"',
        ),
        (
            "notifications: {rules: [{on: ticket.opened, to: customer, via: [email], template: recieved}]}",
            'no template "recieved", did you mean "received"',
        ),
        (
            "notifications: {rules: [{on: ticket.opened, to: customer, template: received}]}",
            "via: is missing",
        ),
        (
            "templates: {received: {body: 'Hi {{ refrence }}'}}",
            'no field "refrence" for templates, did you mean "reference"',
        ),
        (
            "templates: {received: {body: Hi, languages: {de: {body: '{{ refrence }}'}}}}",
            'no field "refrence" for templates, did you mean "reference"',
        ),
        (
            "templates: {received: {body: Hi, languages: {de-AT: {body: Hallo}}}}",
            "a language is written like en or de",
        ),
        (
            "templates: {received: {body: Hi, languages: {de: {subject: Hallo}}}}",
            "body: is missing",
        ),
        ("templates: {received: {body: Hi, language: English}}", "a language is written like"),
        ("templates: {received: {body: 'Hi {{ reference | upper }}'}}", "only {{ field }} and"),
        ("templates: {received: {body: '{% for a in b %}'}}", "only {{ field }} and"),
        ("templates: {received: {body: '{% if agent %}'}}", "needs its {% endif %}"),
        (
            "on_call: {specialist: {rotation: [a], handover: '09:00'}}",
            'no team "specialist", did you mean "specialists"',
        ),
        ("on_call: {specialists: {rotation: [], handover: '09:00'}}", "at least one entry"),
        (
            "on_call: {specialists: {rotation: [a], handover: '25:00'}}",
            '"mon 09:00" or "09:00" is expected',
        ),
        (
            "on_call: {specialists: {rotation: [a], handover: 'mod 09:00'}}",
            'no day of the week "mod", did you mean "mon"',
        ),
        (
            "on_call: {specialists: {rotation: [a], handover: '09:00', zone: Europe/Berln}}",
            'no time zone "Europe/Berln", did you mean "Europe/Berlin"',
        ),
    ],
)
def test_a_name_that_leads_nowhere_is_refused_with_the_nearest_one(text: str, problem: str) -> None:
    with pytest.raises(WorkflowError, match=re.escape(problem)):
        parse_workflow(text)


def test_a_template_has_its_words_in_several_languages() -> None:
    text = "templates: {received: {subject: S, body: B, language: fr, languages: {de: {body: D}}}}"
    template = parse_workflow(text).notification.templates["received"]

    assert (template.body, template.language) == ("B", "fr")
    assert template.others == {"de": Template("S", "D", "de")}


def test_whoever_replaces_a_template_replaces_its_translations() -> None:
    policy = parse_workflow("templates: {received: {body: B}}")

    assert policy.notification.templates["received"].others == {}
