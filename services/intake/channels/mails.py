"""What all channels of mail have in common: letters become deliveries, whatever is wrong with them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.intake.domain.commands import Attachment
from services.intake.domain.delivery import Unreadable
from services.intake.mail.conversation import message_id
from services.intake.mail.files import kept_file
from services.intake.mail.form import Form
from services.intake.mail.headers import MailHeaders
from services.intake.mail.letter import Letter, MailError, contact_of
from services.intake.mail.rfc822 import MOST_BYTES

from .base import MEBIBYTE, Parsed
from .reading import key_of

#: The largest call: a mail, and what its provider says of it.
MOST_MAIL_BYTES: Final = MOST_BYTES + MEBIBYTE


def parsed_mail(raw: bytes, letter_of: Callable[[bytes], Letter]) -> Parsed:
    """The one command of a mail. What nobody foresaw is parked, too: a retry would bring it again."""
    try:
        return Parsed(((0, contact_of(letter_of(raw))),))
    except MailError as error:
        detail = str(error)
    except Exception as error:
        detail = f"The mail could not be read ({type(error).__name__})."
    return Parsed((), (Unreadable(0, raw, detail),))


def mail_key(headers: MailHeaders, raw: bytes) -> str:
    """What is the same for every repeat of a mail: its Message-ID, else all of its bytes."""
    return key_of(message_id(headers), raw)


def uploaded(form: Form) -> tuple[Attachment, ...]:
    """The files of a form as those of a message."""
    return tuple(
        kept_file(file.name, file.content_type, file.content, number=number)
        for number, file in enumerate(form.uploads)
    )
