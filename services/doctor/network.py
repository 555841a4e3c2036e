"""What is reached over HTTP and SMTP: the services, the auditor, the mail relay, providers, the filter."""

from __future__ import annotations

import asyncio
import re
import ssl
from collections.abc import Mapping
from functools import cache
from typing import Final

import httpx2
from aiosmtplib import SMTP, SMTPException

from services.notifier.config import NotifierSection
from services.notifier.senders.settings import SmtpSettings
from shared.clock import Clock
from shared.http.egress import Egress, EgressError, EgressRefused

from .finding import Finding, fail, ok, warn

_PASSED: Final = re.compile(r"^tierline_audit_pass_timestamp_seconds\{[^}]*\} (\S+)", re.MULTILINE)

#: Where providers are, by the section of the notifier that makes them needed.
_PROVIDERS: Final[Mapping[str, str]] = {
    "slack": "slack.com",
    "pagerduty": "events.pagerduty.com",
    "sms": "api.twilio.com",
}

#: An address inside a cloud's machine that tells its secrets: the filter must not let us there.
_FORBIDDEN: Final = "https://169.254.169.254/latest/meta-data"


@cache
def _trusted() -> ssl.SSLContext:
    """Read once: a machine's certificates are many."""
    return ssl.create_default_context()


def _client(seconds: float) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(trust_env=False, timeout=seconds, verify=_trusted())


async def service(name: str, url: str, seconds: float) -> list[Finding]:
    """Whether a service answers that it is ready, and if not, why."""
    about = f"service {name}"
    try:
        async with _client(seconds) as client:
            answer = await client.get(f"{url}/readyz")
    except httpx2.HTTPError as error:
        todo = (
            f"Start it: `tierline run {name}`; where it is elsewhere: TIERLINE_{name.upper()}_URL."
        )
        return [fail(about, f"{url} does not answer: {type(error).__name__}", todo)]
    if answer.status_code == httpx2.codes.OK:
        return [ok(about, f"ready at {url}")]
    return [fail(about, f"not ready: {answer.text[:200]}", "Its log says more.")]


async def auditor(url: str, clock: Clock, *, every: float, seconds: float) -> list[Finding]:
    """Whether somebody recomputes the deadlines, and when last."""
    todo = "Let `tierline audit --watch` run, with TIERLINE_AUDITOR__HEARTBEAT_URL set."
    try:
        async with _client(seconds) as client:
            shown = _PASSED.search((await client.get(f"{url}/metrics")).text)
    except httpx2.HTTPError:
        return [warn("auditor", f"none answers at {url}: nobody recomputes the deadlines", todo)]
    age = clock.now().timestamp() - float(shown[1]) if shown and float(shown[1]) else None
    if age is None or age > 3 * every:
        told = "has not passed yet" if age is None else f"passed {age:.0f} s ago for the last time"
        return [fail("auditor", f"it {told}; it should every {every:g} s", "Look at its log.")]
    return [ok("auditor", f"passed {age:.0f} s ago")]


async def mail(smtp: SmtpSettings | None) -> list[Finding]:
    """Whether the mail relay takes us, encrypted and logged in as configured. Sends nothing."""
    if smtp is None:
        return [ok("mail", "no relay is set here: the notifier sends no mail")]
    where = f"{smtp.host}:{smtp.port} ({smtp.security})"
    client = SMTP(
        hostname=smtp.host,
        port=smtp.port,
        use_tls=smtp.security == "tls",
        start_tls=smtp.security == "starttls",
        cert_bundle=str(smtp.ca_file) if smtp.ca_file else None,
        timeout=smtp.timeout_seconds,
    )
    try:
        await client.connect()
        if smtp.username is not None and smtp.password is not None:
            await client.login(smtp.username, smtp.password.get_secret_value())
        await client.quit()
    except (SMTPException, OSError) as error:
        todo = "Look at TIERLINE_NOTIFIER__SMTP__…: host, port, security, login, ca_file."
        return [fail("mail", f"{where}: {type(error).__name__}: {error}", todo)]
    if smtp.security == "none":
        todo = "Set TIERLINE_NOTIFIER__SMTP__SECURITY to starttls or tls."
        return [warn("mail", f"{where} takes mail, in clear", todo)]
    return [ok("mail", f"{where} takes mail")]


async def egress(section: NotifierSection) -> list[Finding]:
    """Whether the filter of outgoing requests stands, and what is set to be reached can be."""
    filter_ = Egress(section.egress_allowed)
    try:
        await filter_.post(_FORBIDDEN, content=b"", headers={})
    except EgressRefused:
        found = [
            ok("outgoing", f"internal addresses are refused, but {len(section.egress_allowed)}")
        ]
    except EgressError:
        todo = "Take that address out of TIERLINE_NOTIFIER__EGRESS_ALLOW."
        found = [fail("outgoing", "the filter lets a metadata address through", todo)]
    else:
        found = [
            fail(
                "outgoing", "a metadata address answered", "Close TIERLINE_NOTIFIER__EGRESS_ALLOW."
            )
        ]
    finally:
        await filter_.close()
    hosts = {f"{host}:443" for name, host in _PROVIDERS.items() if getattr(section, name, None)}
    reached = await asyncio.gather(*map(_reached, sorted(hosts | section.egress_allowed)))
    return [*found, *(finding for finding in reached if finding is not None)]


async def _reached(target: str) -> Finding | None:
    host, _, port = target.rpartition(":")
    try:
        _, writer = await asyncio.open_connection(host, int(port))
    except OSError as error:
        said = f"{target} is not reached: {error.strerror or type(error).__name__}"
        return warn("outgoing", said, "Open the way in the firewall or NetworkPolicy.")
    writer.close()
    return None
