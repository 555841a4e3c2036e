"""Subscriptions from the outside: made, shown and changed through the notifier's API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx2

from .installation import Installation

#: Seconds an answer is waited for: a replay takes a while.
ANSWER_SECONDS: Final = 60.0


class SubscriptionsError(Exception):
    """The notifier refused, or was not reached; the message says why."""


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many deliveries begin anew, and what could not be kept, in words."""

    count: int
    note: str


async def ask(
    where: Installation,
    method: str,
    path: str = "",
    *,
    body: Mapping[str, Any] | None = None,
    params: Mapping[str, str | int] | None = None,
) -> Any:
    """The notifier's answer about `/v1/subscriptions<path>`. Raises SubscriptionsError."""
    url = f"{where.urls['notifier']}/v1/subscriptions{path}"
    headers = {"authorization": f"Bearer {where.api_key}"}
    async with httpx2.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
        try:
            answer = await client.request(method, url, json=body, params=params, headers=headers)
        except httpx2.TransportError as error:
            raise SubscriptionsError(f"{url}: {type(error).__name__}") from error
    if not answer.is_success:
        raise SubscriptionsError(_sentences(answer))
    return answer.json() if answer.content else None


async def replay(where: Installation, subscription_id: str, since: str) -> Replayed:
    """Deliver again all that was recorded since then, page by page. Raises SubscriptionsError."""
    count, note = 0, ""
    body: dict[str, Any] | None = {"from": since}
    while body is not None:
        told = await ask(where, "POST", f"/{subscription_id}:replay", body=body)
        count, note, body = count + told["count"], note or told["note"], told["next"]
    return Replayed(count, note)


def _sentences(answer: httpx2.Response) -> str:
    """What the notifier says is wrong: a line, and one for every fault."""
    try:
        said = answer.json()
    except ValueError:
        said = {}
    head = said.get("detail") or said.get("title") or answer.text
    faults = [f"  {fault['field']}: {fault['message']}" for fault in said.get("errors", [])]
    return "\n".join([f"{answer.status_code}: {head}", *faults])
