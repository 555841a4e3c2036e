"""Level clocks begin once and end once, whatever comes late (semantics X2, T3)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from services.auditor.pairing import unpaired
from shared.contracts import Event, TicketAccepted, TicketMerged, TicketUnmerged
from shared.contracts.vocabulary import AcceptedVia
from tests.support.builders import OTHER_TICKET, TICKET, an_event
from tests.unit.escalator.test_properties import Telling, payloads, stories

MINUTE = timedelta(minutes=1)


more = st.one_of(
    payloads,
    st.builds(
        TicketAccepted,
        ticket_id=st.just(TICKET),
        agent_id=st.just("ana"),
        after_seconds=st.just(60),
        level=st.sampled_from(["tier_1", "tier_2", "tier_3"]),
        via=st.just(AcceptedVia.SAID),
    ),
    st.just(TicketMerged(ticket_id=TICKET, into_ticket_id=OTHER_TICKET)),
    st.just(TicketUnmerged(ticket_id=TICKET, from_ticket_id=OTHER_TICKET)),
)


@given(stories(more), st.data())
@settings(max_examples=150, deadline=None)
def test_X2_T3_level_clocks_begin_and_end_once_whatever_comes_late(
    events: list[Event], data: Any
) -> None:
    delays = data.draw(st.lists(st.integers(0, 500), min_size=len(events), max_size=len(events)))
    heard = sorted(
        (
            (event.time + delay * MINUTE, n)
            for n, (event, delay) in enumerate(zip(events, delays, strict=True))
        )
    )
    telling = Telling()
    for now, n in heard:
        telling.pass_to(now - timedelta(milliseconds=1))
        telling.hear(events[n], now)
    telling.pass_to(heard[-1][0] + timedelta(days=2))

    log = [
        an_event(said.payload, at=said.time, sequence=n, event_id=said.id)
        for n, said in enumerate(telling.said, 1)
        if said.step is not None
    ]
    assert [finding.words for finding in unpaired(log)] == []
