"""How far event time has come, and what a timer may fire (semantics T5, ruling 1)."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.clock import FakeClock
from shared.kafka.records import TopicPartition
from shared.runtime.watermark import Watermark
from tests.support.builders import MONDAY_10

P0 = TopicPartition("support.tickets", 0)
P1 = TopicPartition("support.tickets", 1)
OTHER_P0 = TopicPartition("support.assignments", 0)

HOLD = timedelta(seconds=120)


def at(seconds: float) -> datetime:
    return MONDAY_10 + timedelta(seconds=seconds)


@dataclass
class Known:
    """What a consumer knows of one partition."""

    position: int = 0
    highwater: int | None = 0
    last_poll: datetime | None = None


@dataclass
class FakeConsumer:
    """The part of a Kafka consumer that the watermark reads."""

    known: dict[TopicPartition, Known] = field(default_factory=dict)

    def assignment(self) -> frozenset[TopicPartition]:
        return frozenset(self.known)

    def highwater(self, partition: TopicPartition) -> int | None:
        return self.known[partition].highwater

    def position(self, partition: TopicPartition) -> int | None:
        return self.known[partition].position

    def last_poll(self, partition: TopicPartition) -> datetime | None:
        return self.known[partition].last_poll


def test_T5_an_idle_partition_is_heard_until_its_last_answer() -> None:
    clock = FakeClock(at(10))
    watermark = Watermark(clock)
    watermark.observe(FakeConsumer({P0: Known(7, 7, at(9))}))

    reading = watermark.reading()

    assert at(9) == reading.as_of
    assert frozenset({0}) == reading.owned


def test_T5_a_lagging_partition_is_heard_until_the_last_event_handled() -> None:
    watermark = Watermark(FakeClock(at(60)))
    watermark.observe(FakeConsumer({P0: Known(3, 9, at(59))}), [(P0, at(20))])

    assert at(20) == watermark.reading().as_of


def test_T5_the_slowest_owned_partition_decides() -> None:
    watermark = Watermark(FakeClock(at(60)))
    consumer = FakeConsumer({P0: Known(0, 0, at(59)), P1: Known(3, 9, at(59))})
    watermark.observe(consumer, [(P1, at(20))])

    assert at(20) == watermark.reading().as_of


def test_T5_as_of_is_never_ahead_of_the_clock() -> None:
    watermark = Watermark(FakeClock(at(10)))
    watermark.observe(FakeConsumer({P0: Known(0, 0, at(11))}))

    assert at(10) == watermark.reading().as_of


def test_a_partition_without_an_answer_is_not_owned_yet() -> None:
    watermark = Watermark(FakeClock(at(10)))
    watermark.observe(
        FakeConsumer(
            {P0: Known(0, 0, at(9)), OTHER_P0: Known(0, None, None), P1: Known(0, 0, at(9))}
        )
    )

    assert frozenset({1}) == watermark.reading().owned


def test_nothing_is_due_by_the_stream_before_anything_was_heard() -> None:
    assert Watermark(FakeClock(at(10))).reading().as_of is None


def test_an_unread_backlog_is_not_mistaken_for_an_idle_partition() -> None:
    watermark = Watermark(FakeClock(at(10)))
    watermark.observe(FakeConsumer({P0: Known(50, 100, at(9))}))

    assert watermark.reading().as_of is None


def test_a_broker_that_is_away_stops_the_watermark() -> None:
    clock = FakeClock(at(10))
    watermark = Watermark(clock)
    consumer = FakeConsumer({P0: Known(0, 0, at(9))})
    watermark.observe(consumer)
    clock._now = at(70)
    watermark.observe(consumer)

    assert at(9) == watermark.reading().as_of
    assert watermark.age_seconds() == 61


def test_the_watermark_never_goes_back() -> None:
    watermark = Watermark(FakeClock(at(60)))
    watermark.observe(FakeConsumer({P0: Known(3, 3, at(50))}))
    watermark.observe(FakeConsumer({P0: Known(4, 9, at(55))}), [(P0, at(49))])

    assert at(50) == watermark.reading().as_of


def test_a_partition_that_went_elsewhere_holds_nothing() -> None:
    watermark = Watermark(FakeClock(at(60)))
    watermark.observe(
        FakeConsumer({P0: Known(0, 0, at(59)), P1: Known(3, 9, at(59))}), [(P1, at(20))]
    )
    watermark.forget([P1])

    assert at(59) == watermark.reading().as_of


def test_ruling_1_a_held_deadline_fires_by_the_clock_after_the_limit() -> None:
    clock = FakeClock(at(0))
    watermark = Watermark(clock)
    watermark.observe(FakeConsumer({P0: Known(0, 0, at(0))}))
    clock._now = at(121)

    assert at(1) == watermark.reading().due_by_clock(HOLD)


def test_ruling_1_a_lag_below_the_limit_fires_nothing_by_the_clock() -> None:
    clock = FakeClock(at(0))
    watermark = Watermark(clock)
    clock._now = at(300)
    watermark.observe(FakeConsumer({P0: Known(3, 9, at(299))}), [(P0, at(181))])

    assert watermark.reading().due_by_clock(HOLD) is None


def test_ruling_1_a_process_first_gets_the_time_to_hear_the_log() -> None:
    clock = FakeClock(at(0))
    watermark = Watermark(clock)
    clock._now = at(119)

    assert watermark.reading().due_by_clock(HOLD) is None


def test_T7_a_closed_clock_guard_lets_nothing_fire() -> None:
    clock = FakeClock(at(0))
    watermark = Watermark(clock, held=lambda: True)
    watermark.observe(FakeConsumer({P0: Known(0, 0, at(0))}))
    clock._now = at(500)
    reading = watermark.reading()

    assert reading.as_of is None
    assert reading.due_by_clock(HOLD) is None


def test_T7_what_was_heard_by_a_clock_that_stepped_is_forgotten() -> None:
    clock, held = FakeClock(at(0)), [False]
    watermark = Watermark(clock, held=lambda: held[0])
    consumer = FakeConsumer({P0: Known(0, 0, at(7200))})
    watermark.observe(consumer)
    held[0] = True
    watermark.observe(consumer)
    held[0] = False
    consumer.known[P0] = Known(0, 1, at(10))
    watermark.observe(consumer)

    assert watermark.reading().as_of is None


def test_T7_after_a_step_the_log_is_given_the_time_to_be_heard_anew() -> None:
    clock, held = FakeClock(at(0)), [True]
    watermark = Watermark(clock, held=lambda: held[0])
    clock._now = at(7200)
    watermark.reading()
    held[0] = False

    assert watermark.reading().due_by_clock(HOLD) is None
    clock._now = at(7320)
    assert watermark.reading().due_by_clock(HOLD) == at(7200)
