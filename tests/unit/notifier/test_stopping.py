"""Summaries by mail that can be stopped: which mails say so, and what is muted afterwards."""

import email
import email.policy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from services.notifier.domain.many import Part, compose_many
from services.notifier.domain.message import Message
from services.notifier.domain.notification import About, Hold, Kind, Notification, Urgency
from services.notifier.domain.parcel import parcel_of
from services.notifier.domain.recipient import Recipient
from services.notifier.domain.stopping import can_be_stopped, is_summary, without_stopped
from services.notifier.domain.templates import Templates
from services.notifier.senders.email import EmailSender
from services.notifier.senders.mail_html import html_of
from services.notifier.senders.settings import SmtpSettings
from services.notifier.stopping import wish_of
from shared.contracts.vocabulary import SuppressReason
from shared.ids import derived_id
from shared.policy import load_workflow
from tests.support.builders import MONDAY_10, TICKET
from tests.support.messages import a_message, a_notification

LINK = "https://support.acme.example/u/" + "t" * 43
WORDS = Templates(load_workflow(None).notification.templates)
SENDER = EmailSender(SmtpSettings(host="relay.test", sender="Acme <support@acme.example>"))
HEADERS = ("List-Unsubscribe", "List-Unsubscribe-Post")
PEOPLE = {"ana": Recipient(recipient_id="ana", no_digests=True)}


def held(n: int = 1, **changes: Any) -> Notification:
    """The n-th warning that waits for others."""
    fact = derived_id(TICKET, f"warning {n}")
    about = About(fact_id=fact, fact="sla.warning", kind=Kind.CLOCK, happened_at=MONDAY_10)
    made = a_notification(
        notification_id=fact, about=about, role="assignee", template="warning", hold=Hold.BUNDLE
    )
    return msgspec.structs.replace(made, **changes)


def a_bundle(link: str | None, language: str = "en") -> Message:
    return compose_many(
        [Part(held(n), "Checkout fails", None) for n in (1, 2)],
        WORDS,
        address="ana@acme.example",
        name="Ana",
        most=10,
        now=MONDAY_10 + timedelta(minutes=1),
        language=language,
        zone=ZoneInfo("UTC"),
        stop_link=link,
    )


def headers_of(message: Message) -> list[str | None]:
    """What another parser reads."""
    raw = SENDER.compose(message).as_bytes()
    mail = email.message_from_bytes(raw, policy=email.policy.compat32)
    return [mail[name] for name in HEADERS]


def test_a_bundle_can_be_stopped_with_one_click() -> None:
    assert [f"<{LINK}>", "List-Unsubscribe=One-Click"] == headers_of(a_bundle(LINK))


def test_a_page_cannot_be_stopped() -> None:
    assert [None, None] == headers_of(a_message())


def test_without_a_link_there_is_no_header() -> None:
    assert [None, None] == headers_of(a_bundle(None))


def test_without_tls_there_is_no_header_for_the_standard_has_only_https() -> None:
    assert [None, None] == headers_of(a_bundle(LINK.replace("https", "http")))


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Stop these summaries"),
        ("de", "Diese Sammelmeldungen abbestellen"),
        ("fr", "Ne plus recevoir ces récapitulatifs"),
        ("es", "Dejar de recibir estos resúmenes"),
    ],
)
def test_the_foot_of_a_bundle_says_how_to_stop_it_once(language: str, words: str) -> None:
    made = a_bundle(LINK, language)
    html = html_of(made)

    assert made.body.splitlines()[-1].startswith(words)
    assert made.body.endswith(LINK)
    assert (1, 1) == (html.count(words), html.count(f'href="{LINK}"'))


@pytest.mark.parametrize("hold", list(Hold))
def test_what_waits_by_mail_can_be_stopped(hold: Hold) -> None:
    assert can_be_stopped(held(hold=hold))


@pytest.mark.parametrize(
    "changes",
    [
        {"hold": None},
        {"urgency": Urgency.PAGE},
        {"role": "customer"},
        {"channel": "slack"},
        {"fields": {"priority": "critical"}},
        {"about": a_notification().about},
        {"about": msgspec.structs.replace(held().about, kind=Kind.CORRECTION)},
        {"about": msgspec.structs.replace(held().about, settles="cycle")},
    ],
    ids=["at once", "page", "customer", "slack", "critical", "escalation", "correction", "settled"],
)
def test_what_somebody_has_to_know_cannot_be_stopped(changes: dict[str, Any]) -> None:
    assert not can_be_stopped(held(**changes))


def test_a_message_about_one_thing_is_no_summary() -> None:
    several, one = parcel_of([held(1), held(2)]), parcel_of([held(1)])

    assert (True, False) == (is_summary(several), is_summary(one))


def test_a_bundle_of_what_cannot_be_stopped_is_no_summary() -> None:
    critical = {"priority": "critical"}

    assert not is_summary(parcel_of([held(1, fields=critical), held(2, fields=critical)]))


def test_what_is_stopped_is_muted_and_the_rest_goes() -> None:
    page, first, tried = held(1, hold=None), held(2), held(3, attempts=1)
    other = held(4, recipient_id="ben")

    left, stopped = without_stopped([page, first, tried, other], PEOPLE)

    assert [page, tried, other] == left
    assert [msgspec.structs.replace(first, reason=SuppressReason.MUTED)] == stopped


def test_who_has_stopped_nothing_gets_everything() -> None:
    people = {"ana": replace(PEOPLE["ana"], no_digests=False)}

    assert ([held()], []) == without_stopped([held()], people)


@pytest.mark.parametrize(
    ("form", "wish"),
    [
        (b"List-Unsubscribe=One-Click", True),
        (
            b'--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--',
            True,
        ),
        (b"answer=stop", True),
        (b"answer=back", False),
        (b"", None),
        (b"answer=acknowledge", None),
        (b"--x\r\nnothing", None),
        (b"\xff", None),
        (b"a=1&" * 11, None),
    ],
)
def test_what_is_posted_is_understood_or_refused(form: bytes, wish: bool | None) -> None:  # noqa: FBT001
    assert wish_of(form) is wish
