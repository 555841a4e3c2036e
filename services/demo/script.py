"""What happens on the demo's support day: who writes when, and how attentive their agent will be.

The same seed gives the same day.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

#: (subject, body, category, impact, urgency, complexity): what customers write about.
_PROBLEMS: Final = (
    ("Checkout answers with an error", "Nobody can pay, it is down. Please hurry.", "technical", "high", "high", "l3"),
    ("Signed in as somebody else", "I see another company's invoices.", "technical", "high", "high", "l3"),
    ("Export misses half of the rows", "The monthly export ends in the middle.", "technical", "high", "medium", "l2"),
    ("Webhook of the integration is silent", "The integration stopped at noon.", "integration", "medium", "high", "l2"),
    ("Charged twice", "Two payments for one order, please give one back.", "billing", "medium", "high", "l1"),
    ("Invoice of 12,400 is wrong", "The amount does not fit the contract.", "billing", "high", "medium", "l2"),
    ("How do I add a colleague?", "I cannot find the button.", "account", "low", "medium", "l1"),
    ("Password reset does not arrive", "I have tried three times.", "account", "medium", "medium", "l1"),
    ("Dark colours, please", "It would be easier on the eyes.", "product", "low", "low", "l1"),
    ("Reports load slowly", "It takes half a minute since Monday.", "product", "medium", "medium", "l2"),
)  # fmt: skip

_ANGRY: Final = "This is unacceptable, and my lawyer will hear of it."

_TIERS: Final = ("enterprise", "professional", "standard", "standard")


@dataclass(frozen=True, slots=True)
class Scene:
    """One ticket of the day. Times are seconds: `at` from the start, the others from the assignment.

    `answered_after` None: nobody answers before somebody acknowledges an escalation.
    """

    at: float
    external_id: str
    opening: dict[str, Any]
    answered_after: float | None
    asks_back: bool
    solved_after: float
    rating: int | None


def support_day(*, seed: int, tickets: int, seconds: float) -> list[Scene]:
    """The tickets of the day in the order in which they arrive, spread over `seconds`."""
    chance = random.Random(seed)  # noqa: S311 - a story, not a secret
    moments = sorted(chance.uniform(0, seconds) for _ in range(tickets))
    return [_scene(chance, number, at) for number, at in enumerate(moments, 1)]


def _scene(chance: random.Random, number: int, at: float) -> Scene:
    subject, body, category, impact, urgency, complexity = _pick(chance, _PROBLEMS)
    customer = chance.randrange(1, 40)
    tier = _TIERS[customer % len(_TIERS)]
    angry = chance.random() < 0.06
    opening = {
        "type": "ticket.open",
        "customer": {
            "id": f"customer-{customer:02}",
            "tier": tier,
            "lifetime_value": float(chance.randrange(200, 20_000)),
            "name": f"Customer {customer}",
            "email": f"customer{customer:02}@customers.example",
            "account_manager": "petra",
        },
        "subject": subject,
        # two alike of one customer would be one: each has its own number
        "body": " ".join([body, f"Our number for it is {4000 + number}.", _ANGRY if angry else ""]),
        "channel": _pick(chance, ("email", "chat", "portal")),
        "category": category,
        "impact": impact,
        "urgency": urgency,
        "complexity": complexity,
    }
    if category == "billing":
        opening["amount"] = 12_400.0 if "12,400" in subject else 80.0
    neglected = chance.random() < 0.12
    return Scene(
        at=at,
        external_id=f"demo-{number:04}",
        opening=opening,
        answered_after=None if neglected else chance.uniform(0.5, 7.0),
        asks_back=chance.random() < 0.2,
        solved_after=chance.uniform(1.0, 8.0),
        rating=chance.choice((2, 4, 5)) if chance.random() < 0.2 else None,
    )


def _pick(chance: random.Random, of: Sequence[Any]) -> Any:
    return of[chance.randrange(len(of))]
