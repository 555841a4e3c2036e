"""Instants in people's zones and languages."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from services.notifier.domain.instants import spoken, zone_named

BERLIN = ZoneInfo("Europe/Berlin")
NOW = datetime(2026, 6, 1, 10, tzinfo=UTC)
TUESDAY = datetime(2026, 6, 2, 8, 15, 59, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Tuesday 2 June, 10:15 (Berlin time)"),
        ("de", "Dienstag, 2. Juni, 10:15 Uhr (Ortszeit Berlin)"),
        ("fr", "mardi 2 juin, 10:15 (heure de Berlin)"),
        ("es", "martes 2 de junio, 10:15 (hora de Berlin)"),
        ("it", "2026-06-02 10:15 (Europe/Berlin)"),
    ],
)
def test_D6_an_instant_is_said_in_the_words_of_a_language_and_to_the_minute(
    language: str, words: str
) -> None:
    assert spoken(TUESDAY, BERLIN, language, now=NOW) == words


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("en", "Friday 1 January 2027, 08:15 (UTC)"),
        ("de", "Freitag, 1. Januar 2027, 08:15 Uhr (UTC)"),
        ("fr", "vendredi 1er janvier 2027, 08:15 (UTC)"),
        ("es", "viernes 1 de enero de 2027, 08:15 (UTC)"),
    ],
)
def test_the_year_is_said_when_it_is_another(language: str, words: str) -> None:
    instant = datetime(2027, 1, 1, 8, 15, tzinfo=UTC)

    assert spoken(instant, ZoneInfo("UTC"), language, now=NOW) == words


@pytest.mark.parametrize("month", range(1, 13))
def test_every_month_has_a_word_in_every_language(month: int) -> None:
    instant = datetime(2026, month, 15, 12, tzinfo=UTC)
    words = {spoken(instant, BERLIN, language, now=NOW) for language in ("en", "de", "fr", "es")}

    assert len(words) == 4


def test_a_day_begins_where_the_customer_is() -> None:
    late = datetime(2026, 6, 2, 22, 30, tzinfo=UTC)

    assert spoken(late, ZoneInfo("America/New_York"), "en", now=NOW) == (
        "Tuesday 2 June, 18:30 (New York time)"
    )
    assert spoken(late, ZoneInfo("Asia/Tokyo"), "en", now=NOW) == (
        "Wednesday 3 June, 07:30 (Tokyo time)"
    )


@pytest.mark.parametrize(
    "name", [None, "", "Berlin", "../../etc/passwd", "/etc/passwd", "a\0b", "x" * 5000, "Europe"]
)
def test_a_zone_nobody_knows_is_the_companys(name: str | None) -> None:
    assert zone_named(name, BERLIN) is BERLIN


def test_a_known_zone_is_taken() -> None:
    assert zone_named("Asia/Tokyo", BERLIN).key == "Asia/Tokyo"
