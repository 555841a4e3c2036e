"""A watching auditor: metrics after every pass, a heartbeat after a clean one only."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.auditor.metrics import WRONG, AuditorMetrics
from services.auditor.table import lines
from services.auditor.watch import Heartbeat, Watch, recent
from shared.clock import FakeClock
from shared.contracts import Event, SlaBreached
from shared.http.egress import Egress
from shared.kafka.client import BrokerUnavailableError
from shared.observability.metrics import Catalogue
from tests.support.audits import Logged, verdict
from tests.support.builders import AGENT, MONDAY_10, OTHER_TICKET, an_event
from tests.support.cases import a_policy, at, message


class Beats(Heartbeat):
    """Counts heartbeats instead of sending them."""

    def __init__(self) -> None:
        super().__init__("https://monitor.example/beat", Egress())
        self.count = 0

    async def beat(self) -> bool:
        self.count += 1
        return True


class Bench:
    """A watch over `log`, at 12:00."""

    def __init__(self, log: list[Event], *, fails: bool = False) -> None:
        self.catalogue = Catalogue("auditor")
        self.beats = Beats()
        self._log, self._fails = log, fails
        self.watch = Watch(
            self.read,
            [a_policy()],
            AuditorMetrics(self.catalogue),
            clock=FakeClock(at("12:00")),
            window=timedelta(hours=24),
            grace=timedelta(minutes=3),
            heartbeat=self.beats,
        )

    async def read(self) -> list[Event]:
        if self._fails:
            raise BrokerUnavailableError("gone")
        fresh, self._log = self._log, []
        return fresh

    def value(self, name: str, **labels: str) -> float | None:
        named = {"service": "auditor", **labels}
        return self.catalogue.registry.get_sample_value(f"tierline_{name}", named)


def a_log() -> list[Event]:
    story = Logged()
    story.open("critical", "enterprise")
    story.pass_to("12:00")
    return story.log


async def test_a_clean_pass_sends_a_heartbeat_and_shows_its_figures() -> None:
    bench = Bench(a_log())
    await bench.watch.step()
    await bench.watch.step()

    assert 2 == bench.beats.count
    assert 11.0 == bench.value("audit_due") == bench.value("audit_fired")
    assert [0.0] * 6 == [bench.value("audit_findings", kind=kind) for kind in WRONG]
    assert 2.0 == bench.value("audit_passes_total", outcome="clean")


async def test_a_lost_deadline_stops_the_heartbeat() -> None:
    bench = Bench([event for event in a_log() if not isinstance(event.payload, SlaBreached)])
    await bench.watch.step()

    assert (0, 1.0) == (bench.beats.count, bench.value("audit_findings", kind="missing"))
    assert 1.0 == bench.value("audit_passes_total", outcome="dirty")


async def test_a_broker_that_is_gone_stops_the_heartbeat_and_not_the_auditor() -> None:
    bench = Bench([], fails=True)

    assert await bench.watch.step() is None
    assert (0, 1.0) == (bench.beats.count, bench.value("audit_passes_total", outcome="failed"))


async def test_a_heartbeat_goes_nowhere_but_into_the_public_internet() -> None:
    egress = Egress()
    try:
        assert not await Heartbeat("http://127.0.0.1:9/beat", egress).beat()
    finally:
        await egress.close()


def test_what_has_been_silent_for_long_is_forgotten() -> None:
    other = message(1, AGENT)
    old = an_event(other, at=MONDAY_10)
    log = [old, *a_log()]

    assert OTHER_TICKET != old.payload
    assert [] == recent(log, at("+1 00:00"))
    assert log == recent(log, at("11:00"))


@pytest.mark.parametrize(
    ("since", "expected"),
    [("09:00", "due            11   fired 11, pending 0"), ("11:59", "due             1")],
)
def test_the_table_says_what_was_due(since: str, expected: str) -> None:
    report = verdict(a_log(), a_policy(), since=at(since), until="12:00")

    assert any(line.startswith(expected) for line in lines(report))


def test_the_table_says_when_nothing_was_due_and_names_what_is_missing() -> None:
    log = [event for event in a_log() if not isinstance(event.payload, SlaBreached)]
    nothing = verdict(log, a_policy(), since=at("09:00"), until="10:00")
    missing = list(lines(verdict(log, a_policy(), until="11:30")))

    assert "Nothing was due in this window." in list(lines(nothing))
    assert "missing         1   due, and nobody was told" in missing
    assert any("first_response 1 at 100 %: due, and never announced" in line for line in missing)
    assert "NOT clean" == missing[-1]
