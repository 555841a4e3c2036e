"""How a provider signs: written apart from the channels, so that the two can be held against each other.

One line a channel in SIGNINGS: a source's settings, a call that is rightly made, and which of its parts
may not be changed by a single byte.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from starlette.datastructures import Headers, QueryParams

from services.intake.channels import Call, Source

#: Two secrets are in force, as during a rotation.
SECRETS: Final = ("the first secret of a source", "the second secret of a source")
TOKENS: Final = ("Zmlyc3QgdG9rZW4gb2YgYSBz", "c2Vjb25kLXRva2VuLW9mLWl0")
STANDARD: Final = tuple("whsec_" + base64.b64encode(s.encode()).decode() for s in SECRETS)
URL: Final = "https://support.example.org/v1/channels/source/webhook"

BODY: Final = b'{"id": "1", "text": "gr\xc3\xbcn"}'
FORM: Final = b"Body=Hello&From=%2B49301234567&MessageSid=SM1"

#: The call that `body` is sent with, signed by a secret at an instant.
Sign = Callable[[bytes, str, datetime], Call]


@dataclass(frozen=True, slots=True)
class Signing:
    """How the sources of one channel prove themselves.

    `proofs` are the headers of which no byte may change; the body is always one of them, unless the
    provider signs nothing (`unsigned`): then it is the token. `timed`: what is too old is refused.
    """

    sign: Sign
    secrets: tuple[str, ...] = SECRETS
    body: bytes = BODY
    proofs: tuple[str, ...] = ()
    unsigned: bool = False
    timed: bool = False

    @property
    def source(self) -> Source:
        """The settings of a source of this channel."""
        return Source("source", self.secrets, public_url=URL, verify_token="a word")

    def call(self, at: datetime, *, body: bytes | None = None, secret: str | None = None) -> Call:
        """A call of the source at `at`, rightly signed by its first secret or by another."""
        given = self.body if body is None else body
        return self.sign(given, self.secrets[0] if secret is None else secret, at)


def headers(named: Mapping[str, str]) -> Headers:
    """Headers as the server hands them over."""
    return Headers(raw=[(k.lower().encode(), v.encode("latin-1")) for k, v in named.items()])


def _post(body: bytes, **named: str) -> Call:
    return Call("POST", headers({k.replace("_", "-"): v for k, v in named.items()}), body)


def _hex(secret: str, signed: bytes, algorithm: str = "sha256") -> str:
    return hmac.new(secret.encode(), signed, algorithm).hexdigest()


def _base64(secret: str | bytes, signed: bytes, algorithm: str = "sha256") -> str:
    key = secret.encode() if isinstance(secret, str) else secret
    return base64.b64encode(hmac.new(key, signed, algorithm).digest()).decode()


def zendesk(body: bytes, secret: str, at: datetime) -> Call:
    """Base64 over the time in ISO 8601 and the body."""
    time = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    return _post(
        body,
        x_zendesk_webhook_signature=_base64(secret, time.encode() + body),
        x_zendesk_webhook_signature_timestamp=time,
    )


def intercom(body: bytes, secret: str, _at: datetime) -> Call:
    """SHA-1 in hex over the body."""
    return _post(body, x_hub_signature=f"sha1={_hex(secret, body, 'sha1')}")


def hubspot(body: bytes, secret: str, at: datetime) -> Call:
    """Base64 over method, URL, body and the time in milliseconds."""
    time = str(int(at.timestamp() * 1000))
    signed = b"POST" + URL.encode() + body + time.encode()
    return _post(
        body,
        x_hubspot_signature_v3=_base64(secret, signed),
        x_hubspot_request_timestamp=time,
    )


def github(body: bytes, secret: str, _at: datetime) -> Call:
    """SHA-256 in hex over the body; Meta does the same."""
    return _post(body, x_hub_signature_256=f"sha256={_hex(secret, body)}")


def slack(body: bytes, secret: str, at: datetime) -> Call:
    """Hex over version, time in seconds and body."""
    time = str(int(at.timestamp()))
    signed = f"v0:{time}:".encode() + body
    return _post(
        body,
        x_slack_signature=f"v0={_hex(secret, signed)}",
        x_slack_request_timestamp=time,
    )


def twilio(body: bytes, secret: str, _at: datetime) -> Call:
    """SHA-1 in base64 over the URL with the body's hash in it; see `twilio_form` for forms."""
    query = f"bodySHA256={hashlib.sha256(body).hexdigest()}"
    call = _post(body, x_twilio_signature=_base64(secret, f"{URL}?{query}".encode(), "sha1"))
    return Call(call.method, call.headers, body, QueryParams(query))


def twilio_form(body: bytes, secret: str, _at: datetime) -> Call:
    """SHA-1 in base64 over the URL and the fields in order, each name with its value."""
    fields = sorted(QueryParams(body.decode()).multi_items())
    signed = URL + "".join(name + value for name, value in fields)
    return _post(body, x_twilio_signature=_base64(secret, signed.encode(), "sha1"))


def mailgun(_body: bytes, secret: str, at: datetime) -> Call:
    """Hex over time and token, all of it fields of the form; the rest of the form is not signed."""
    time, token = str(int(at.timestamp())), "0123456789abcdef" * 3
    signature = _hex(secret, f"{time}{token}".encode())
    return _post(f"timestamp={time}&token={token}&signature={signature}".encode())


def standard(body: bytes, secret: str, at: datetime) -> Call:
    """Standard Webhooks: base64 over id, time and body."""
    time, key = str(int(at.timestamp())), base64.b64decode(secret.removeprefix("whsec_"))
    return _post(
        body,
        webhook_id="m-1",
        webhook_timestamp=time,
        webhook_signature=f"v1,{_base64(key, f'm-1.{time}.'.encode() + body)}",
    )


def in_path(body: bytes, secret: str, _at: datetime) -> Call:
    """Nothing is signed: the token is the end of the path."""
    return Call("POST", headers({}), body, token=secret)


def telegram(body: bytes, secret: str, _at: datetime) -> Call:
    """Nothing is signed: the token stands in a header."""
    return _post(body, x_telegram_bot_api_secret_token=secret)


_STANDARD: Final = Signing(
    standard,
    STANDARD,
    proofs=("webhook-id", "webhook-timestamp", "webhook-signature"),
    timed=True,
)
_TOKEN: Final = Signing(in_path, TOKENS, unsigned=True)

#: Every registered channel, by its name; a second scheme of one has a name after a colon.
SIGNINGS: Final[Mapping[str, Signing]] = {
    "cloudevents": _STANDARD,
    "email": _TOKEN,
    "freshdesk": _TOKEN,
    "generic": _STANDARD,
    "github": Signing(github, proofs=("x-hub-signature-256",)),
    "hubspot": Signing(
        hubspot, proofs=("x-hubspot-signature-v3", "x-hubspot-request-timestamp"), timed=True
    ),
    "intercom": Signing(intercom, proofs=("x-hub-signature",)),
    "mailgun": Signing(mailgun),
    "postmark": _TOKEN,
    "sendgrid": _TOKEN,
    "slack": Signing(slack, proofs=("x-slack-signature", "x-slack-request-timestamp"), timed=True),
    "telegram": Signing(
        telegram, TOKENS, proofs=("x-telegram-bot-api-secret-token",), unsigned=True
    ),
    "twilio": Signing(twilio, proofs=("x-twilio-signature",)),
    "twilio:form": Signing(twilio_form, body=FORM, proofs=("x-twilio-signature",)),
    "whatsapp": Signing(github, proofs=("x-hub-signature-256",)),
    "zendesk": Signing(
        zendesk,
        proofs=("x-zendesk-webhook-signature", "x-zendesk-webhook-signature-timestamp"),
        timed=True,
    ),
}
