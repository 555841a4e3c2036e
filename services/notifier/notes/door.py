"""What the notifier asks of intake's API: one request that may be repeated, and what its answer means."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from services.notifier.domain.delivery import Outcome, Result
from shared.http.egress import Egress, EgressError, EgressRefused

_SECONDS: Final = 10.0

#: These may be put right: a key, a limit, a ticket intake has not met yet.
_PASSING: Final = frozenset({401, 403, 404, 408, 425, 429})


class IntakeDoor:
    """A client of intake at `url`, with an API key."""

    def __init__(self, egress: Egress, *, url: str, key: str) -> None:
        self._egress = egress
        self._url = url.rstrip("/")
        self._key = key

    async def post(self, path: str, body: dict[str, Any], *, repeat: str) -> Result:
        """POST `body`. `repeat` names the request: intake answers a second one with what became of the first."""
        try:
            reply = await self._egress.post(
                f"{self._url}{path}",
                content=msgspec.json.encode(body),
                headers={
                    "authorization": f"Bearer {self._key}",
                    "content-type": "application/json",
                    "idempotency-key": repeat,
                },
                timeout_seconds=_SECONDS,
            )
        except EgressRefused as error:
            return Result(Outcome.DEAD, str(error))
        except EgressError as error:
            return Result(Outcome.RETRY, str(error))
        return classify(reply.status)


def classify(status: int) -> Result:
    """2xx is done; what may be put right, or is intake's own trouble, is tried again; the rest is final:
    the ticket is closed, or goes on as another one.
    """
    detail = f"http {status}"
    if 200 <= status < 300:
        return Result(Outcome.SENT, detail)
    if status in _PASSING or status >= 500:
        return Result(Outcome.RETRY, detail)
    return Result(Outcome.DEAD, detail)
