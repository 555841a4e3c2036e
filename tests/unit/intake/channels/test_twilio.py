"""Twilio: the vectors its libraries are tested with, one spelling a form, text messages and calls."""

from __future__ import annotations

from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from starlette.datastructures import Headers, QueryParams

from services.intake.channels import Call, SecretError, SignatureError, Source
from services.intake.channels.twilio import twilio
from services.intake.domain.commands import Contact
from tests.support.chats import form, twilio_call, twilio_text
from tests.support.signing import SECRETS, SIGNINGS

NOW = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)
FORMS, BODIES = SIGNINGS["twilio:form"], SIGNINGS["twilio"]
CHANNEL = twilio(FORMS.source)

#: The example of Twilio's own pages and libraries.
PUBLISHED = twilio(
    Source("twilio", ("12345",), public_url="https://mycompany.com/myapp.php?foo=1&bar=2")
)
FORM = [
    ("CallSid", "CA1234567890ABCDE"),
    ("Caller", "+14158675309"),
    ("Digits", "1234"),
    ("From", "+14158675309"),
    ("To", "+18005551212"),
]
REPEATED = [
    ("Sid", "CA123"),
    ("SidAccount", "AC123"),
    ("Digits", "5678"),
    ("Digits", "1234"),
    ("Digits", "1234"),
]
JSON = b'{"property": "value", "boolean": true}'
JSON_HASH = "0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620"
JSON_SIGNATURE = "a9nBmqA0ju/hNViExpshrM61xv4="


def call(raw: bytes, query: str = "", **headers: str) -> Call:
    return Call("POST", Headers(headers), raw, QueryParams(query))


def heard(fields: dict[str, str]) -> Contact | None:
    """What the one member of a call says."""
    [member] = CHANNEL.members(call(form(fields)))
    parsed = CHANNEL.parse(member.raw)
    assert parsed.unreadable == ()
    contacts = [command for _, command in parsed.commands]
    assert len(contacts) <= 1
    return contacts[0] if contacts and isinstance(contacts[0], Contact) else None


def text(**fields: str) -> Contact:
    said = heard(twilio_text(**fields))
    assert said is not None
    return said


def phone(**fields: str) -> Contact:
    said = heard(twilio_call(**fields))
    assert said is not None
    return said


@pytest.mark.parametrize(
    ("pairs", "signature"),
    [(FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="), (REPEATED, "IK+Dwps556ElfBT0I3Rgjkr1wJU=")],
)
def test_the_published_forms_are_accepted(pairs: list[tuple[str, str]], signature: str) -> None:
    PUBLISHED.verify(call(urlencode(pairs).encode(), **{"x-twilio-signature": signature}), NOW)


def test_the_published_body_that_is_no_form_is_accepted() -> None:
    proof = {"x-twilio-signature": JSON_SIGNATURE}

    PUBLISHED.verify(call(JSON, f"foo=1&bar=2&bodySHA256={JSON_HASH}", **proof), NOW)


@pytest.mark.parametrize(
    ("raw", "query"),
    [
        (JSON + b" ", f"bodySHA256={JSON_HASH}"),
        (JSON, f"bodySHA256={JSON_HASH[:-1]}1"),
        (JSON, f"bodySHA256={JSON_HASH.upper()}"),
        (JSON, f"bodySHA256={JSON_HASH}&bodySHA256={JSON_HASH}"),
        (JSON, "bodySHA256="),
        (JSON, "bodySHA256=%FF"),
        (JSON, ""),
    ],
)
def test_a_body_with_another_hash_is_refused(raw: bytes, query: str) -> None:
    with pytest.raises(SignatureError):
        PUBLISHED.verify(call(raw, query, **{"x-twilio-signature": JSON_SIGNATURE}), NOW)


@pytest.mark.parametrize("secret", SECRETS)
def test_S04_both_secrets_are_in_force(secret: str) -> None:
    body = form(twilio_text(Body="grün & fünf%"))

    CHANNEL.verify(FORMS.call(NOW, body=body, secret=secret), NOW)


def test_S06_the_url_that_is_signed_is_the_configured_one() -> None:
    elsewhere = Source("twilio", SECRETS, public_url="https://elsewhere.example/")
    signed = FORMS.call(NOW)
    hosted = Call("POST", Headers({**signed.headers, "host": "support.example.org"}), signed.raw)

    with pytest.raises(SignatureError, match="signature"):
        twilio(elsewhere).verify(hosted, NOW)


def test_S01_a_form_has_one_spelling() -> None:
    """Every other single byte is refused, also where it would mean the same."""
    raw = form({"Body": "a b+c:", "MessageSid": "SM1", "From": ""})
    signed = FORMS.call(NOW, body=raw)
    CHANNEL.verify(signed, NOW)

    accepted = []
    for place in range(len(raw)):
        for byte in range(256):
            changed = raw[:place] + bytes([byte]) + raw[place + 1 :]
            try:
                CHANNEL.verify(Call("POST", signed.headers, changed), NOW)
            except SignatureError:
                continue
            accepted.append(changed)

    assert set(accepted) == {raw}


def test_without_the_url_there_is_no_source() -> None:
    with pytest.raises(SecretError) as refused:
        twilio(Source("twilio", ("token",)))

    assert refused.value.setting == "PUBLIC_URL"


def test_a_text_message_is_a_contact_in_the_session_of_its_number() -> None:
    said = text()

    assert said.also == ("sms:+4915112345678",)
    assert said.session
    assert said.customer.addresses is None
    assert said.customer.contact == {"phone": "+4915112345678"}
    assert (said.subject, said.channel) == ("The router is down again", "chat")
    assert not said.automatic


def test_D9_a_telephone_number_is_no_reference_of_the_ticket() -> None:
    """References and subjects travel in events."""
    for said in (text(), phone()):
        assert said.external_id is None
        assert "4915112345678" not in said.subject


def test_whatsapp_through_twilio_is_a_session_of_its_own() -> None:
    said = text(From="whatsapp:+4915112345678", ProfileName="Ana")

    assert said.also == ("whatsapp:+4915112345678",)
    assert said.customer.contact == {"name": "Ana", "phone": "+4915112345678"}


def test_a_message_and_its_status_tell_a_repeat() -> None:
    keys = [
        CHANNEL.members(call(form(fields)))[0].key
        for fields in (twilio_text(), twilio_text(MessageStatus="delivered"), twilio_call())
    ]

    assert keys == ["SM1:received", "SM1:delivered", "CA1:completed"]


@pytest.mark.parametrize("status", ["queued", "sent", "delivered", "undelivered", "failed", "read"])
def test_reports_of_delivery_mean_nothing(status: str) -> None:
    assert heard(twilio_text(MessageStatus=status, SmsStatus=status)) is None


@pytest.mark.parametrize("word", ["STOP", " stop ", "Unsubscribe", "START"])
def test_what_is_said_to_the_carrier_is_automatic(word: str) -> None:
    assert text(Body=word).automatic


@pytest.mark.parametrize("word", ["HELP", "Yes", "Stop charging my card"])
def test_what_is_said_to_us_is_not(word: str) -> None:
    assert not text(Body=word).automatic


@pytest.mark.parametrize("sender", ["22395", "MyBank"])
def test_D5_short_codes_and_brands_are_machines(sender: str) -> None:
    said = text(From=sender)

    assert said.automatic
    assert said.customer.addresses == (f"source:{sender}",)


def test_pictures_are_noted_and_not_fetched() -> None:
    files = text(Body="", NumMedia="2", MediaContentType0="image/jpeg").attachments

    assert [(one.name, one.content_type, one.refused) for one in files] == [
        ("media 1", "image/jpeg", "not fetched"),
        ("media 2", "application/octet-stream", "not fetched"),
    ]


def test_a_place_is_told_in_words() -> None:
    assert text(Body="", Latitude="52.5", Longitude="13.4", Label="Office").body == (
        "Location: 52.5, 13.4 (Office)"
    )


def test_a_call_that_is_over_is_a_contact_by_phone() -> None:
    said = phone(CallerName="ANA RUIZ")

    assert (said.channel, said.session, said.also) == ("phone", True, ("call:+4915112345678",))
    assert said.subject == "Incoming call, 3 min 12 s"
    assert said.body == "Incoming call, 3 min 12 s. From +4915112345678 to +4930123456."
    assert said.customer.contact == {"name": "ANA RUIZ", "phone": "+4915112345678"}


@pytest.mark.parametrize(
    ("status", "subject"),
    [
        ("no-answer", "Missed call (no answer)"),
        ("busy", "Missed call (busy)"),
        ("canceled", "Missed call (hung up)"),
        ("failed", "Missed call (failed)"),
    ],
)
def test_a_missed_call_says_so(status: str, subject: str) -> None:
    assert phone(CallStatus=status, CallDuration="0").subject == subject


@pytest.mark.parametrize(
    "fields",
    [
        {"CallStatus": "ringing"},
        {"CallStatus": "in-progress"},
        {"CallStatus": "of next year"},
        {"Direction": "outbound-api"},
        {"CallSid": ""},
    ],
)
def test_calls_under_way_and_calls_of_ours_mean_nothing(fields: dict[str, str]) -> None:
    assert heard(twilio_call(**fields)) is None


@pytest.mark.parametrize("caller", ["anonymous", "+266696687", "+86282452253"])
def test_who_withholds_the_number_is_a_stranger_each_time(caller: str) -> None:
    first, second = phone(From=caller), phone(From=caller, CallSid="CA2")

    assert not first.session
    assert (first.external_id, second.external_id) == ("call:CA1", "call:CA2")
    assert first.customer.addresses == ("source:ticket:CA1",)
    assert second.customer.addresses == ("source:ticket:CA2",)


def test_a_caller_without_a_number_is_known_by_what_it_is_called() -> None:
    assert phone(From="client:ana").customer.addresses == ("source:client:ana",)


def test_a_recording_is_noted() -> None:
    [file] = phone(RecordingUrl="https://api.twilio.example/RE1").attachments

    assert (file.name, file.refused) == ("recording", "not fetched")


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        (twilio_text(From=""), "no id in From"),
        (twilio_call(From=" "), "no id in From"),
        (twilio_call(Direction=""), "no id in Direction"),
    ],
)
def test_what_cannot_be_understood_is_kept(fields: dict[str, str], told: str) -> None:
    [member] = CHANNEL.members(call(form(fields)))

    assert CHANNEL.parse(member.raw).unreadable[0].detail == told


def test_a_signed_body_that_is_no_form_is_read_as_json() -> None:
    body = b'{"MessageSid": "SM1", "From": "+4915112345678", "Body": "Hi"}'
    sent = BODIES.call(NOW, body=body)
    CHANNEL.verify(sent, NOW)

    [member] = CHANNEL.members(sent)
    [(_, said)] = CHANNEL.parse(member.raw).commands

    assert isinstance(said, Contact)
    assert said.body == "Hi"


def test_a_NUL_is_dropped() -> None:
    assert text(Body="a\0b").body == "ab"
