"""Who clicked and who texted: nobody but Slack and Twilio can say so."""

import base64
import hashlib
import hmac
from datetime import timedelta

import pytest
from pydantic import SecretStr, ValidationError

from services.notifier.senders.settings import SlackSettings
from services.notifier.signatures import form_of, is_from_slack, is_from_twilio
from tests.support.builders import MONDAY_10

SECRET = SecretStr("the secret of the app")
OTHER = SecretStr("another secret of the app")
BODY = b"payload=%7B%22type%22%3A%22block_actions%22%7D"
URL = "https://support.acme.example/v1/sms/replies"
FORM = b"Body=ack+A1B2&From=%2B4915112345678"


def by_slack(body: bytes = BODY, *, age: timedelta = timedelta()) -> dict[str, str]:
    """The headers Slack would send, `age` ago."""
    at = str(int((MONDAY_10 - age).timestamp()))
    key = SECRET.get_secret_value().encode()
    digest = hmac.new(key, b"v0:%s:%s" % (at.encode(), body), hashlib.sha256).hexdigest()
    return {"x-slack-request-timestamp": at, "x-slack-signature": f"v0={digest}"}


def by_twilio(form: bytes = FORM) -> dict[str, str]:
    """The header Twilio would send: its fields in order after the URL."""
    signed = URL + "".join(name + value for name, value in sorted(form_of(form).items()))
    digest = hmac.new(SECRET.get_secret_value().encode(), signed.encode(), hashlib.sha1).digest()
    return {"x-twilio-signature": base64.b64encode(digest).decode()}


@pytest.mark.parametrize(
    ("age", "expected"), [(0, True), (300, True), (301, False), (-300, True), (-301, False)]
)
def test_S48_what_slack_signed_holds_for_five_minutes(age: int, expected: bool) -> None:  # noqa: FBT001
    headers = by_slack(age=timedelta(seconds=age))

    assert expected is is_from_slack(headers, BODY, secrets=[SECRET], now=MONDAY_10)


def test_S48_every_changed_byte_is_noticed() -> None:
    headers = by_slack()
    changed = [
        BODY[:n] + bytes([BODY[n] ^ bit]) + BODY[n + 1 :]
        for n in range(len(BODY))
        for bit in (1, 128)
    ]

    assert not any(is_from_slack(headers, b, secrets=[SECRET], now=MONDAY_10) for b in changed)


@pytest.mark.parametrize(
    "changed",
    [
        {"x-slack-signature": ""},
        {"x-slack-signature": "v0=é"},
        {"x-slack-signature": by_slack()["x-slack-signature"].removeprefix("v0=")},
        {"x-slack-request-timestamp": ""},
        {"x-slack-request-timestamp": "soon"},
        {"x-slack-request-timestamp": "1"},
    ],
)
def test_S48_without_a_whole_signature_nothing_is_slacks(changed: dict[str, str]) -> None:
    assert not is_from_slack(by_slack() | changed, BODY, secrets=[SECRET], now=MONDAY_10)


def test_S48_what_twilio_signed_is_twilios() -> None:
    assert is_from_twilio(by_twilio(), FORM, url=URL, secrets=[SECRET])


@pytest.mark.parametrize(
    ("form", "url"),
    [
        (FORM.replace(b"ack", b"up"), URL),
        (FORM.replace(b"5678", b"5679"), URL),
        (FORM + b"&From=%2B49", URL),
        (b"", URL),
        (b"\xff", URL),
        (FORM, "https://elsewhere.example/v1/sms/replies"),
    ],
)
def test_S48_another_form_or_another_place_is_not(form: bytes, url: str) -> None:
    assert not is_from_twilio(by_twilio(), form, url=url, secrets=[SECRET])


@pytest.mark.parametrize("secrets", [[SECRET, OTHER], [OTHER, SECRET]], ids=["old", "new"])
def test_S48_during_a_rotation_both_secrets_prove(secrets: list[SecretStr]) -> None:
    assert is_from_slack(by_slack(), BODY, secrets=secrets, now=MONDAY_10)
    assert is_from_twilio(by_twilio(), FORM, url=URL, secrets=secrets)


def test_S48_after_a_rotation_the_old_secret_proves_nothing() -> None:
    assert not is_from_slack(by_slack(), BODY, secrets=[OTHER], now=MONDAY_10)
    assert not is_from_twilio(by_twilio(), FORM, url=URL, secrets=[OTHER])
    assert not is_from_slack(by_slack(), BODY, secrets=[], now=MONDAY_10)


def test_an_old_secret_stands_beside_a_new_one() -> None:
    both = SlackSettings(signing_secret=OTHER, old_signing_secret=SECRET)

    assert both.signing_secrets == (OTHER, SECRET)
    with pytest.raises(ValidationError, match="beside a signing_secret"):
        SlackSettings(old_signing_secret=SECRET)


def test_S48_an_empty_form_proves_nothing() -> None:
    assert not is_from_twilio(by_twilio(b""), b"", url=URL, secrets=[SECRET])
