"""Shares of kept promises (semantics K13)."""

from __future__ import annotations

import msgspec

from shared.contracts.vocabulary import Metric


class Share(msgspec.Struct, frozen=True, kw_only=True):
    """Clocks with a verdict."""

    met: int = 0
    breached: int = 0

    @property
    def percent(self) -> float | None:
        """Kept promises in percent; None when there is no verdict."""
        judged = self.met + self.breached
        return 100 * self.met / judged if judged else None


class Compliance(msgspec.Struct, frozen=True, kw_only=True):
    """What became of the clocks of one metric: all of them, each ticket's first, each ticket's last."""

    metric: Metric
    every: Share
    first: Share
    last: Share
