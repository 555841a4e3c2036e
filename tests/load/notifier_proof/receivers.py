"""Whom the notifier of a proof reaches: endpoints and a relay with every fault there is."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic
from typing import Any, Final

from tests.support.sink_faults import (
    Captures,
    FaultyHook,
    FaultyRelay,
    HookFault,
    MailFault,
    a_faulty_relay,
    a_trap,
    faulty_hooks,
)

from .plan import SECRET, Plan

#: Endpoints that are well most of the time, besides one for every fault.
_WELL: Final = 11

#: A fault is one of these. A redirect is final, so it comes seldom.
_HOOK_FAULTS: Final = [f for f in HookFault if f is not HookFault.NONE]
_WEIGHTS: Final = [1 if f is HookFault.REDIRECT_TO_LOOPBACK else 10 for f in _HOOK_FAULTS]
_MAIL_FAULTS: Final = [f for f in MailFault if f is not MailFault.NONE]


@dataclass(frozen=True, slots=True)
class Receivers:
    """All of them while they run. `hooks`: team → the endpoint of its manager."""

    captures: Captures
    hooks: Mapping[str, FaultyHook]
    relay: FaultyRelay
    trap: FaultyHook
    never: str

    @property
    def well(self) -> list[str]:
        """Teams whose endpoint has all faults now and then and none for long."""
        return [team for team in self.hooks if team.startswith("well")]

    @property
    def people(self) -> list[dict[str, Any]]:
        """An agent and a manager for every team, as the notifier's API takes them."""
        found: list[dict[str, Any]] = []
        for team, hook in self.hooks.items():
            url = hook.url.replace("http:", "https:") if team == self.never else hook.url
            mail = f"m-{team}@desk.example".lower()
            manager = {"webhook": url, "email": mail}
            found += [
                _person(f"a-{team}", team, [], {"email": f"a-{team}@desk.example".lower()}),
                _person(f"m-{team}", team, ["manager"], manager),
            ]
        return found

    @property
    def environment(self) -> dict[str, str]:
        """What the notifier has to know of them, with times as short as a proof needs them."""
        told = {
            "SMTP__HOST": "127.0.0.1",
            "SMTP__PORT": str(self.relay.port),
            "SMTP__SECURITY": "none",
            "SMTP__SENDER": "Tierline <support@desk.example>",
            "SMTP__TIMEOUT_SECONDS": "2",
            "WEBHOOK__SECRET": SECRET,
            "WEBHOOK__TIMEOUT_SECONDS": "2",
            "EGRESS_ALLOW": json.dumps([f"127.0.0.1:{h.port}" for h in self.hooks.values()]),
            "RATES": json.dumps({"email": 500, "webhook": 200}),
            "PROBE_SECONDS": "1",
            "CONCURRENCY": "64",
            "PER_TARGET": "8",
            "SEND_SECONDS": "4",
            "LEASE_SECONDS": "9",
        }
        return {f"TIERLINE_NOTIFIER__{name}": value for name, value in told.items()}


def _person(name: str, team: str, roles: list[str], channels: Mapping[str, str]) -> dict[str, Any]:
    return {
        "recipient_id": name,
        "name": name,
        "team": team,
        "roles": roles,
        "channels": channels,
    }


@asynccontextmanager
async def receivers(plan: Plan) -> AsyncIterator[Receivers]:
    """All of them, until the end."""
    chance, captures = random.Random(plan.seed), Captures()
    async with a_trap() as trap:
        hooks = {
            name: FaultyHook(captures, fault, trap_port=trap.port)
            for name, fault in _behaviours(plan, chance).items()
        }
        relay = FaultyRelay(captures, _sporadic_mail(plan, chance))
        async with faulty_hooks(*hooks.values()), a_faulty_relay(relay):
            yield Receivers(captures, hooks, relay, trap, never=HookFault.BAD_TLS.name)


def _behaviours(plan: Plan, chance: random.Random) -> dict[str, Callable[[], HookFault]]:
    now_and_then = _sporadic_hook(plan, chance)
    found = {f"well{number}": now_and_then for number in range(_WELL)}
    for fault in _HOOK_FAULTS:
        found[fault.name] = _at_first(fault, plan.ill, now_and_then)
    found[HookFault.BAD_TLS.name] = lambda: HookFault.BAD_TLS
    return found


def _sporadic_hook(plan: Plan, chance: random.Random) -> Callable[[], HookFault]:
    def behave() -> HookFault:
        if chance.random() >= plan.faults:
            return HookFault.NONE
        return chance.choices(_HOOK_FAULTS, _WEIGHTS)[0]

    return behave


def _sporadic_mail(plan: Plan, chance: random.Random) -> Callable[[], MailFault]:
    def behave() -> MailFault:
        ill = chance.random() < plan.faults
        return chance.choice(_MAIL_FAULTS) if ill else MailFault.NONE

    return behave


def _at_first(
    fault: HookFault, seconds: float, then: Callable[[], HookFault]
) -> Callable[[], HookFault]:
    """Always `fault` until so long after the first request."""
    first: list[float] = []

    def behave() -> HookFault:
        first.append(monotonic())
        del first[1:]
        return fault if monotonic() - first[0] < seconds else then()

    return behave
