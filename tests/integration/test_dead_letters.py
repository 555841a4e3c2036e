"""Dead letters: parked in order, released in order, and only their own key waits (reliability 2.12)."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.db import dead_letters, stream
from shared.db.dead_letters import Letter, Reason
from tests.support.builders import MONDAY_10 as NOW

pytestmark = pytest.mark.postgres

TOPIC = "support.tickets"


def a_letter(
    reason: Reason,
    *,
    key: str | None = "ticket-1",
    sequence: int | None = None,
    topic: str = TOPIC,
    event_id: UUID | None = None,
    error: str = "no",
) -> Letter:
    return Letter(
        topic=topic,
        partition=3,
        offset=17,
        key=key,
        event_id=event_id or uuid4(),
        sequence=sequence,
        raw=b"\x00raw",
        reason=reason,
        error=error,
    )


async def heads(tx: AsyncConnection) -> list[tuple[str | None, int | None]]:
    return [(head.key, head.sequence) for head in await dead_letters.heads(tx)]


async def release(tx: AsyncConnection) -> list[int | None]:
    """Release everything that may go, one head after the other; the sequences in the order released."""
    released: list[int | None] = []
    while found := await dead_letters.heads(tx):
        for head in found:
            released.append(head.sequence)
            await dead_letters.mark_released(tx, [head.id], NOW)
            if head.key is not None and head.sequence is not None:
                await stream.advance(tx, {(head.topic, head.key): head.sequence})
    return released


async def test_a_parked_record_is_kept_as_it_was_read(tx: AsyncConnection) -> None:
    letter = a_letter(Reason.POISON, sequence=4, error="ValueError: no\nTraceback")

    await dead_letters.park(tx, [letter], NOW)

    [parked] = await dead_letters.list_parked(tx)
    kept = {name: getattr(parked, name) for name in Letter.__struct_fields__}
    assert {name: getattr(letter, name) for name in Letter.__struct_fields__} == kept
    assert (NOW, None, None) == (parked.parked_at, parked.release_requested_at, parked.released_at)
    assert parked == await dead_letters.show(tx, parked.id)
    assert await dead_letters.show(tx, parked.id + 1) is None


async def test_nul_in_an_error_or_a_key_is_made_visible(tx: AsyncConnection) -> None:
    await dead_letters.park(tx, [a_letter(Reason.POISON, key="a\0b", error="bad \0 \ud800")], NOW)

    [parked] = await dead_letters.list_parked(tx)

    assert ("a\\0b", "bad \\0 \\ud800") == (parked.key, parked.error)
    assert {"a\\0b"} == await dead_letters.stalled(tx, ["a\0b"])


async def test_only_the_key_of_a_parked_record_is_stalled(tx: AsyncConnection) -> None:
    await dead_letters.park(
        tx, [a_letter(Reason.POISON), a_letter(Reason.UNDECODABLE, key=None)], NOW
    )

    assert {"ticket-1"} == await dead_letters.stalled(tx, ["ticket-1", "ticket-2"])
    assert set() == await dead_letters.stalled(tx, [])
    held = await dead_letters.holding(tx, ["ticket-1", "ticket-2"])
    assert {("ticket-1", TOPIC, Reason.POISON)} == held


async def test_nothing_is_stalled_after_the_release(tx: AsyncConnection) -> None:
    await dead_letters.park(tx, [a_letter(Reason.STALLED, sequence=1)], NOW)

    await release(tx)

    assert set() == await dead_letters.stalled(tx, ["ticket-1"])
    assert [] == await dead_letters.list_parked(tx)
    assert {} == await dead_letters.counts(tx)


async def test_poison_waits_for_a_person_and_holds_what_stands_behind_it(
    tx: AsyncConnection,
) -> None:
    await dead_letters.park(
        tx, [a_letter(Reason.POISON, sequence=1), a_letter(Reason.STALLED, sequence=2)], NOW
    )
    assert [] == await heads(tx)

    assert 2 == await dead_letters.request_release(tx, NOW, key="ticket-1")

    assert [1, 2] == await release(tx)


async def test_a_release_that_fails_again_is_poison_once_more(tx: AsyncConnection) -> None:
    await dead_letters.park(tx, [a_letter(Reason.STALLED, sequence=1)], NOW)
    [head] = await dead_letters.heads(tx)

    await dead_letters.mark_failed(tx, head.id, "KeyError: 'x'")

    assert [] == await heads(tx)
    [parked] = await dead_letters.list_parked(tx, key="ticket-1")
    assert (Reason.POISON, "KeyError: 'x'") == (parked.reason, parked.error)


async def test_a_gap_is_released_when_what_was_missing_has_been_applied(
    tx: AsyncConnection,
) -> None:
    """Ruling 2: the later events go on by themselves."""
    await stream.advance(tx, {(TOPIC, "ticket-1"): 3})
    await dead_letters.park(
        tx, [a_letter(Reason.GAP, sequence=5), a_letter(Reason.STALLED, sequence=6)], NOW
    )
    assert [] == await heads(tx)

    await stream.advance(tx, {(TOPIC, "ticket-1"): 4})

    assert [5, 6] == await release(tx)


async def test_what_was_missing_may_arrive_parked_and_still_goes_first(tx: AsyncConnection) -> None:
    await stream.advance(tx, {(TOPIC, "ticket-1"): 3})
    await dead_letters.park(
        tx,
        [
            a_letter(Reason.GAP, sequence=5),
            a_letter(Reason.STALLED, sequence=6),
            a_letter(Reason.STALLED, sequence=4),
        ],
        NOW,
    )

    assert [4, 5, 6] == await release(tx)


async def test_another_topic_of_the_ticket_keeps_its_place_in_the_line(tx: AsyncConnection) -> None:
    await stream.advance(tx, {(TOPIC, "ticket-1"): 1})
    await dead_letters.park(
        tx,
        [
            a_letter(Reason.GAP, sequence=3),
            a_letter(Reason.STALLED, sequence=70, topic="support.sla"),
            a_letter(Reason.STALLED, sequence=4),
        ],
        NOW,
    )
    assert [] == await heads(tx)

    await stream.advance(tx, {(TOPIC, "ticket-1"): 2})

    assert [3, 70, 4] == await release(tx)


async def test_an_operator_may_accept_a_gap(tx: AsyncConnection) -> None:
    await stream.advance(tx, {(TOPIC, "ticket-1"): 3})
    await dead_letters.park(
        tx, [a_letter(Reason.GAP, sequence=5), a_letter(Reason.STALLED, sequence=6)], NOW
    )
    [gap, _] = await dead_letters.list_parked(tx)

    assert 1 == await dead_letters.request_release(tx, NOW, number=gap.id)

    assert [5, 6] == await release(tx)


async def test_an_undecodable_record_stays_behind_what_came_before_it(tx: AsyncConnection) -> None:
    await dead_letters.park(
        tx,
        [
            a_letter(Reason.STALLED, sequence=1),
            a_letter(Reason.UNDECODABLE),
            a_letter(Reason.STALLED, sequence=2),
        ],
        NOW,
    )

    assert [1] == await release(tx)
    await dead_letters.request_release(tx, NOW, key="ticket-1")
    assert [None, 2] == await release(tx)


async def test_each_key_has_a_head_of_its_own_and_records_without_key_too(
    tx: AsyncConnection,
) -> None:
    await dead_letters.park(
        tx,
        [
            a_letter(Reason.STALLED, key="ticket-1", sequence=1),
            a_letter(Reason.STALLED, key="ticket-2", sequence=1),
            a_letter(Reason.UNDECODABLE, key=None),
            a_letter(Reason.UNDECODABLE, key=None),
        ],
        NOW,
    )
    for parked in await dead_letters.list_parked(tx):
        if parked.key is None:
            await dead_letters.request_release(tx, NOW, number=parked.id)

    assert [("ticket-1", 1), ("ticket-2", 1), (None, None), (None, None)] == await heads(tx)


async def test_two_releasers_never_take_the_same_row(engine: AsyncEngine) -> None:
    async with engine.begin() as tx:
        await dead_letters.park(tx, [a_letter(Reason.STALLED, sequence=1)], NOW)

    async with engine.connect() as first, engine.connect() as second:
        assert 1 == len(await dead_letters.heads(first))
        assert [] == await dead_letters.heads(second)


async def test_a_release_names_a_key_or_a_row(tx: AsyncConnection) -> None:
    with pytest.raises(ValueError, match="a key or a number"):
        await dead_letters.request_release(tx, NOW)


async def test_unreleased_rows_are_counted_by_reason(tx: AsyncConnection) -> None:
    letters = [a_letter(Reason.GAP), a_letter(Reason.STALLED), a_letter(Reason.STALLED)]

    await dead_letters.park(tx, letters, NOW)

    assert {Reason.GAP: 1, Reason.STALLED: 2} == await dead_letters.counts(tx)


async def test_a_discarded_record_holds_its_ticket_no_longer_and_the_audit_says_who_and_why(
    tx: AsyncConnection,
) -> None:
    await stream.advance(tx, {(TOPIC, "ticket-1"): 3})
    letters = [
        a_letter(Reason.POISON, sequence=4),
        a_letter(Reason.STALLED, sequence=5),
    ]
    await dead_letters.park(tx, letters, NOW)
    [poison, _] = await dead_letters.list_parked(tx)

    await dead_letters.discard(tx, poison, NOW, by="operator:ana", reason="a test record")

    assert [("ticket-1", 5)] == await heads(tx)
    done = (await tx.exec_driver_sql("SELECT principal, action, object, reason FROM audit")).all()
    assert [("operator:ana", "discard", f"dead_letter/{poison.id}", "a test record")] == [
        tuple(deed) for deed in done
    ]


async def test_unreadable_bytes_under_a_tickets_key_can_be_given_up(tx: AsyncConnection) -> None:
    await dead_letters.park(tx, [a_letter(Reason.UNDECODABLE)], NOW)
    [rubbish] = await dead_letters.list_parked(tx)

    await dead_letters.discard(tx, rubbish, NOW, by="operator:ana", reason="not ours")

    assert set() == await dead_letters.stalled(tx, ["ticket-1"])


async def test_each_kind_of_letter_is_for_whoever_can_read_it(tx: AsyncConnection) -> None:
    webhook = Letter(
        topic="crm", partition=0, offset=0, key="k-1", event_id=uuid4(), raw=b"{}",
        reason=Reason.CONFLICT, error="another body",
    )  # fmt: skip
    await dead_letters.park(tx, [webhook], NOW)
    await dead_letters.request_release(tx, NOW, key="k-1")

    assert await dead_letters.heads(tx, of=["support.tickets"]) == []
    assert await dead_letters.heads(tx, but=["crm"]) == []
    assert [head.key for head in await dead_letters.heads(tx, of=["crm"])] == ["k-1"]
