"""When a fact counts as having happened, and what two sayings about one customer amount to."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.intake.domain.commands import CustomerFacts, engine_time, known_together

INGESTED = datetime(2026, 6, 1, 10, 15, 30, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)


@pytest.mark.parametrize(
    ("claim", "expected"),
    [
        (None, (INGESTED, False)),
        (INGESTED, (INGESTED, False)),
        (INGESTED - MILLISECOND, (INGESTED - MILLISECOND, False)),
        (INGESTED - timedelta(hours=24), (INGESTED - timedelta(hours=24), False)),
        (INGESTED - timedelta(hours=24) - MILLISECOND, (INGESTED, True)),
        (INGESTED + MILLISECOND, (INGESTED, False)),
        (INGESTED + timedelta(seconds=120), (INGESTED, False)),
        (INGESTED + timedelta(seconds=120) + MILLISECOND, (INGESTED, True)),
    ],
)
def test_T1_a_claimed_time_is_believed_within_its_window(
    claim: datetime | None, expected: tuple[datetime, bool]
) -> None:
    assert expected == engine_time(claim, INGESTED)


@pytest.mark.parametrize(
    ("claim", "skewed"), [("10:17:00", False), ("10:20:00", True)], ids=["T-e", "T-f"]
)
def test_T1_T_e_T_f_no_fact_lies_in_the_future_of_its_ingestion(claim: str, skewed: bool) -> None:  # noqa: FBT001
    claimed = datetime.fromisoformat(f"2026-06-01T{claim}+00:00")

    assert (INGESTED, skewed) == engine_time(claimed, INGESTED)


def test_T8_instants_are_whole_milliseconds_in_utc() -> None:
    claimed = datetime(2026, 6, 1, 12, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2), "summer"))

    at, _ = engine_time(claimed, INGESTED)

    assert datetime(2026, 6, 1, 10, 0, 0, 123_000, tzinfo=UTC) == at


@pytest.mark.parametrize("year", [1, 9999])
def test_T1_the_ends_of_the_calendar_in_a_zone_beyond_them_are_a_wrong_clock(year: int) -> None:
    hours = 14 if year == 1 else -12
    claimed = datetime(year, 1, 1, tzinfo=timezone(timedelta(hours=hours)))
    if year == 9999:
        claimed = datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=hours)))

    assert (INGESTED, True) == engine_time(claimed, INGESTED)


def test_later_words_about_a_customer_win_and_silence_changes_nothing() -> None:
    earlier = CustomerFacts(
        customer_id="c", tier="standard", vip=True, contact={"name": "Jo", "email": "a@x.example"}
    )
    later = CustomerFacts(customer_id="c", tier="enterprise", contact={"email": "b@x.example"})

    assert CustomerFacts(
        customer_id="c",
        tier="enterprise",
        vip=True,
        contact={"name": "Jo", "email": "b@x.example"},
    ) == known_together(earlier, later)
