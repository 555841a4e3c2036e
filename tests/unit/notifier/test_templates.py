"""Templates: what they may do, and what no value can do to them."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.domain.message import compose
from services.notifier.domain.templates import (
    BUILT_IN,
    MAX_BODY,
    MAX_SUBJECT,
    TemplateRefusedError,
    Templates,
    clean_line,
)
from services.notifier.domain.wording import at_clock, in_words, lasting
from shared.policy import Template, load_workflow
from shared.policy.notification import TEMPLATE_FIELDS
from tests.support.builders import MONDAY_10
from tests.support.messages import a_notification


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{{ 'A' * 100000000 }}", "mul"),
        ("{{ reference.__class__ }}", "getattr"),
        ("{{ reference['x'] }}", "getitem"),
        ("{{ reference|upper }}", "filter"),
        ("{{ range(9) }}", "call"),
        ("{% for x in reference %}{% endfor %}", "for"),
        ("{% set x = 1 %}", "assign"),
        ("{% include 'x' %}", "include"),
        ("{{ prioritty }}", "no field 'prioritty'"),
        ("{{", "end of template"),
    ],
)
def test_S23_a_template_that_does_more_than_fill_in_fields_is_refused(
    text: str, complaint: str
) -> None:
    with pytest.raises(TemplateRefusedError, match=complaint):
        Templates({"mine": Template(None, text)})


def test_every_template_of_the_packaged_workflow_can_be_used() -> None:
    policy = load_workflow(None)
    templates = Templates(policy.notification.templates)

    assert all(rule.template in templates for rule in policy.notification.rules)
    assert all(name in templates for name in BUILT_IN)


def test_a_field_nobody_knows_is_empty_and_a_condition_on_it_is_false() -> None:
    templates = Templates(
        {"mine": Template("[{{ reason }}]", "{% if reason %}because{% else %}no reason{% endif %}")}
    )

    assert ("[]", "no reason") == templates.render("mine", {})
    assert ("[late]", "because") == templates.render("mine", {"reason": "late"})


def test_what_a_customer_writes_is_never_a_template() -> None:
    templates = Templates({"mine": Template("{{ subject_line }}", "x")})

    assert "{{ 7 * 7 }}" == templates.render("mine", {"subject_line": "{{ 7 * 7 }}"})[0]


@given(st.dictionaries(st.sampled_from(TEMPLATE_FIELDS), st.text(max_size=2000)))
@settings(max_examples=100, deadline=None)
def test_S24_a_message_is_bounded_and_its_subject_is_one_clean_line(values: dict[str, str]) -> None:
    everything = " ".join(f"{{{{ {name} }}}}" for name in TEMPLATE_FIELDS)
    templates = Templates({"mine": Template(everything, f"{everything}\n{everything}")})

    subject, body = templates.render("mine", values)

    assert len(subject) <= MAX_SUBJECT
    assert len(body) <= MAX_BODY
    assert len(subject.splitlines()) <= 1
    assert subject == clean_line(subject)
    assert "=?" not in subject


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("a\r\nb\tc", "a b c"),
        ("a\x00\x1b[31mb", "a[31mb"),
        ("\u202eevil\u2066\ufeff\u200b", "evil"),
        ("x\u2028y\u2029z\x85w", "x y z w"),
        ("=?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("\ud800lone", "lone"),
        (None, ""),
        (0, "0"),
    ],
)
def test_S24_a_value_is_one_harmless_line(given: object, expected: str) -> None:
    assert expected == clean_line(given)


def test_a_long_value_is_cut_and_says_so() -> None:
    assert "aaaa…" == clean_line("a" * 9, limit=5)


def test_a_page_ends_with_the_link_and_the_ticket() -> None:
    message = compose(
        a_notification(template="handoff"),
        Templates({}),
        address="ana@acme.example",
        name="Ana",
        subject_line=None,
        acknowledge_link="https://t.example/a/x",
        now=MONDAY_10.replace(minute=25),
    )

    assert [
        "This happened 25 min ago.",
        "Take responsibility: https://t.example/a/x",
        f"Ticket {message.ticket_id}",
    ] == message.body.split("\n\n")[1:]


def test_a_customer_gets_no_link_and_no_footer() -> None:
    message = compose(
        a_notification(template="correction", role="customer"),
        Templates({}),
        address="jo@acme.example",
        name="",
        subject_line=None,
        acknowledge_link=None,
        now=MONDAY_10,
    )

    assert "Ticket" not in message.body


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (90, "1 min 30 s"),
        (3600, "1 h"),
        (3660, "1 h 1 min"),
        (86400 + 30, "1 d"),
        (100_000, "1 d 3 h"),
    ],
)
def test_durations_are_said_in_their_two_largest_units(seconds: int, expected: str) -> None:
    assert expected == lasting(timedelta(seconds=seconds))


def test_codes_and_instants_are_said_as_people_write_them() -> None:
    assert "first response" == in_words("first_response")
    assert "2026-06-01 10:00 UTC" == at_clock(MONDAY_10)
    assert "2026-06-01 10:00:07 UTC" == at_clock(MONDAY_10.replace(second=7))


TWO_LANGUAGES = Templates(
    {
        "mine": Template(
            "Hello", "{{ reason }}", others={"de": Template("Hallo", "weil {{ reason }}", "de")}
        )
    }
)


@pytest.mark.parametrize(
    ("wanted", "chosen"),
    [
        (["de"], "de"),
        (["de-AT"], "de"),
        (["DE_ch"], "de"),
        (["it", "de"], "de"),
        (["it"], "en"),
        ([None, ""], "en"),
        (["en", "de"], "en"),
    ],
)
def test_D6_the_language_is_the_first_wanted_one_that_a_template_has(
    wanted: list[str | None], chosen: str
) -> None:
    assert TWO_LANGUAGES.language("mine", wanted) == chosen


def test_a_translation_is_rendered_with_the_same_fields() -> None:
    assert ("Hallo", "weil so") == TWO_LANGUAGES.render("mine", {"reason": "so"}, "de")
    assert ("Hello", "so") == TWO_LANGUAGES.render("mine", {"reason": "so"})


def test_S23_a_translation_is_held_to_the_same_rules() -> None:
    others = {"de": Template(None, "{{ range(9) }}", "de")}

    with pytest.raises(TemplateRefusedError, match="call"):
        Templates({"mine": Template(None, "fine", others=others)})


def test_a_list_is_a_clean_line_for_each() -> None:
    templates = Templates({"mine": Template(None, "Look:\n{{ articles }}")})
    lines = ("- one\r\nBcc: x", "- two")

    assert templates.render("mine", {"articles": lines})[1] == "Look:\n- one Bcc: x\n- two"


def test_what_is_not_known_leaves_no_gap() -> None:
    text = "Hello.\n\n{% if reason %}{{ reason }}{% endif %}\n{% if agent %}{% endif %}\n\nBye."

    assert Templates({"mine": Template(None, text)}).render("mine", {})[1] == "Hello.\n\nBye."


@pytest.mark.parametrize("language", ["en", "de", "fr", "es"])
def test_D6_the_packaged_acknowledgement_says_the_same_in_every_language(language: str) -> None:
    templates = Templates(load_workflow(None).notification.templates)
    fields = {
        "reference": "#12345678",
        "first_response_due": "ONE",
        "resolution_due": "TWO",
        "articles": ("- three",),
    }
    subject, body = templates.render("received", fields, language)
    _, bare = templates.render("received", {"reference": "#12345678"}, language)

    assert "#12345678" in subject
    assert all(said in body for said in ("#12345678", "ONE", "TWO", "- three"))
    assert "\n" not in bare
