"""deploy/compose.yaml from nothing to a captured mail, and back to nothing.

    python -m tests.containers.smoke IMAGE [--stand-ins]

IMAGE is the product's, already built; `--stand-ins` builds mail catcher and Prometheus here instead of
pulling theirs. Grafana is left out: it has no part in the work, and no stand-in. Ends with status 1 and
the containers' last words when anything is not as it should be; leaves nothing running.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
from datetime import datetime
from typing import Final

import httpx2

from services.fleet import free_ports
from services.installation import PORTS
from shared.clock import SystemClock

from .engine import Compose, SmokeError, run
from .outside import Outside, until
from .standins import build

_SERVED: Final = (*PORTS, "auditor")
_BESIDE: Final = ("mail", "prometheus")

#: Characters of a log's line: a traceback in JSON is long.
_SHOWN: Final = 400


def main() -> int:
    """Run it; the exit status."""
    parser = argparse.ArgumentParser(prog="smoke", description="Compose smoke test.")
    parser.add_argument("image", help="the product's image")
    parser.add_argument("--stand-ins", action="store_true", help="build mail and Prometheus here")
    given = parser.parse_args()
    images = build(given.image) if given.stand_ins else {}
    ports = free_ports([*_SERVED, *_BESIDE])
    settings = {f"{name.upper()}_PORT": str(port) for name, port in ports.items()}
    settings |= {
        "TIERLINE_IMAGE": given.image,
        "WORKFLOW": "./workflow-demo.yaml",  # targets of seconds
        "PUBLIC_URL": f"http://127.0.0.1:{ports['notifier']}",
    }
    compose = Compose(f"tierline-smoke-{secrets.token_hex(3)}", {**settings, **images})
    try:
        _smoke(compose, Outside(ports), given.image)
    except (SmokeError, httpx2.HTTPError) as error:
        print(f"FAILED: {error}")
        for line in compose("logs", "--no-color", "--tail", "15", *_SERVED).splitlines():
            print(line[:_SHOWN])
        return 1
    finally:
        compose("--profile", "*", "down", "--volumes", "--remove-orphans", "--timeout", "5")
        _say("down; no container, network or volume of it is left")
    return 0


def _smoke(compose: Compose, outside: Outside, image: str) -> None:
    began = time.monotonic()
    compose("up", "--no-build", "--detach", "--wait", "--wait-timeout", "600", *_SERVED, *_BESIDE)
    _say(f"up: everything healthy after {time.monotonic() - began:.1f} s")
    _hardened(compose)
    _say(compose.tierline("people", "import").strip().replace("\n", ", "))
    secret = compose("exec", "-T", "intake", "cat", "/credentials/webhook_secret").strip()
    _webhook(outside, secret)
    _escalation(compose, outside)
    _broker_paused(compose, outside, secret)
    _support_day(compose)
    _scraped(outside)
    _backup(compose)
    _figures(compose, outside, image)


def _hardened(compose: Compose) -> None:
    """As in security section 11, asked of the engine and of the container itself."""
    for service in _SERVED:
        told = compose.container(service)
        host = told["HostConfig"]
        facts = (told["Config"]["User"], host["ReadonlyRootfs"], host["CapDrop"])
        if facts != ("10001:10001", True, ["ALL"]):
            raise SmokeError(f"{service} runs with {facts}")
        if "no-new-privileges:true" not in host["SecurityOpt"]:
            raise SmokeError(f"{service} may gain privileges")
    probe = (
        "import importlib.util, shutil; print(importlib.util.find_spec('pip'), shutil.which('cc'))"
    )
    if (found := compose("exec", "-T", "intake", "python", "-c", probe).strip()) != "None None":
        raise SmokeError(f"the image has pip or a compiler: {found}")
    _say("hardened: no root, no capability, nothing writable, neither pip nor compiler")


def _webhook(outside: Outside, secret: str) -> None:
    refused = outside.webhook(None).status_code
    if refused != httpx2.codes.UNAUTHORIZED:
        raise SmokeError(f"an unsigned webhook was answered {refused}")
    answer = outside.webhook(secret)
    if answer.status_code != httpx2.codes.ACCEPTED:
        raise SmokeError(f"the signed webhook was answered {answer.status_code}: {answer.text}")
    _say(f"webhook: unsigned {refused}, signed {answer.status_code} {answer.json()['outcome']}")


def _escalation(compose: Compose, outside: Outside) -> None:
    mail = until("a mail about the escalation", outside.escalation_mail)
    to = ", ".join(one["Address"] for one in mail["To"])
    _say(f"mail to {to}: {mail['Subject']}")
    until("the page behind the link", lambda: outside.acknowledge(mail["Link"]))
    until("the acknowledgement", lambda: "acknowledged" in compose.tierline("ticket", "smoke-1"))
    _say("acknowledged by the link in the mail")


def _broker_paused(compose: Compose, outside: Outside, secret: str) -> None:
    """A broker that stands still keeps no webhook from being taken, and nothing is lost by it."""
    compose("pause", "kafka")
    try:
        status = outside.webhook(secret, external_id="smoke-2", subject="Written meanwhile")
        if status.status_code != httpx2.codes.ACCEPTED:
            raise SmokeError(f"with the broker paused intake answered {status.status_code}")
    finally:
        compose("unpause", "kafka")
    until("the assignment", lambda: "ticket.assigned" in compose.tierline("ticket", "smoke-2"))
    _say("broker paused: the webhook was taken, and the ticket assigned once the broker went on")


def _support_day(compose: Compose) -> None:
    """What the profile `demo` does, shorter."""
    told = compose.tierline("support-day", "--tickets", "5", "--seconds", "5")
    if "The day is over" not in told:
        raise SmokeError(f"the support day ended otherwise:\n{told}")
    _say("a support day of five tickets was played to its end")


def _scraped(outside: Outside) -> None:
    up = 'up{job=~"intake|router|escalator|notifier|auditor"} == 1'
    until("five targets that are up", lambda: len(outside.series(up)) == len(_SERVED))
    sent = 'tierline_notifications_total{channel="email",outcome="sent"} > 0'
    until("the count of mails", lambda: outside.series(sent))
    if broken := outside.broken_rules():
        raise SmokeError(f"rules that do not evaluate: {'; '.join(broken)}")
    [count] = outside.series('count({__name__=~"tierline_.+"})')
    _say(f"Prometheus: {len(_SERVED)} targets up, {count['value'][1]} series, every rule evaluates")


def _backup(compose: Compose) -> None:
    """The image holds PostgreSQL's programs of the server's version."""
    told = compose.tierline("backup", "/tmp/smoke.tar")
    _say(f"backup: {told.strip().splitlines()[-1]}")


def _figures(compose: Compose, outside: Outside, image: str) -> None:
    _say(f"image {image}: {run('docker', 'image', 'ls', '--format', '{{.Size}}', image).strip()}")
    for service in PORTS:
        compose("stop", service)
        status = compose.container(service)["State"]["ExitCode"]
        if status:
            raise SmokeError(f"{service} ended with status {status} when told to stop")
        compose("start", service)
        _say(
            f"{service}: stopped in order; ready {_ready_after(compose, outside, service):.1f} s after its start"
        )


def _ready_after(compose: Compose, outside: Outside, service: str) -> float:
    """Seconds from the start of the container's process to the first 200 of /readyz."""

    def ready() -> datetime | None:
        answered = outside.get(service, "/readyz").status_code == httpx2.codes.OK
        return SystemClock().now() if answered else None

    at = until(f"{service} ready", ready, pause=0.05)
    started = compose.container(service)["State"]["StartedAt"]
    return (at - datetime.fromisoformat(f"{started[:26].rstrip('Z')}+00:00")).total_seconds()


def _say(what: str) -> None:
    print(f"smoke: {what}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
