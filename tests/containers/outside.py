"""What the smoke asks from outside: intake, the mail catcher and Prometheus, over their published ports."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from typing import Any, Final, TypeVar
from uuid import uuid4

import httpx2
from standardwebhooks import Webhook

from shared.clock import SystemClock

from .engine import SmokeError

T = TypeVar("T")

_LINK: Final = re.compile(r"https?://\S+/a/[\w-]+")

TICKET: Final = {
    "type": "ticket.open",
    "external_id": "smoke-1",
    "subject": "Checkout is down",
    "body": "Nobody can pay since ten.",
    "customer": {"id": "acme", "tier": "enterprise"},
    "category": "technical",
    "impact": "high",
    "urgency": "high",
}


def until(what: str, ask: Callable[[], T | None], seconds: float = 120.0, pause: float = 0.5) -> T:
    """What `ask` answers as soon as it answers anything. Raises SmokeError after `seconds`."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            answer = ask()
        except httpx2.HTTPError:
            answer = None
        if answer:
            return answer
        time.sleep(pause)
    raise SmokeError(f"not within {seconds:g} s: {what}")


class Outside:
    """A client of one running system. `ports` are those of this machine, by service."""

    def __init__(self, ports: dict[str, int]) -> None:
        self._ports = ports
        self._client = httpx2.Client(trust_env=False, timeout=30.0)

    def get(self, service: str, path: str, **parameters: str) -> httpx2.Response:
        """GET `path` of a service."""
        url = f"http://127.0.0.1:{self._ports[service]}{path}"
        return self._client.get(url, params=parameters or None)

    def webhook(self, secret: str | None, **changes: object) -> httpx2.Response:
        """Send the smoke's ticket, signed with `secret`, or not at all."""
        body = json.dumps({**TICKET, **changes})
        headers = {"content-type": "application/json"}
        if secret:
            at, message_id = SystemClock().now(), f"msg_{uuid4().hex}"
            signature = Webhook(secret).sign(message_id, at, body)
            headers["webhook-id"] = message_id
            headers["webhook-timestamp"] = str(int(at.timestamp()))
            headers["webhook-signature"] = signature
        url = f"http://127.0.0.1:{self._ports['intake']}/v1/channels/generic/webhook"
        return self._client.post(url, content=body, headers=headers)

    def escalation_mail(self) -> dict[str, Any] | None:
        """A mail about the ticket that asks somebody to take responsibility, with its `Link`."""
        for mail in self.get("mail", "/api/v1/messages").json()["messages"]:
            text = self.get("mail", f"/api/v1/message/{mail['ID']}").json()["Text"]
            link = _LINK.search(text)
            if link and TICKET["subject"] in mail["Subject"] + text:
                return {**mail, "Link": link[0]}
        return None

    def acknowledge(self, link: str) -> bool:
        """Open the link of a mail and confirm, as a person does; False when the page asks for patience."""
        return all(self._client.request(method, link).is_success for method in ("GET", "POST"))

    def series(self, query: str) -> list[dict[str, Any]]:
        """What Prometheus answers."""
        answer = self.get("prometheus", "/api/v1/query", query=query).json()
        found: list[dict[str, Any]] = answer["data"]["result"]
        return found

    def broken_rules(self) -> list[str]:
        """Rules that Prometheus cannot evaluate, with what it says about them."""
        groups = self.get("prometheus", "/api/v1/rules").json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        if not rules:
            raise SmokeError("Prometheus has no rules")
        return [f"{r['name']}: {r.get('lastError')}" for r in rules if r["health"] == "err"]
