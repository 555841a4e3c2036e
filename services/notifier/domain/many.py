"""A message of several notifications: a line for each, and why those that waited longer were held (D4, L7)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from .instants import spoken
from .message import Line, Message
from .notification import Hold, Notification
from .phrases import DEFAULT_LANGUAGE, phrases
from .receipt import Reader
from .saying import said_to
from .templates import Templates, clean_line
from .ticket import reference_of
from .urgency import most_urgent

BUNDLE: Final = "bundle"
DIGEST: Final = "digest"

_PRIORITIES: Final = ("critical", "high", "medium", "low")

#: Why something waited: a few words behind its line, and a sentence about all of its kind.
_WHY: Final[Mapping[str, Mapping[Hold, tuple[str, str]]]] = {
    "en": {
        Hold.DIGEST: ("digest", "{count} collected for your digest."),
        Hold.BUDGET: ("over your budget", "{count} held back over your budget of {most} an hour."),
        Hold.QUIET_HOURS: ("quiet hours", "{count} kept until your quiet hours were over."),
    },
    "de": {
        Hold.DIGEST: ("gesammelt", "{count} für Ihre Sammelmeldung gesammelt."),
        Hold.BUDGET: (
            "über Ihrem Maß",
            "{count} zurückgehalten: mehr als Ihr Maß von {most} in der Stunde.",
        ),
        Hold.QUIET_HOURS: ("Ruhezeit", "{count} bis zum Ende Ihrer Ruhezeit aufgehoben."),
    },
    "fr": {
        Hold.DIGEST: ("récapitulatif", "{count} pour votre récapitulatif."),
        Hold.BUDGET: (
            "au-delà de votre limite",
            "{count} retenus au-delà de votre limite de {most} par heure.",
        ),
        Hold.QUIET_HOURS: ("heures calmes", "{count} gardés jusqu'à la fin de vos heures calmes."),
    },
    "es": {
        Hold.DIGEST: ("resumen", "{count} para su resumen."),
        Hold.BUDGET: (
            "por encima de su límite",
            "{count} retenidos por encima de su límite de {most} por hora.",
        ),
        Hold.QUIET_HOURS: ("horas de silencio", "{count} hasta el fin de sus horas de silencio."),
    },
}


@dataclass(frozen=True, slots=True)
class Part:
    """One notification of the message; `link` acknowledges it."""

    notification: Notification
    subject_line: str | None
    link: str | None


def compose_many(
    parts: Sequence[Part],
    templates: Templates,
    *,
    address: str,
    name: str,
    most: int,
    now: datetime,
    language: str = DEFAULT_LANGUAGE,
    zone: ZoneInfo,
    stop_link: str | None = None,
) -> Message:
    """The message of an attempt for `parts`, the earliest first, in the words of the reader. `most`: how many
    messages an hour the recipient's budget has; `stop_link` ends such messages.
    """
    reader = Reader(language=language, zone=zone)
    members = [part.notification for part in parts]
    first = members[0]
    template = DIGEST if any(m.hold not in {None, Hold.BUNDLE} for m in members) else BUNDLE
    lines = tuple(_line(part, templates, reader, now) for part in sorted(parts, key=_rank))
    counted = {"count": len(members), "reference": reference_of(first.ticket_id)}
    subject, intro = templates.render(template, {**first.fields, **counted}, language)
    why = _reasons(members, language, most)
    ending = (phrases(language).stop.format(link=stop_link),) if stop_link else ()
    listed = "\n".join(_written(line, language) for line in lines)
    return Message(
        notification_id=first.message_id,
        ticket_id=first.ticket_id,
        recipient_id=first.recipient_id,
        role=first.role,
        template=template,
        fact=first.about.fact,
        about=first.about,
        urgency=most_urgent(m.urgency for m in members),
        happened_at=min(m.about.happened_at for m in members),
        address=address,
        name=clean_line(name, limit=80),
        subject=subject,
        body="\n\n".join([intro, *why, listed, *ending]),
        facts={"count": len(members)},
        acknowledge_link=None,
        possible_repeat=any(m.unknowns > 0 for m in members),
        sent_at=now,
        lines=lines,
        language=language,
        reference=reference_of(first.ticket_id),
        ending=ending,
        links=tuple(link for link in (*(line.link for line in lines), stop_link) if link),
        stop_link=stop_link,
    )


def _line(part: Part, templates: Templates, reader: Reader, now: datetime) -> Line:
    """What one of them says: its own subject, when it happened, why it waited."""
    told = part.notification
    fields = said_to(told.fields, reader, now=now)
    subject = told.about.fact
    if told.template in templates:
        words = templates.language(told.template, (reader.language,))
        own = said_to(told.fields, replace(reader, language=words), now=now)
        subject, _ = templates.render(
            told.template, {**own, "subject_line": part.subject_line}, words
        )
    why = _WHY.get(reader.language, _WHY[DEFAULT_LANGUAGE])
    return Line(
        notification_id=told.notification_id,
        ticket_id=told.ticket_id,
        subject=subject,
        reference=reference_of(told.ticket_id),
        priority=clean_line(fields.get("priority")),
        happened=spoken(told.about.happened_at, reader.zone, reader.language, now=now),
        held=why[told.hold][0] if told.hold and told.hold in why else "",
        deadline=clean_line(fields.get("deadline")),
        link=part.link,
    )


def _reasons(members: Sequence[Notification], language: str, most: int) -> list[str]:
    """A sentence for every reason for which something waited longer than a bundle does."""
    why = _WHY.get(language, _WHY[DEFAULT_LANGUAGE])
    counts = Counter(member.hold for member in members)
    said = [
        words[1].format(count=counts[hold], most=most)
        for hold, words in why.items()
        if counts[hold]
    ]
    return ["\n".join(said)] if said else []


def _written(line: Line, language: str) -> str:
    """The line in a text: `- #1A2B3C4D: first response is late · Due 10:15 · https://…`."""
    named = "" if line.reference in line.subject else f"{line.reference} "
    due = f"{phrases(language).deadline}: {line.deadline}" if line.deadline else ""
    said = " · ".join(filter(None, (line.subject, due, line.held, line.link or "")))
    return f"- {named}{said}"


def _rank(part: Part) -> tuple[int, datetime]:
    """The weightiest first, then as they happened."""
    priority = part.notification.fields.get("priority")
    weight = _PRIORITIES.index(str(priority)) if priority in _PRIORITIES else len(_PRIORITIES)
    return weight, part.notification.about.happened_at
