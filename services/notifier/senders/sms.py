"""Text messages through Twilio: short, with an id that a reply names and by which a repeat is found.

Twilio cannot recognise a repeat, so after an attempt of which nobody knows it is first asked what it
has sent to that number (semantics D2). What it costs is bounded by the day.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Final, Protocol
from urllib.parse import urlencode

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.message import Message
from services.notifier.domain.phrases import phrases
from services.notifier.domain.short_id import short_id
from shared.http.egress import Egress, EgressError, Reply

from .fitting import bare_subject, told
from .request import Request, post, retry_after
from .settings import SmsSettings
from .texting import fitted

#: Parts of a text; each is paid for.
MAX_PARTS: Final = 3

#: How many of the latest texts to a number are looked through; more would not fit the answer's limit.
_LOOKED_THROUGH: Final = 20

#: Provider's clock and ours.
_SKEW: Final = timedelta(minutes=5)

_NUMBER: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_LINK: Final = re.compile(r"https?://\S+")

#: Codes of Twilio's that pass: too many requests, and its queue is full.
_LATER: Final = frozenset({20429, 21611})

#: Texts that reached nobody.
_LOST: Final = frozenset({"failed", "undelivered", "canceled"})


class Allowance(Protocol):
    """How many texts a day may see, over all processes."""

    async def take(self, day: date, most: int) -> bool | None:
        """One text of `day`, of `most`; False when none is left, None while nobody can tell."""
        ...

    async def give_back(self, day: date) -> None:
        """The text was not sent."""
        ...


class SmsSender:
    """Hands texts to one Twilio account."""

    channel = "sms"
    recognises_repeats = True

    def __init__(
        self,
        settings: SmsSettings,
        egress: Egress,
        allowance: Allowance,
        *,
        status_url: str | None = None,
    ) -> None:
        self._settings = settings
        self._status_url = status_url
        self._egress = egress
        self._allowance = allowance

    async def send(self, message: Message) -> Result:
        """Hand `message` over, unless it was handed over before or the day's texts are used up."""
        if not _NUMBER.fullmatch(message.address):
            return Result(Outcome.DEAD, "not a telephone number in international form")
        if message.possible_repeat and (found := await self._found(message)):
            return found
        day = message.sent_at.date()
        allowed = await self._allowance.take(day, self._settings.texts_per_day)
        if allowed is None:
            return Result(Outcome.RETRY, "nobody can tell how many texts the day has seen")
        if not allowed:
            return Result(Outcome.DEAD, "the texts of the day are used up")
        result = await post(
            self._egress,
            render(message, self._settings, status_url=self._status_url),
            lambda reply: classify(reply, now=message.sent_at),
            timeout_seconds=self._settings.timeout_seconds,
        )
        if result.outcome in {Outcome.RETRY, Outcome.DEAD}:
            await self._allowance.give_back(day)
        return result

    async def _found(self, message: Message) -> Result | None:
        """The outcome if the provider has the text already, or cannot say; None when it has not."""
        query = urlencode({"To": message.address, "PageSize": _LOOKED_THROUGH})
        try:
            reply = await self._egress.get(
                f"{_url(self._settings)}?{query}",
                headers=_authorization(self._settings),
                timeout_seconds=self._settings.timeout_seconds,
            )
        except EgressError as error:
            return Result(Outcome.RETRY, f"not looked up: {error}")
        if reply.status != 200:
            return Result(Outcome.RETRY, f"not looked up: http {reply.status}")
        return find(reply, message)


def render(message: Message, settings: SmsSettings, *, status_url: str | None = None) -> Request:
    """The request that creates the text; below `status_url` Twilio tells what becomes of it."""
    form = {
        "To": message.address,
        "Body": text_of(message),
        "ValidityPeriod": str(settings.validity_seconds),
    }
    if status_url:
        form["StatusCallback"] = f"{status_url}/{message.notification_id}"
    if settings.messaging_service_sid:
        form["MessagingServiceSid"] = settings.messaging_service_sid
    else:
        form["From"] = settings.sender
    headers = {"content-type": "application/x-www-form-urlencoded", **_authorization(settings)}
    return Request(_url(settings), urlencode(form).encode(), headers)


def text_of(message: Message) -> str:
    """The words: what it is about as far as it fits, then how to answer, the id, and at most one link."""
    code = short_id(message.notification_id)
    lines = [line for line in told(message) if not _LINK.search(line)]
    head = _LINK.sub("", "\n".join([bare_subject(message), *lines]))
    if message.acknowledge_link is None:
        return fitted(head, f"Ref {code}", MAX_PARTS)
    how = phrases(message.language).reply.format(code=code)
    return fitted(head, f"{how}\n{message.acknowledge_link}", MAX_PARTS)


def classify(reply: Reply, *, now: datetime) -> Result:
    """Twilio's id is the reference. A gateway's failure may have come after the text was taken."""
    answer = _json(reply)
    code = answer.get("code")
    said = f"http {reply.status}" + (f", twilio {code}" if isinstance(code, int) else "")
    if 200 <= reply.status < 300:
        sid = answer.get("sid")
        return Result(Outcome.SENT, said, reference=str(sid) if sid else None)
    if reply.status in {429, 503} or code in _LATER:
        return Result(Outcome.RETRY, said, retry_after(reply, now))
    return Result(Outcome.UNKNOWN if reply.status >= 500 else Outcome.DEAD, said)


def find(reply: Reply, message: Message) -> Result | None:
    """Sent, if one of the texts listed is this message: the number, the id and the time are right."""
    listed = _json(reply).get("messages")
    if not isinstance(listed, list):
        return Result(Outcome.RETRY, "not looked up: the list cannot be read")
    named = re.compile(rf"\b{short_id(message.notification_id)}\b")
    for text in listed:
        if (
            text.get("to") == message.address
            and text.get("status") not in _LOST
            and named.search(str(text.get("body")))
            and _is_since(text.get("date_created"), message.happened_at - _SKEW)
        ):
            return Result(Outcome.SENT, "found at the provider", reference=text.get("sid"))
    return None


def _is_since(written: object, instant: datetime) -> bool:
    try:
        return parsedate_to_datetime(str(written)) >= instant
    except (ValueError, TypeError):  # a time that cannot be read excludes nothing
        return True


def _json(reply: Reply) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(reply.body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _url(settings: SmsSettings) -> str:
    account = settings.account_sid
    return f"{settings.api_url.rstrip('/')}/2010-04-01/Accounts/{account}/Messages.json"


def _authorization(settings: SmsSettings) -> Mapping[str, str]:
    pair = f"{settings.account_sid}:{settings.auth_token.get_secret_value()}"
    return {"authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
