"""A service from the outside: one question over its API, and what it says when it refuses."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import quote

import httpx2

from .installation import Installation

#: Seconds an answer is waited for.
ANSWER_SECONDS: Final = 10.0


class ServiceError(Exception):
    """The service refused; the message says why, a line for every fault."""


class AwayError(ServiceError):
    """The service could not be reached, or is too busy to answer."""


async def ask(
    where: Installation, service: str, method: str, path: str, **more: Any
) -> httpx2.Response:
    """The answer to one request; `more` are httpx's own arguments. Raises ServiceError."""
    headers = {"authorization": f"Bearer {where.api_key}", **more.pop("headers", {})}
    url = f"{where.urls[service]}{path}"
    async with httpx2.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
        try:
            answer = await client.request(method, url, headers=headers, **more)
        except httpx2.TransportError as error:
            raise AwayError(f"The {service} is away ({url}: {type(error).__name__})") from error
    check(answer, service)
    return answer


def check(answer: httpx2.Response, service: str) -> None:
    """Let an answer pass that is none of a refusal. Raises ServiceError for the others, which are read."""
    if answer.is_server_error:
        raise AwayError(f"The {service} is not ready: {_sentences(answer)}")
    if not answer.is_success:
        raise ServiceError(_sentences(answer))


async def ask_json(
    where: Installation, service: str, method: str, path: str, **more: Any
) -> dict[str, Any]:
    """The same for an answer that is a JSON object."""
    told: dict[str, Any] = (await ask(where, service, method, path, **more)).json()
    return told


def path_of(*parts: str) -> str:
    """`/v1/…` with every part quoted."""
    return "/".join(["/v1", *(quote(part, safe="") for part in parts)])


def _sentences(answer: httpx2.Response) -> str:
    """What is wrong: a line, and one for every fault."""
    try:
        said = answer.json()
    except json.JSONDecodeError:
        return f"{answer.status_code}: {answer.text[:200]}"
    if not isinstance(said, dict):
        return f"{answer.status_code}"
    head = ": ".join(str(said[name]) for name in ("title", "detail") if said.get(name))
    faults = [f"  {fault['field']}: {fault['message']}" for fault in said.get("errors", [])]
    return "\n".join([f"{answer.status_code}: {head}", *faults])
