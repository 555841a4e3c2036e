"""The channels of mail: what each provider's call becomes, and what tells a repeat (webhooks 3, 5)."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote_from_bytes, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, Channel, SecretError, SignatureError, Source
from services.intake.channels.mails import MOST_MAIL_BYTES
from services.intake.domain.commands import Attachment, Contact
from services.intake.mail.form import MOST_FIELDS, read_form
from services.intake.mail.letter import MailError
from tests.support.mails import TOKEN, a_form, a_mail, a_part, multipart, sample

KEY = "mailgun-signing-key"
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)


def channel(name: str) -> Channel:
    return CHANNELS[name](Source(name, (KEY if name == "mailgun" else TOKEN,)))


def a_call(raw: bytes) -> Call:
    return Call("POST", Headers({}), raw)


def key_of(name: str, raw: bytes) -> str:
    [member] = channel(name).members(a_call(raw))
    assert member.raw == raw
    return member.key


def read(name: str, raw: bytes) -> Contact:
    [(_, command)] = channel(name).parse(raw).commands
    assert isinstance(command, Contact)
    return command


def refused(name: str, raw: bytes) -> str:
    [part] = channel(name).parse(raw).unreadable
    assert part.raw == raw
    return part.detail


def given_sample(name: str) -> bytes:
    raw = sample(name)
    if raw is None:
        pytest.skip("the data is not beside this checkout")
    return raw


@pytest.mark.parametrize("name", ["email", "postmark", "sendgrid"])
def test_S07_a_channel_of_unsigned_mail_needs_a_long_token(name: str) -> None:
    with pytest.raises(SecretError):
        CHANNELS[name](Source(name, ("short",)))


@pytest.mark.parametrize(
    ("name", "code"), [("email", 401), ("postmark", 403), ("mailgun", 406), ("sendgrid", 401)]
)
def test_a_forged_call_is_answered_as_ends_the_providers_retries(name: str, code: int) -> None:
    assert channel(name).codes.refused == code


@pytest.mark.parametrize("name", ["email", "postmark", "mailgun", "sendgrid"])
def test_a_whole_mail_of_25_MiB_fits(name: str) -> None:
    assert channel(name).most_bytes == MOST_MAIL_BYTES


class TestEmail:
    def test_a_repeat_is_told_by_the_message_id(self) -> None:
        assert key_of("email", a_mail(message_id="a@x")) == "a@x"

    def test_without_one_equal_bytes_are_a_repeat(self) -> None:
        one, other = a_mail("One", message_id=None), a_mail("Two", message_id=None)

        assert key_of("email", one) == key_of("email", one) != key_of("email", other)

    def test_nothing_at_all_is_unreadable(self) -> None:
        assert refused("email", b"") == "The mail names no sender."


class TestPostmark:
    def test_the_sample_is_a_follow_up_by_its_writer(self) -> None:
        raw = given_sample("postmark_inbound_shape.json")

        contact = read("postmark", raw)

        assert key_of("postmark", raw) == "73e6d360-66eb-11e1-8e72-a8206ea7d3aa"
        assert contact.customer.addresses == ("email:john@example.com",)
        assert contact.subject == "Re: Issue with my order"
        assert contact.body == "It is still broken.\n\nOn ... wrote:\n> hi"
        assert contact.html == "<p>It is still broken.</p>"
        assert contact.occurred_at == datetime(2012, 4, 5, 14, 59, 1, tzinfo=UTC)
        assert contact.attachments == (
            Attachment(name="a.txt", content_type="text/plain", size=5, content=b"hello"),
        )

    def test_the_mails_own_headers_tell_the_conversation(self) -> None:
        headers = {"Message-ID": "<b@x>", "In-Reply-To": "<a@x>", "Auto-Submitted": "auto-replied"}
        listed = [{"Name": name, "Value": value} for name, value in headers.items()]

        contact = read("postmark", _json(Headers=listed))

        assert (contact.external_id, contact.answers, contact.automatic) == ("b@x", ("a@x",), True)

    def test_a_file_that_is_no_base64_is_refused_and_the_mail_is_read(self) -> None:
        contact = read("postmark", _json(Attachments=[{"Name": "a.txt", "Content": "A"}]))

        assert contact.attachments[0].refused == "It could not be read."

    @pytest.mark.parametrize("raw", [b"", b"[]", b"{", b'{"Headers": 1}', b"[" * 100_000])
    def test_what_is_no_mail_is_unreadable(self, raw: bytes) -> None:
        assert refused("postmark", raw)


class TestMailgun:
    def test_the_sample_opens_a_ticket_of_its_writer(self) -> None:
        fields = json.loads(given_sample("mailgun_route_shape.json"))

        for raw in (urlencode(fields).encode(), a_form(fields)):
            contact = read("mailgun", raw)

            assert key_of("mailgun", raw) == fields["token"]
            assert contact.external_id == "1@example.com"
            assert contact.customer.addresses == ("email:alice@example.com",)
            assert contact.body == "plain text\n\n> quoted"
            assert contact.html == "<p>plain text</p>"

    def test_the_vector_verifies(self) -> None:
        raw = sample("signature_vectors.json")
        if raw is None:
            pytest.skip("the data is not beside this checkout")
        [vector] = [v for v in json.loads(raw) if v["provider"] == "mailgun"]
        mailgun = CHANNELS["mailgun"](Source("mailgun", (vector["secret"],)))
        sent = datetime.fromtimestamp(int(vector["params"]["timestamp"]), UTC)

        mailgun.verify(a_call(urlencode(vector["params"]).encode()), sent)

    @pytest.mark.parametrize(
        ("age", "reason"),
        [
            (timedelta(), None),
            (timedelta(hours=8), None),
            (timedelta(hours=13), "timestamp"),
            (timedelta(seconds=-301), "timestamp"),
        ],
    )
    def test_a_call_may_be_as_old_as_its_last_retry(
        self, age: timedelta, reason: str | None
    ) -> None:
        call = a_call(a_form(_signed(NOW - age)))

        if reason is None:
            channel("mailgun").verify(call, NOW)
        else:
            with pytest.raises(SignatureError, match=reason):
                channel("mailgun").verify(call, NOW)

    def test_digits_do_not_wander_between_time_and_token(self) -> None:
        """Both are signed without anything between them: the same signature must not fit two tokens."""
        fields = _signed(NOW, token="1" * 50)
        moved = {**fields, "timestamp": f"{int(NOW.timestamp())}1", "token": "1" * 49}

        with pytest.raises(SignatureError, match="malformed"):
            channel("mailgun").verify(a_call(a_form(moved)), NOW)

    def test_a_second_token_proves_nothing(self) -> None:
        raw = urlencode(_signed(NOW)).encode() + b"&token=" + b"2" * 50

        with pytest.raises(SignatureError, match="malformed"):
            channel("mailgun").verify(a_call(raw), NOW)

    @pytest.mark.parametrize("raw", [b"", b"{}", b"--", b"a=b", b"token=x&timestamp=1&signature=z"])
    def test_what_is_not_signed_is_refused(self, raw: bytes) -> None:
        with pytest.raises(SignatureError):
            channel("mailgun").verify(a_call(raw), NOW)

    def test_a_raw_mail_in_a_field_is_read_whole(self) -> None:
        raw = a_form({"body-mime": multipart(a_part("x"), a_part("<b>x</b>", "text/html"))})

        contact = read("mailgun", raw)

        assert (contact.external_id, contact.html) == (
            "parts@example.org",
            "<pre>x</pre>\n<b>x</b>",
        )

    def test_D5_nobodys_envelope_is_automatic(self) -> None:
        assert read("mailgun", a_form({"from": "a@x.example", "sender": ""})).automatic

    def test_files_are_kept(self) -> None:
        raw = a_form({"from": "a@x.example"}, ("a.exe", "", b"MZ"), ("b.txt", "text/plain", b"hi"))

        kept = read("mailgun", raw).attachments

        assert [(file.name, file.content) for file in kept] == [("a.exe", None), ("b.txt", b"hi")]

    def test_headers_that_are_no_list_are_unreadable(self) -> None:
        assert "message-headers" in refused("mailgun", a_form({"message-headers": "{}"}))


class TestSendgrid:
    @pytest.mark.parametrize(
        ("name", "subject"),
        [
            ("sendgrid_inbound_default_data.txt", "Inbound Parse Test Data"),
            ("sendgrid_inbound_raw_data.txt", "Inbound Parse Test Raw Data"),
        ],
    )
    def test_both_samples_open_a_ticket_of_their_writer(self, name: str, subject: str) -> None:
        on_the_wire = given_sample(name).replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")

        contact = read("sendgrid", on_the_wire)

        assert contact.customer.addresses == ("email:test@example.com",)
        assert contact.subject == subject
        assert contact.body == "Hello Twilio SendGrid!\n"
        assert contact.html is not None
        assert contact.html.startswith("<strong>Hello Twilio SendGrid!")
        assert contact.automatic is False

    def test_a_repeat_is_told_by_the_message_id(self) -> None:
        raw = a_form({"headers": "Message-ID: <a@x>\r\nFrom: a@x.example", "text": "x"})

        assert key_of("sendgrid", raw) == "a@x"
        assert key_of("sendgrid", a_form({"email": a_mail(message_id="b@x")})) == "b@x"

    def test_a_repeat_may_have_other_bytes_between_its_fields(self) -> None:
        raw = a_form({"headers": "Message-ID: <a@x>", "text": "x"}, ("a.txt", "", b"hi"))
        [first] = channel("sendgrid").members(a_call(raw))
        [again] = channel("sendgrid").members(a_call(raw.replace(b"xYzZY", b"0123")))
        [other] = channel("sendgrid").members(a_call(raw.replace(b"hi", b"ho")))

        assert (first.key, first.digest) == (again.key, again.digest)
        assert (first.key == other.key, first.digest == other.digest) == (True, False)

    def test_every_field_has_the_charset_that_the_call_names(self) -> None:
        raw = a_form(
            {
                "from": "a@x.example",
                "text": "Привет".encode("koi8-r"),
                "subject": "Grüße",
                "charsets": '{"text": "koi8-r", "subject": "UTF-8", "html": 1}',
            }
        )

        assert (read("sendgrid", raw).body, read("sendgrid", raw).subject) == ("Привет", "Grüße")

    @pytest.mark.parametrize(
        "fields",
        [
            {"headers": "From: a@x.example\r\nAuto-Submitted: auto-replied"},
            {"from": "a@x.example", "envelope": '{"from": ""}'},
            {"headers": 'From: a@x.example\r\nContent-Type: multipart/report; boundary="x"'},
        ],
    )
    def test_D5_what_no_person_wrote_is_automatic(self, fields: dict[str, str | bytes]) -> None:
        assert read("sendgrid", a_form(fields)).automatic

    def test_what_is_no_form_is_unreadable_and_has_a_key(self) -> None:
        assert refused("sendgrid", b"--")
        assert key_of("sendgrid", b"--")


class TestForms:
    @given(st.dictionaries(st.text(min_size=1), st.binary(), min_size=1))
    def test_an_urlencoded_form_is_read_as_it_was_written(self, fields: dict[str, bytes]) -> None:
        pairs = [(quote_from_bytes(n.encode()), quote_from_bytes(v)) for n, v in fields.items()]
        raw = "&".join(f"{name}={value}" for name, value in pairs).encode()

        assert list(read_form(raw).fields.values()) == list(fields.values())

    def test_too_many_parts_are_refused(self) -> None:
        with pytest.raises(MailError, match="too many"):
            read_form(a_form({}, *[(f"{n}.txt", "", b"") for n in range(51)]))
        with pytest.raises(MailError, match="too many"):
            read_form(b"&".join(b"a=b" for _ in range(MOST_FIELDS + 1)))


def _json(**fields: Any) -> bytes:
    return json.dumps({"From": "a@x.example", "MessageID": "m", **fields}).encode()


def _signed(at: datetime, token: str = "0123456789abcdef" * 3) -> dict[str, str | bytes]:
    timestamp = str(int(at.timestamp()))
    signature = hmac.new(KEY.encode(), f"{timestamp}{token}".encode(), hashlib.sha256).hexdigest()
    return {"timestamp": timestamp, "token": token, "signature": signature, "from": "a@x.example"}
