"""How much is proved, in what world, and what came of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

#: Those of a breach: its assignee by mail, the manager of the team by webhook, who has mail as well.
WORKFLOW: Final = """
version: 1
notifications:
  rules:
    - {{on: sla.breached, to: [assignee], via: [email], template: breach}}
    - {{on: sla.breached, to: [team_managers], via: [webhook], template: breach}}
  fallback: {{webhook: email}}
  bundle: {bundle}
  budget: {{messages: 1000, sms: 1000}}
  backoff: [1s, 1s, 2s, 2s, 4s, 4s]
"""

#: Any secret will do.
SECRET: Final = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass(frozen=True, slots=True)
class Plan:
    """How much, how hard, how long to wait for it. Times are in seconds.

    A share of `faults` of all requests is answered with some fault; one endpoint for every fault has
    nothing else to say for its first `ill` seconds, and one never has TLS to offer. What comes to somebody
    within `bundle` leaves as one message.
    """

    notifications: int = 10_000
    kill_every: float = 5.0
    faults: float = 0.2
    ill: float = 20.0
    pages: float = 0.05
    bundle: str = "0s"
    patience: float = 90.0
    seed: int = 6

    @property
    def breaches(self) -> int:
        """Facts that are told to two people each."""
        return self.notifications // 2


@dataclass(slots=True)
class Verdict:
    """What was done, and every way in which it was wrong; counts, and seconds of the delivering.

    `unplanned`: told to nobody although somebody had to be told; `open`: neither sent nor given up in the
    end; `uncaptured`: sent, and nobody got it; `untold`: ended without a fact about it; `above`: messages
    that came more often than 1 + the attempts nobody knows the outcome of; `foreign`: nobody planned them.
    """

    planned: int = 0
    sent: int = 0
    dead: int = 0
    suppressed: int = 0
    fallbacks: int = 0
    messages: int = 0
    captures: int = 0
    repeats: int = 0
    attempts: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    kills: int = 0
    own_ends: int = 0
    seconds: float = 0.0
    unplanned: int = 0
    open: int = 0
    uncaptured: int = 0
    untold: int = 0
    above: int = 0
    foreign: int = 0
    trapped: int = 0
    parked: int = 0

    @property
    def wrong(self) -> dict[str, int]:
        """What must never happen, and how often it did."""
        return {
            "planned for nobody": self.unplanned,
            "neither sent nor given up": self.open,
            "sent without a capture": self.uncaptured,
            "ended without a fact": self.untold,
            "captured above 1 + unknown": self.above,
            "captured without a plan": self.foreign,
            "redirects followed": self.trapped,
            "facts parked": self.parked,
        }
