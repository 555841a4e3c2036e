"""The names a condition may use: what they hold, and from which moment they are known.

Facts are a plain mapping. A fact that is missing or None is *absent*: an ordering comparison with it
is false, and so is membership (semantics G10). Words compare without regard to case.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum

from shared.contracts import TicketOpened

Facts = Mapping[str, object]
"""What is known of a ticket, by the names of `FACTS`."""


class Kind(Enum):
    """What a fact holds."""

    WORD = "text"
    NUMBER = "number"
    FLAG = "true or false"
    WORDS = "list of words"


class Stage(IntEnum):
    """The sections with conditions, in the order in which a ticket meets them. A fact known at one
    stage is known at every later one.
    """

    TRIAGE = 1
    ROUTING = 2
    BOOSTS = 3
    TRIGGERS = 4
    NOTIFICATIONS = 5


@dataclass(frozen=True, slots=True)
class Fact:
    """One name: its kind, the first stage that knows it, and what it means."""

    kind: Kind
    since: Stage
    meaning: str


FACTS: Mapping[str, Fact] = {
    "priority": Fact(Kind.WORD, Stage.TRIAGE, "critical, high, medium or low"),
    "impact": Fact(Kind.WORD, Stage.TRIAGE, "high, medium or low"),
    "urgency": Fact(Kind.WORD, Stage.TRIAGE, "high, medium or low"),
    "category": Fact(Kind.WORD, Stage.TRIAGE, "one of triage.categories"),
    "complexity": Fact(Kind.WORD, Stage.TRIAGE, "l1, l2 or l3"),
    "channel": Fact(Kind.WORD, Stage.TRIAGE, "where the ticket came from"),
    "language": Fact(Kind.WORD, Stage.TRIAGE, "ISO 639 code of the text"),
    "customer_tier": Fact(Kind.WORD, Stage.TRIAGE, "one of customers.tiers"),
    "customer_vip": Fact(Kind.FLAG, Stage.TRIAGE, "the source itself calls the customer a VIP"),
    "lifetime_value": Fact(Kind.NUMBER, Stage.TRIAGE, "of the customer, in the currency"),
    "amount": Fact(Kind.NUMBER, Stage.TRIAGE, "money named in the ticket, in the currency"),
    "revenue_impact": Fact(Kind.NUMBER, Stage.TRIAGE, "cost of the problem, in the currency"),
    "contact_number": Fact(Kind.NUMBER, Stage.TRIAGE, "how many contacts about this issue"),
    "reopened_count": Fact(Kind.NUMBER, Stage.TRIAGE, "how often this ticket was reopened"),
    "recent_reopened": Fact(Kind.NUMBER, Stage.TRIAGE, "the customer's reopened tickets, 30 days"),
    "signals": Fact(Kind.WORDS, Stage.TRIAGE, "names of word groups found in the text"),
    "business_hours": Fact(Kind.FLAG, Stage.TRIAGE, "business_hours is open at the fact's time"),
    "recent_escalations": Fact(Kind.NUMBER, Stage.BOOSTS, "the customer's escalations, 30 days"),
    "status": Fact(Kind.WORD, Stage.TRIGGERS, "new, open, pending, on_hold, resolved or closed"),
    "level": Fact(Kind.WORD, Stage.TRIGGERS, "the level that holds the ticket"),
    "entry": Fact(
        Kind.NUMBER, Stage.TRIGGERS, "which time the ticket came to its level, from 2 on"
    ),
    "sentiment": Fact(Kind.NUMBER, Stage.TRIGGERS, "score of the last customer message, -1 to 1"),
    "sentiment_label": Fact(Kind.WORD, Stage.TRIGGERS, "calm, frustrated, angry or threatening"),
    "rating": Fact(Kind.NUMBER, Stage.TRIGGERS, "the customer's rating, 1 to 5"),
    "rating_mean": Fact(Kind.NUMBER, Stage.TRIGGERS, "of the customer's last 5 ratings, from 3 on"),
    "rating_mean_before": Fact(Kind.NUMBER, Stage.TRIGGERS, "the same without the newest rating"),
    "metric": Fact(Kind.WORD, Stage.TRIGGERS, "the clock: first_response, next_response, …"),
    "reason": Fact(Kind.WORD, Stage.NOTIFICATIONS, "why an escalation was raised or advanced"),
    "close_reason": Fact(Kind.WORD, Stage.NOTIFICATIONS, "confirmed, timeout or duplicate"),
}

ALIASES: Mapping[str, str] = {
    "customer.tier": "customer_tier",
    "customer.ltv": "lifetime_value",
    "customer.lifetime_value": "lifetime_value",
    "customer.vip": "customer_vip",
    "customer.recent_escalations": "recent_escalations",
    "sentiment_score": "sentiment",
}
"""Other spellings in use. `ticket.` before any name is dropped, too."""

BUSINESS_HOURS = "business_hours"
"""Whether the calendar of that name is open; `business_hours.emea` asks the calendar `emea`."""

_CALENDAR = Fact(Kind.FLAG, Stage.TRIAGE, "that calendar is open at the fact's time")


def fact_of(name: str) -> Fact:
    """What the fact called `name` is, also one that asks a calendar. Raises KeyError for an unknown one."""
    return _CALENDAR if name.startswith(f"{BUSINESS_HOURS}.") else FACTS[name]


def known_at(stage: Stage) -> tuple[str, ...]:
    """The names that a condition of that stage may use."""
    return tuple(name for name, fact in FACTS.items() if fact.since <= stage)


def opening_facts(
    opened: TicketOpened, *, hours: Mapping[str, bool], currency: str
) -> dict[str, object]:
    """What is known of a ticket at its opening. Router and escalator judge the same rule on this same
    mapping (semantics K10, G10), so neither builds it by itself. `hours` is what the calendars say.

    Money in a currency other than the workflow's counts as absent.
    """
    same_currency = opened.currency is None or opened.currency.upper() == currency
    return {
        "priority": opened.priority.value,
        "impact": opened.impact.value,
        "urgency": opened.urgency.value,
        "category": opened.category,
        "complexity": opened.complexity.value,
        "channel": opened.channel,
        "language": opened.language,
        "customer_tier": opened.customer.tier,
        "customer_vip": opened.customer.vip,
        "lifetime_value": opened.customer.lifetime_value,
        "amount": opened.amount if same_currency else None,
        "revenue_impact": opened.revenue_impact if same_currency else None,
        "contact_number": opened.contact_number,
        "reopened_count": opened.reopened_count,
        "recent_reopened": opened.recent_reopened,
        "recent_escalations": opened.customer.recent_escalations,
        "signals": tuple(opened.signals),
        "status": "new",
        **hours,
    }
