"""What articles are called and where they stand, asked of intake at the moment a message is sent (D9)."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from shared.http.egress import Egress, EgressError
from shared.observability.tracing import passed_on

log = logging.getLogger(__name__)


class Article(msgspec.Struct, frozen=True):
    """What we read of one of intake's articles."""

    title: str
    url: str | None = None


class _Found(msgspec.Struct, frozen=True):
    articles: list[Article]


class Articles:
    """A client of intake's `GET /v1/articles?id=…`."""

    def __init__(self, egress: Egress, *, url: str, key: str, timeout_seconds: float = 3.0) -> None:
        self._egress = egress
        self._url = url.rstrip("/")
        self._key = key
        self._timeout_seconds = timeout_seconds

    async def named(self, ids: Sequence[str]) -> list[Article]:
        """Those of `ids` that there are, in their order; none when intake cannot say: no message waits for
        what might help.
        """
        if not ids:
            return []
        try:
            reply = await self._egress.get(
                f"{self._url}/v1/articles?{urlencode([('id', one) for one in ids])}",
                headers={"authorization": f"Bearer {self._key}", **passed_on()},
                timeout_seconds=self._timeout_seconds,
            )
            if reply.status == 200:
                return msgspec.json.decode(reply.body, type=_Found).articles
            why = f"http {reply.status}"
        except (EgressError, msgspec.MsgspecError, UnicodeDecodeError) as error:
            why = type(error).__name__
        log.warning(
            "A message goes without articles, for intake did not name them: %s",
            why,
            extra={"action": "articles_not_named"},
        )
        return []
