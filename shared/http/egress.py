"""The one door out: every outgoing HTTP request passes here (security S20-S22).

https only, no redirects, no proxies from the environment, no decompression, answers read to 64 KiB,
one deadline for the whole exchange. The name is resolved once and the request goes to the checked
address, so a name that changes its mind between check and use gains nothing. Targets named by the
operator (`host:port`) are exempt from the address check and may use http.
"""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final, TypeAlias
from urllib.parse import SplitResult, urlsplit

import httpx2

from .addresses import is_public

MAX_ANSWER_BYTES: Final = 64 * 1024
PORTS: Final = frozenset({443, 8443})

#: Labels of letters, digits, hyphens and underscores, a dot after the last one or not.
_HOST_NAME: Final = re.compile(r"(?=.{1,254}\Z)[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*\.?")


#: Tells every address of a host; raises EgressTemporary.
Resolve: TypeAlias = Callable[[str, int], Awaitable[list[str]]]


class EgressError(Exception):
    """An outgoing request had no answer."""


class EgressRefused(EgressError):  # noqa: N818 - the glossary's word for it
    """We do not send there; the message says why. Never retried."""


class EgressTemporary(EgressError):  # noqa: N818
    """The target was not reached: certainly not delivered, worth another try."""


class EgressUnknown(EgressError):  # noqa: N818
    """It was sent and no answer came: delivered or not, nobody knows."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What the target answered; the body is cut at 64 KiB."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a request really goes: the checked address, and the name it is for."""

    url: str
    host: str
    netloc: str


class Egress:
    """A filtered HTTP client. `allowed` holds exact `host:port` of internal targets; `resolve` tells every
    address of a name.
    """

    def __init__(
        self, allowed: frozenset[str] = frozenset(), *, resolve: Resolve | None = None
    ) -> None:
        self._allowed = allowed
        self._resolve = resolve or resolved
        self._client = httpx2.AsyncClient(
            trust_env=False,
            follow_redirects=False,
            headers={"accept-encoding": "identity", "user-agent": "Tierline"},
        )

    async def post(
        self, url: str, *, content: bytes, headers: Mapping[str, str], timeout_seconds: float = 15.0
    ) -> Reply:
        """POST `content` to `url`.

        Raises EgressRefused, EgressTemporary or EgressUnknown; any answer at all is a Reply.
        """
        return await self._exchange("POST", url, content, headers, timeout_seconds)

    async def get(
        self, url: str, *, headers: Mapping[str, str], timeout_seconds: float = 15.0
    ) -> Reply:
        """GET `url`; raises as `post` does."""
        return await self._exchange("GET", url, b"", headers, timeout_seconds)

    async def close(self) -> None:
        """Close every connection."""
        await self._client.aclose()

    async def _exchange(
        self, method: str, url: str, content: bytes, headers: Mapping[str, str], seconds: float
    ) -> Reply:
        try:
            async with asyncio.timeout(seconds):
                target = await self._checked(url)
                return await self._send(method, target, content, headers)
        except TimeoutError as error:
            raise EgressUnknown(f"no answer within {seconds:g} s") from error
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout) as error:
            raise EgressTemporary(f"not reached: {type(error).__name__}") from error
        except httpx2.HTTPError as error:
            raise EgressUnknown(f"no answer: {type(error).__name__}") from error

    async def _send(
        self, method: str, target: _Target, content: bytes, headers: Mapping[str, str]
    ) -> Reply:
        request = self._client.build_request(
            method,
            target.url,
            content=content,
            headers={**headers, "host": target.netloc},
            extensions={"sni_hostname": target.host},
            timeout=None,
        )
        answer = await self._client.send(request, stream=True)
        try:
            body = b""
            async for chunk in answer.aiter_raw():
                body += chunk
                if len(body) >= MAX_ANSWER_BYTES:
                    break
            return Reply(answer.status_code, dict(answer.headers), body[:MAX_ANSWER_BYTES])
        finally:
            await answer.aclose()

    async def _checked(self, url: str) -> _Target:
        parts, port = _parsed(url)
        host = parts.hostname or ""
        named = f"{host}:{port}" in self._allowed
        if not named and (parts.scheme != "https" or port not in PORTS):
            raise EgressRefused(
                f"{parts.scheme} to port {port} is not allowed, https to 443 or 8443 is"
            )
        addresses = await self._resolve(host, port)
        if not named and not all(is_public(address) for address in addresses):
            raise EgressRefused(f"{host} is not in the public internet")
        literal = f"[{addresses[0]}]" if ":" in addresses[0] else addresses[0]
        path = parts._replace(scheme="", netloc="", fragment="").geturl() or "/"
        return _Target(f"{parts.scheme}://{literal}:{port}{path}", host, parts.netloc)


def _parsed(url: str) -> tuple[SplitResult, int]:
    """The URL in parts and its port. Raises EgressRefused for anything unusual."""
    if any(c.isspace() or c in "\\\x00" or ord(c) > 126 for c in url):
        raise EgressRefused("the URL has white space, a backslash or letters outside ASCII")
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme, 0)
    except ValueError as error:
        raise EgressRefused(f"not a URL: {error}") from error
    if parts.scheme not in {"https", "http"} or not parts.hostname or not port:
        raise EgressRefused("not an http(s) URL with a host")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise EgressRefused("the URL has credentials or a fragment")
    if _looks_like_an_address(parts.hostname):
        try:
            ip_address(parts.hostname)
        except ValueError:
            raise EgressRefused(f"{parts.hostname} is no proper address") from None
    elif ":" not in parts.hostname and not _HOST_NAME.fullmatch(parts.hostname):
        raise EgressRefused("the URL has no proper host name")
    return parts, port


def _looks_like_an_address(host: str) -> bool:
    """Resolvers read `127.1`, `0x7f.1` and `2130706433` as 127.0.0.1; we do not."""
    last = host.rstrip(".").rpartition(".")[2]
    return last.isdigit() or last.lower().startswith("0x")


async def resolved(host: str, port: int) -> list[str]:
    """Every address of `host`. Raises EgressTemporary when the name has none just now."""
    loop = asyncio.get_running_loop()
    try:
        found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        raise EgressTemporary(f"{host} has no address") from error
    except UnicodeError as error:
        raise EgressRefused("the URL has no proper host name") from error
    return [str(entry[4][0]) for entry in found]
