"""The memory broker keeps the promises of a broker."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shared.clock import FakeClock
from shared.kafka.memory import MemoryBroker
from tests.broker.suite import BrokerSuite


class TestMemoryBroker(BrokerSuite):
    """See `suite.py`; what only this broker can do is in `tests/unit/kafka`."""

    _clock: FakeClock

    @pytest.fixture
    def kafka(self, clock: FakeClock) -> MemoryBroker:
        self._clock = clock
        return MemoryBroker(clock)

    async def let_time_pass(self) -> None:
        await self._clock.advance(timedelta(milliseconds=500))
