"""How a customer is reached, asked of intake at the moment a message is sent (ruling 4, D9)."""

from __future__ import annotations

from urllib.parse import quote

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.templates import clean_line
from shared.http.egress import Egress, EgressError, EgressRefused
from shared.observability.tracing import passed_on


class Contact(msgspec.Struct, frozen=True):
    """What we read of intake's answer. Mail is the one channel there is for customers."""

    email: str | None = None
    language: str | None = None
    time_zone: str | None = None
    preferred_channel: str | None = None

    @property
    def remark(self) -> str:
        """That the customer would rather be told in another way, which is never passed over in silence."""
        if (self.preferred_channel or "email").lower() == "email":
            return ""
        channel = clean_line(self.preferred_channel, limit=40)
        return f"the customer prefers {channel}, which nothing is sent by"


class Contacts:
    """A client of intake's `GET /v1/customers/{id}/contact`."""

    def __init__(self, egress: Egress, *, url: str, key: str, timeout_seconds: float = 3.0) -> None:
        self._egress = egress
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_seconds = timeout_seconds

    async def of(self, customer_id: str) -> Contact | Result:
        """How the customer is reached, or the result that the attempt has if not at all.

        A customer without an address cannot be told; intake being away is worth another try. Nothing
        has been sent in either case.
        """
        try:
            reply = await self._egress.get(
                f"{self._url}/v1/customers/{quote(customer_id, safe='')}/contact",
                headers={"authorization": f"Bearer {self._key}", **passed_on()},
                timeout_seconds=self._timeout_seconds,
            )
        except EgressRefused as error:
            return Result(Outcome.DEAD, f"contact: {error}")
        except EgressError as error:
            return Result(Outcome.RETRY, f"contact: {error}")
        if reply.status == 404:
            return Result(Outcome.DEAD, "contact: intake knows no such customer")
        if reply.status != 200:
            return Result(Outcome.RETRY, f"contact: http {reply.status}")
        try:
            contact = msgspec.json.decode(reply.body, type=Contact)
        except (msgspec.MsgspecError, UnicodeDecodeError):
            return Result(Outcome.RETRY, "contact: the answer cannot be read")
        if contact.email:
            return contact
        why = ["contact: the customer has no mail address", contact.remark]
        return Result(Outcome.DEAD, "; ".join(filter(None, why)))
