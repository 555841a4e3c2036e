"""Slack: who is let in, what opens and follows up, and what means nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.datastructures import Headers

from services.intake.channels import Call, SecretError, SignatureError, Source
from services.intake.channels.slack import plain, slack
from services.intake.domain.commands import Contact
from tests.support.chats import encoded, slack_event
from tests.support.signing import SECRETS, SIGNINGS

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
SIGNING = SIGNINGS["slack"]
CHANNEL = slack(SIGNING.source)


def call(body: object, at: datetime = NOW, **headers: str) -> Call:
    signed = SIGNING.call(at, body=encoded(body))
    return Call("POST", Headers({**signed.headers, **headers}), signed.raw)


def heard(body: object) -> Contact | None:
    """What the one member of a call says."""
    [member] = CHANNEL.members(call(body))
    parsed = CHANNEL.parse(member.raw)
    assert parsed.unreadable == ()
    contacts = [command for _, command in parsed.commands]
    assert len(contacts) <= 1
    return contacts[0] if contacts and isinstance(contacts[0], Contact) else None


def contact(**fields: Any) -> Contact:
    said = heard(slack_event(**fields))
    assert said is not None
    return said


@pytest.mark.parametrize("secret", SECRETS)
def test_S04_both_secrets_are_in_force(secret: str) -> None:
    CHANNEL.verify(SIGNING.call(NOW, body=encoded(slack_event()), secret=secret), NOW)


@pytest.mark.parametrize(
    ("changed", "at", "reason"),
    [
        ({"x-slack-signature": "v0=00"}, NOW, "signature"),
        ({"x-slack-signature": "v1=00"}, NOW, "malformed"),
        ({"x-slack-signature": "v0=\u00e4"}, NOW, "malformed"),
        ({"x-slack-request-timestamp": "1780308001"}, NOW, "signature"),
        ({"x-slack-request-timestamp": "\u00b2"}, NOW, "signature"),
        ({"x-slack-request-timestamp": ""}, NOW, "malformed"),
        ({}, NOW - timedelta(seconds=301), "timestamp"),
        ({}, NOW + timedelta(seconds=301), "timestamp"),
    ],
)
def test_anything_wrong_with_the_proof_is_a_refusal(
    changed: dict[str, str], at: datetime, reason: str
) -> None:
    with pytest.raises(SignatureError, match=reason):
        CHANNEL.verify(call(slack_event(), at, **changed), NOW)


def test_no_secret_never_means_no_verification() -> None:
    with pytest.raises(SecretError, match="has no secret"):
        slack(Source("slack", ()))


def test_the_challenge_is_given_back() -> None:
    greeting = CHANNEL.greet(call({"type": "url_verification", "challenge": "3eZbrw1aB"}))

    assert greeting is not None
    assert (greeting.content, greeting.media_type) == (b"3eZbrw1aB", "text/plain")


@pytest.mark.parametrize(
    "body",
    [
        slack_event(text="url_verification"),
        {"type": "url_verification"},
        b'"url_verification"',
        b"url_verification",
    ],
)
def test_what_is_no_challenge_is_not_greeted(body: object) -> None:
    assert CHANNEL.greet(call(body)) is None


def test_a_message_is_a_contact_in_the_thread_that_it_begins() -> None:
    said = contact(text="The export fails\nsince noon")

    assert said.external_id == "C1:1780308000.000100"
    assert said.customer.addresses == ("source:U1",)
    assert (said.subject, said.body) == ("The export fails", "The export fails\nsince noon")
    assert said.occurred_at == datetime(2026, 6, 1, 10, 0, 0, 100, tzinfo=UTC)
    assert (said.channel, said.automatic, said.session) == ("chat", False, False)


def test_a_reply_belongs_to_its_thread() -> None:
    reply = contact(ts="1780308060.000200", thread_ts="1780308000.000100")

    assert reply.external_id == "C1:1780308000.000100"


def test_the_event_id_tells_a_repeat() -> None:
    [member] = CHANNEL.members(call(slack_event()))

    assert member.key == "Ev1780308000.000100"


@pytest.mark.parametrize("fields", [{"bot_id": "B1"}, {"bot_id": "B1", "subtype": "bot_message"}])
def test_D5_what_bots_and_the_app_itself_write_is_automatic(fields: dict[str, str]) -> None:
    assert contact(**fields).automatic


@pytest.mark.parametrize("subtype", ["file_share", "me_message", "thread_broadcast"])
def test_people_write_in_several_ways(subtype: str) -> None:
    assert not contact(subtype=subtype).automatic


@pytest.mark.parametrize(
    "event",
    [
        {"subtype": "message_changed"},
        {"subtype": "message_deleted"},
        {"subtype": "channel_join"},
        {"subtype": "of next year"},
        {"type": "reaction_added"},
        {"type": "app_mention"},
        {"text": "  "},
    ],
)
def test_what_is_no_new_message_means_nothing(event: dict[str, str]) -> None:
    assert heard(slack_event(**event)) is None


@pytest.mark.parametrize("body", [{"type": "app_rate_limited"}, {"type": "of next year"}])
def test_other_calls_mean_nothing(body: dict[str, str]) -> None:
    assert heard(body) is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"not json", "malformed"),
        ({}, "no id in type"),
        ({"type": "event_callback"}, "no id in type"),
        (slack_event(user=None), "no id in user"),
        (slack_event(channel=7.5), "no id in channel"),
        (slack_event(ts=[]), "no id in ts"),
    ],
)
def test_a_message_that_cannot_be_understood_is_kept(body: object, told: str) -> None:
    [member] = CHANNEL.members(call(body))
    parsed = CHANNEL.parse(member.raw)

    assert parsed.commands == ()
    assert told in parsed.unreadable[0].detail


def test_files_are_noted_and_not_fetched() -> None:
    file = {"name": "log.txt", "mimetype": "text/plain", "size": 12, "url_private": "https://x"}

    [kept] = contact(text="", subtype="file_share", files=[file]).attachments

    assert (kept.name, kept.content_type, kept.size) == ("log.txt", "text/plain", 12)
    assert (kept.content, kept.refused) == (None, "not fetched")


@pytest.mark.parametrize(
    ("markup", "read"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<@U1> and <@U2|ana>", "@U1 and @ana"),
        ("see <#C1|general> or <#C2>", "see #general or #C2"),
        ("<!here> <!subteam^S1|@support> <!date^1^{date}|today>", "@here @support today"),
        ("<https://x.example/a|the page>", "the page (https://x.example/a)"),
        ("<https://x.example>", "https://x.example"),
        ("<mailto:a@x.example|a@x.example>", "a@x.example"),
        ("1 < 2 and a|b", "1 < 2 and a|b"),
    ],
)
def test_markup_is_read_as_people_see_it(markup: str, read: str) -> None:
    assert plain(markup) == read


def test_a_NUL_is_dropped() -> None:
    assert contact(text="a\0b").body == "ab"
