"""From fact to outcome on real tables: leased, attempted, recorded, published, once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from services.notifier.domain.delivery import Outcome, Result
from services.notifier.domain.recipient import Recipient
from shared import failpoints
from shared.contracts import (
    EscalationAdvanced,
    EscalationRaised,
    NotificationFailed,
    NotificationSuppressed,
    SlaBreached,
    SlaMet,
    SlaWarning,
    SlaWithdrawn,
    TicketAssigned,
    TicketOpened,
    TicketQueued,
    TicketResolved,
    decode,
)
from shared.contracts.vocabulary import Priority
from shared.db.engine import fetch
from tests.support.builders import TICKET, a
from tests.support.notifier_bench import Bench, Obedient
from tests.support.running import until
from tests.support.telling import ANA, EVERYBODY

pytestmark = pytest.mark.postgres


@pytest.fixture
async def bench(engine_for: Callable[[str], AsyncEngine]) -> Bench:
    made = Bench(engine_for("notifier"))
    await made.know()
    await made.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    return made


class KilledError(BaseException):
    """The process is gone: nothing that follows in it happens."""


async def killed_at(failpoint: str, bench: Bench) -> None:
    """A deliverer of another process takes what is due and dies at `failpoint`."""

    def die(_name: str) -> None:
        raise KilledError

    failpoints.install(failpoint, die)
    try:
        with pytest.raises(KilledError):
            await bench.deliver(bench.another())
    finally:
        failpoints.clear()


async def test_a_breach_reaches_assignee_and_manager_and_is_published(bench: Bench) -> None:
    [breach] = await bench.hear(a(SlaBreached))
    await bench.deliver()

    sent = await bench.sent()
    assert {("ana", "email"), ("mara", "webhook")} == {(s.recipient_id, s.channel) for s in sent}
    assert {breach.id} == {s.about for s in sent}
    assert [("ana", "email", "sent", 1), ("mara", "webhook", "sent", 1)] == await bench.rows()
    assert "ana@desk.example" == bench.mail.messages[0].address


async def test_the_subject_line_is_in_the_message_and_not_in_the_plan(bench: Bench) -> None:
    await bench.hear(a(TicketOpened, subject_line="Printer on fire"))
    await bench.hear(a(TicketQueued, level="tier_2", notify=["support_manager"]))
    await bench.deliver()

    assert "Printer on fire" in bench.hooks.messages[0].body
    assert "Printer" not in repr(await bench.rows("plan::text"))


async def test_H12_a_batch_handled_again_plans_nothing_more(bench: Bench) -> None:
    events = await bench.hear(a(SlaBreached))
    await bench.deliver()
    await bench.hear_events(events)
    await bench.deliver()

    assert 2 == len(await bench.sent())


async def test_a_batch_tells_first_what_the_ticket_is_whatever_the_topics_order(
    bench: Bench,
) -> None:
    await bench.hear(
        a(SlaBreached, ticket_id=TICKET), a(TicketAssigned, agent_id="elif", team="engineering")
    )

    assert ["elif", "lena"] == [row[0] for row in await bench.rows()]


async def test_D2_a_retry_waits_for_its_time_and_keeps_the_id(bench: Bench) -> None:
    bench.mail.results = [Result(Outcome.RETRY, "smtp 451")]
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliver()
    await bench.deliver()
    assert [("ana", "email", "pending", 1)] == await bench.rows()

    await bench.advance(seconds=5)
    await bench.deliver()

    first, second = bench.mail.messages
    assert first.notification_id == second.notification_id
    assert ["retry", "sent"] == await bench.attempts(first.notification_id)
    assert not second.possible_repeat


async def test_D2_exhausted_falls_back_and_says_so(bench: Bench) -> None:
    bench.hooks.results = [Result(Outcome.RETRY)] * 3
    await bench.hear(
        a(EscalationAdvanced, to_team="specialists", audience=[], priority=Priority.MEDIUM)
    )
    for _ in range(4):
        await bench.deliver()
        await bench.advance(minutes=2)

    said = await bench.said()
    failed = [p for p in said if isinstance(p, NotificationFailed)]
    assert [("exhausted", 3, "email")] == [
        (p.error_kind.value, p.attempts, p.fallback_channel) for p in failed
    ]
    assert [("sofia", "email", "sent", 1), ("sofia", "webhook", "dead", 3)] == await bench.rows()


async def test_P7_without_a_fallback_it_is_failed_and_visible(bench: Bench) -> None:
    bench.mail.results = [Result(Outcome.DEAD, "smtp 550")]
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliver()

    [failed] = [p for p in await bench.said() if isinstance(p, NotificationFailed)]
    assert ("permanent", None) == (failed.error_kind.value, failed.fallback_channel)
    assert [("ana", "email", "dead", 1)] == await bench.rows()


async def test_P8_killed_between_sending_and_recording_is_unknown_and_sent_again(
    bench: Bench,
) -> None:
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await killed_at("notifier.after_send", bench)
    await bench.deliver()
    assert [("ana", "email", "leased", 1)] == await bench.rows()

    await bench.advance(seconds=45)
    await bench.deliver()
    await bench.advance(seconds=10)
    await bench.deliver()

    [sent] = await bench.sent()
    first, second = bench.mail.messages
    assert (2, True) == (sent.attempts, sent.possible_repeat)
    assert first.notification_id == second.notification_id
    assert ["unknown", "sent"] == await bench.attempts(first.notification_id)


async def test_P8_killed_before_sending_is_an_attempt_nobody_knows_of_too(bench: Bench) -> None:
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await killed_at("notifier.before_send", bench)
    await bench.advance(seconds=45)
    await bench.deliver()
    await bench.advance(seconds=10)
    await bench.deliver()

    assert [("ana", "email", "sent", 2)] == await bench.rows()


async def test_a_success_that_is_recorded_late_ends_it(bench: Bench) -> None:
    """The lease ran out while the relay was slow; then the relay took the mail after all."""
    gate = bench.mail.gates["ana"] = asyncio.Event()
    await bench.hear(a(SlaWarning, threshold_percent=50))
    slow = bench.another()
    await slow.step()
    await bench.advance(seconds=46)
    await bench.deliver()
    gate.set()
    await bench.deliver(slow)
    await bench.advance(minutes=10)
    await bench.deliver()

    [message] = bench.mail.messages
    assert ["sent"] == await bench.attempts(message.notification_id)
    assert 1 == len(await bench.sent())


async def test_P9_what_is_cancelled_before_its_lease_is_never_begun(bench: Bench) -> None:
    await bench.hear(a(SlaBreached))
    await bench.advance(seconds=1)
    await bench.hear(a(TicketResolved))
    await bench.deliver()

    assert ([], []) == (bench.mail.messages, bench.hooks.messages)
    assert {"cancelled"} == {
        p.reason.value for p in await bench.said() if isinstance(p, NotificationSuppressed)
    }


async def test_L8_what_is_cancelled_while_it_fails_is_not_tried_again(bench: Bench) -> None:
    gate = bench.mail.gates["ana"] = asyncio.Event()
    bench.mail.results = [Result(Outcome.RETRY)]
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliverer.step()
    await bench.hear(a(SlaMet))
    gate.set()
    await bench.deliver()

    [suppressed] = await bench.said()
    assert isinstance(suppressed, NotificationSuppressed)
    assert [("ana", "email", "suppressed", 1)] == await bench.rows()


async def test_T3_a_correction_waits_for_what_it_corrects_and_goes_if_that_got_through(
    bench: Bench,
) -> None:
    gate = bench.mail.gates["ana"] = asyncio.Event()
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliverer.step()
    await bench.hear(a(SlaWithdrawn, threshold_percent=50))
    await bench.deliverer.step()
    assert 1 == len(bench.mail.messages)

    gate.set()
    await bench.deliver()
    await bench.advance(seconds=2)
    await bench.deliver()

    assert ["warning", "correction"] == [m.template for m in bench.mail.messages]


async def test_T3_a_correction_of_what_reached_nobody_is_not_sent(bench: Bench) -> None:
    gate = bench.mail.gates["ana"] = asyncio.Event()
    bench.mail.results = [Result(Outcome.DEAD)]
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliverer.step()
    await bench.hear(a(SlaWithdrawn, threshold_percent=50))
    gate.set()
    await bench.deliver()
    await bench.advance(seconds=2)
    await bench.deliver()

    assert ["warning"] == [m.template for m in bench.mail.messages]


async def test_a_dead_target_delays_nobody_else(bench: Bench) -> None:
    """Forty messages wait for an endpoint that hangs; one mail goes out all the same."""
    crowd = [
        Recipient(
            recipient_id=f"m{n:02}",
            team="specialists",
            roles=frozenset({"manager"}),
            channels={"webhook": "https://dead.example/x"},
        )
        for n in range(40)
    ]
    await bench.know(crowd)
    bench.hooks.gates = {person.recipient_id: asyncio.Event() for person in crowd}
    await bench.hear(a(SlaBreached))
    for _ in range(3):
        await bench.deliverer.step()

    assert ["ana"] == [m.recipient_id for m in bench.mail.messages]
    assert 4 == len([m for m in bench.hooks.messages if m.recipient_id != "mara"])

    for gate in bench.hooks.gates.values():
        gate.set()
    await bench.deliver()
    assert 42 == len(await bench.sent())


async def test_what_is_planned_while_an_attempt_hangs_goes_out_at_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.notifier.deliverer._LOOK_SECONDS", 3600.0)
    gate = bench.mail.gates["ana"] = asyncio.Event()
    await bench.hear(a(SlaWarning, threshold_percent=50))
    step = asyncio.create_task(bench.deliverer.step())
    await until(lambda: bool(bench.mail.messages), "the mail is under way")

    await bench.hear(a(SlaBreached))
    bench.deliverer.wake()
    async with asyncio.timeout(30):
        await step
        while not bench.hooks.messages:
            await bench.deliverer.step()

    assert ["mara"] == [m.recipient_id for m in bench.hooks.messages]
    gate.set()
    await bench.deliver()


async def test_an_attempt_that_takes_too_long_is_unknown(
    engine_for: Callable[[str], AsyncEngine],
) -> None:
    bench = Bench(engine_for("notifier"), send_seconds=0.05)
    await bench.know()
    bench.mail.gates["sofia"] = asyncio.Event()
    await bench.hear(a(TicketAssigned, agent_id="sofia", team="specialists"))
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliver()

    [message] = bench.mail.messages
    assert ["unknown"] == await bench.attempts(message.notification_id)


async def test_a_sender_that_breaks_is_one_unknown_attempt_and_stops_nothing(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.mail.results = [RuntimeError("nobody foresaw this")]
    await bench.hear(a(SlaBreached))
    await bench.deliver()

    assert [("ana", "email", "pending", 1), ("mara", "webhook", "sent", 1)] == await bench.rows()
    assert "send_failed" in {getattr(r, "action", None) for r in caplog.records}


async def test_two_deliverers_never_send_the_same_attempt(bench: Bench) -> None:
    await bench.know([*EVERYBODY])
    for cycle in range(20):
        await bench.hear(a(SlaBreached, cycle=cycle + 1))
    await asyncio.gather(
        bench.deliver(), bench.deliver(bench.another()), bench.deliver(bench.another())
    )

    messages = [*bench.mail.messages, *bench.hooks.messages]
    assert 40 == len(messages)
    assert 40 == len({m.notification_id for m in messages})


async def test_a_channel_that_cannot_tell_a_repeat_gets_it_in_words(
    engine_for: Callable[[str], AsyncEngine],
) -> None:
    forgetful = Obedient("email", recognises_repeats=False)
    forgetful.results = [Result(Outcome.UNKNOWN)]
    bench = Bench(engine_for("notifier"), senders={"email": forgetful})
    await bench.know([ANA])
    await bench.hear(a(TicketAssigned, agent_id="ana", team="specialists"))
    await bench.hear(a(SlaWarning, threshold_percent=50))
    await bench.deliver()
    await bench.advance(seconds=10)
    await bench.deliver()

    first, second = forgetful.messages
    assert "(possible repeat)" not in first.subject
    assert second.subject.endswith("(possible repeat)")


async def test_a_recipient_who_has_left_is_not_sent_to(bench: Bench) -> None:
    await bench.hear(a(SlaWarning, threshold_percent=50))
    async with bench.engine.begin() as tx:
        await tx.exec_driver_sql("DELETE FROM recipient WHERE recipient_id = 'ana'")
    await bench.deliver()

    assert [("ana", "email", "dead", 1)] == await bench.rows()


async def test_nobody_reachable_is_published(bench: Bench) -> None:
    await bench.hear(a(EscalationRaised, to_team="nowhere", audience=["ghosts"]))

    unreachable = [
        p.recipient_id
        for p in await bench.said()
        if isinstance(p, NotificationSuppressed) and p.reason.value == "unreachable"
    ]
    assert {"ghosts", "on_call", "customer"} <= set(unreachable)


async def test_what_is_published_of_a_ticket_is_numbered_without_a_gap(bench: Bench) -> None:
    await bench.hear(a(EscalationRaised, audience=["ghosts"]))
    await bench.deliver()

    async with bench.engine.connect() as tx:
        rows = await fetch(tx, "SELECT value FROM outbox ORDER BY seq")
    numbers = [decode(value).sequence for (value,) in rows]
    assert list(range(1, len(numbers) + 1)) == numbers
