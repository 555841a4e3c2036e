"""Mail as it is: any gateway that can post a file posts the raw message (RFC 5322), signed by nobody.

The token is the end of the URL, a bearer token or the password of basic authentication (webhooks 1).
"""

from __future__ import annotations

from services.intake.mail.rfc822 import read_headers, read_letter

from .base import OURS, Channel, Member, Source
from .mails import MOST_MAIL_BYTES, mail_key, parsed_mail
from .signatures import token_verifier


def email(source: Source) -> Channel:
    """The adapter of one mailbox, whatever content type its gateway gives. Raises SecretError."""
    return Channel(
        verify=token_verifier(source.secrets),
        members=lambda call: (Member(mail_key(read_headers(call.raw), call.raw), call.raw),),
        parse=lambda raw: parsed_mail(raw, read_letter),
        codes=OURS,
        most_bytes=MOST_MAIL_BYTES,
    )
