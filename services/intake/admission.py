"""Which webhooks are let in: sources within their share of the slots and within their rate.

Both are about one process (ADR: exact limits over several belong to the ingress). The share is taken
before the body is read; the rate counts authentic calls only, so that no stranger can use it up.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final

import limits
from prometheus_client import Counter as Counted

from shared.clock import Clock
from shared.http.limits import Allowance
from shared.http.problems import DomainError
from shared.http.rates import Rates

from .channels import Channel
from .metrics import IntakeMetrics

#: What the path of every webhook begins with; the source's name follows.
PREFIX: Final = "/v1/channels/"

#: Where there are several sources, one may have so much of the slots: a storm leaves room for the others.
SHARE: Final = 0.75


class Admission:
    """Lets webhooks in, and counts whom it did not."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        rates: Mapping[str, str],
        metrics: IntakeMetrics,
        clock: Clock,
        *,
        is_full: Callable[[], bool],
        slots: int,
        most_body_bytes: int,
    ) -> None:
        self._channels = channels
        self._rates = {source: limits.parse(rate) for source, rate in rates.items()}
        self._windows = Rates(clock)
        self._metrics = metrics
        self._is_full = is_full
        self._share = slots if len(channels) == 1 else max(1, int(slots * SHARE))
        self._in_hand: Counter[str] = Counter()
        self._usual = Allowance(most_body_bytes)
        self._allowances = {
            name: Allowance(channel.most_bytes, from_reserve=not channel.retried)
            for name, channel in channels.items()
        }

    def allowance_of(self, path: str) -> Allowance:
        """What a request to `path` may take: a webhook by its channel, our API the usual."""
        return self._allowances.get(_source_of(path), self._usual)

    def turns_away(self, path: str) -> bool:
        """Whether a call to `path` can be told to come again, now that all is full; it is counted then."""
        source = _source_of(path)
        if source not in self._channels or not self._channels[source].retried:
            return False
        self._count(source, "crowded")
        return True

    def _is_crowded(self, source: str) -> bool:
        """Whether it is too much for all who would try again, or of this one."""
        full = self._is_full() and self._channels[source].retried
        return full or self._in_hand[source] >= self._share

    def _count(self, source: str, reason: str) -> None:
        self._metrics.webhooks_rejected.labels(source=source, reason=reason).inc()

    @contextmanager
    def slot(self, source: str) -> Iterator[None]:
        """A slot for one call of `source`. Raises a DomainError of status 503 when there is none for it."""
        if self._is_crowded(source):
            self._count(source, "crowded")
            detail = "Too many calls at once."
            raise DomainError(503, "Too busy", detail, headers={"Retry-After": "1"})
        self._in_hand[source] += 1
        try:
            yield
        finally:
            self._in_hand[source] -= 1

    async def count(self, source: str) -> None:
        """Count an authentic call of `source`; a DomainError turns it away when that is one too many.

        With the status that its provider understands as "later": 429, or 503 for one that would give
        up on 429 (webhooks 4).
        """
        rate = self._rates.get(source)
        if rate is None or not (headers := await self._windows.refused(rate, source)):
            return
        self._count(source, "quota")
        status = self._channels[source].codes.crowded
        raise DomainError(status, "Too many calls", f"At most {rate} are taken.", headers=headers)


def turning_away(admission: Admission, answered: Counted) -> Callable[[str], bool]:
    """Asks the admission about a path, and counts in `answered` a request that never comes to be one."""

    def turns_away(path: str) -> bool:
        away = admission.turns_away(path)
        if away:
            answered.inc()
        return away

    return turns_away


def _source_of(path: str) -> str:
    """The source whose webhook `path` is; empty for other paths."""
    if not path.startswith(PREFIX):
        return ""
    return path[len(PREFIX) :].partition("/")[0].lower()
