"""Instants as people say them: in their own zone, with the words of their language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class _Language:
    """How one language says a day. `first` is the first of a month where that has a word of its own;
    `year` stands behind the month when it is another year than now.
    """

    days: str
    months: str
    day: str
    year: str
    at: str
    zone: str
    first: str = "1"


_LANGUAGES: Final[Mapping[str, _Language]] = {
    "en": _Language(
        days="Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
        months="January February March April May June July August September October November December",
        day="{day} {number} {month}{year}",
        year=" {year}",
        at="{day}, {time} ({zone})",
        zone="{city} time",
    ),
    "de": _Language(
        days="Montag Dienstag Mittwoch Donnerstag Freitag Samstag Sonntag",
        months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
        day="{day}, {number}. {month}{year}",
        year=" {year}",
        at="{day}, {time} Uhr ({zone})",
        zone="Ortszeit {city}",
    ),
    "fr": _Language(
        days="lundi mardi mercredi jeudi vendredi samedi dimanche",
        months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
        day="{day} {number} {month}{year}",
        year=" {year}",
        at="{day}, {time} ({zone})",
        zone="heure de {city}",
        first="1er",
    ),
    "es": _Language(
        days="lunes martes miércoles jueves viernes sábado domingo",
        months="enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
        day="{day} {number} de {month}{year}",
        year=" de {year}",
        at="{day}, {time} ({zone})",
        zone="hora de {city}",
    ),
}

#: Zones that are no place's.
_UNIVERSAL: Final = frozenset({"UTC", "Etc/UTC", "GMT", "Etc/GMT", "Zulu"})


def zone_named(name: str | None, default: ZoneInfo) -> ZoneInfo:
    """The zone of that IANA name; `default` for one that nobody knows."""
    try:
        return ZoneInfo(name) if name else default
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return default


def spoken(instant: datetime, zone: ZoneInfo, language: str, *, now: datetime) -> str:
    """`Tuesday 2 June, 10:15 (Berlin time)`: to the minute, never later than the instant itself, with
    the year if it is not this one. A language we have no words for gets figures.
    """
    local = instant.astimezone(zone)
    words = _LANGUAGES.get(language)
    if words is None:
        return f"{local:%Y-%m-%d %H:%M} ({zone.key})"
    same_year = local.year == now.astimezone(zone).year
    day = words.day.format(
        day=words.days.split()[local.weekday()],
        number=words.first if local.day == 1 else local.day,
        month=words.months.split()[local.month - 1],
        year="" if same_year else words.year.format(year=local.year),
    )
    return words.at.format(day=day, time=f"{local:%H:%M}", zone=_place(zone, words))


def _place(zone: ZoneInfo, words: _Language) -> str:
    if zone.key in _UNIVERSAL:
        return "UTC"
    return words.zone.format(city=zone.key.rpartition("/")[2].replace("_", " "))
