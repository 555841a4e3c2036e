"""The ladder's levels and the customers' tiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Level:
    """One level of the ladder. `respond_within` is how long its people may take to accept a ticket
    (semantics X7); None means immediately: paged at once, never bundled. `calendar` is that of its team,
    which its own clocks count in; without one they count in that of the promise they serve (C5). `requires`
    names what people must have written before they raise a ticket to it (X4).
    """

    name: str
    title: str
    team: str
    respond_within: timedelta | None
    aliases: tuple[str, ...] = ()
    requires: tuple[str, ...] = ("handoff",)
    calendar: str | None = None


@dataclass(frozen=True, slots=True)
class CustomerPolicy:
    """The customer tiers, best first, and the one that unknown customers have. `calendars` by tier and
    `contracts` by customer are the hours that contracts promise (semantics C5).
    """

    tiers: tuple[str, ...]
    default_tier: str
    calendars: Mapping[str, str] = field(default_factory=dict)
    contracts: Mapping[str, str] = field(default_factory=dict)

    def calendar_of(self, customer_id: str | None, tier: str) -> str | None:
        """The calendar of the customer's contract, else of their tier's; None without either."""
        return self.contracts.get(customer_id or "") or self.calendars.get(tier.lower())

    def tier_of(self, name: str | None) -> str:
        """The tier called `name` in any case, or the default tier."""
        wanted = (name or "").lower()
        return wanted if wanted in self.tiers else self.default_tier
