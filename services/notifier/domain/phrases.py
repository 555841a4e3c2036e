"""The words around a template's own, by language: buttons, headings, durations, what codes are called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

#: What is said in where a language has no words.
DEFAULT_LANGUAGE: Final = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """One language. `units`: one and several of day, hour, minute, second, as they stand after "within";
    `codes`: what a code of the workflow is called, the code itself where it is not here. `reply` and `reply_help`
    say how a text is answered; the words of an answer are the same in all languages.
    """

    late: str
    acknowledge: str
    take: str
    snooze: str
    escalate: str
    open_link: str
    reply: str
    reply_help: str
    take_link: str
    take_by: str
    ticket: str
    what: str
    why: str
    priority: str
    level: str
    deadline: str
    soon: str
    urgency: str
    behalf: str
    stop: str
    units: tuple[tuple[str, str], ...]
    codes: Mapping[str, str]


_PHRASES: Final[Mapping[str, Phrases]] = {
    "en": Phrases(
        late="This happened {span} ago.",
        acknowledge="Acknowledge",
        take="I take it",
        snooze="Snooze",
        escalate="Escalate",
        open_link="Open to take responsibility",
        reply="Reply ACK {code}, TAKE {code}, SNOOZE {code} 30 or UP {code}",
        reply_help="Reply ACK, TAKE, SNOOZE or UP and the four letters of the page, e.g. SNOOZE A1B2 30.",
        take_link="Take responsibility: {link}",
        take_by="Take it by",
        ticket="Ticket",
        what="What",
        why="Why here",
        priority="Priority",
        level="Level",
        deadline="Due",
        soon="a few minutes",
        urgency="Somebody must take it by {at}.",
        behalf="for {name}, who is away until {at}",
        stop="Stop these summaries: {link}",
        units=(
            ("day", "days"),
            ("hour", "hours"),
            ("minute", "minutes"),
            ("second", "seconds"),
        ),
        codes={},
    ),
    "de": Phrases(
        late="Das ist {span} her.",
        acknowledge="Bestätigen",
        take="Ich übernehme",
        snooze="Später",
        escalate="Eskalieren",
        open_link="Öffnen und Verantwortung übernehmen",
        reply="Antworten: ACK {code}, TAKE {code}, SNOOZE {code} 30 oder UP {code}",
        reply_help="Antworten Sie ACK, TAKE, SNOOZE oder UP und die vier Zeichen der Meldung, z. B. SNOOZE A1B2 30.",
        take_link="Verantwortung übernehmen: {link}",
        take_by="Übernehmen bis",
        ticket="Ticket",
        what="Was",
        why="Warum hier",
        priority="Priorität",
        level="Ebene",
        deadline="Fällig",
        soon="wenigen Minuten",
        urgency="Jemand muss es bis {at} übernehmen.",
        behalf="für {name}, nicht im Büro bis {at}",
        stop="Diese Sammelmeldungen abbestellen: {link}",
        units=(
            ("Tag", "Tagen"),
            ("Stunde", "Stunden"),
            ("Minute", "Minuten"),
            ("Sekunde", "Sekunden"),
        ),
        codes={
            "technical": "Technik",
            "billing": "Abrechnung",
            "account": "Konto",
            "product": "Produkt",
            "integration": "Anbindung",
            "first response": "erste Antwort",
            "resolution": "Lösung",
            "critical": "kritisch",
            "high": "hoch",
            "medium": "mittel",
            "low": "niedrig",
            "fixed": "behoben",
            "answered": "beantwortet",
            "completed": "abgeschlossen",
            "workaround": "es gibt einen Ausweg",
        },
    ),
    "fr": Phrases(
        late="C'était il y a {span}.",
        acknowledge="Confirmer",
        take="Je m'en charge",
        snooze="Plus tard",
        escalate="Escalader",
        open_link="Ouvrir pour prendre en charge",
        reply="Répondre : ACK {code}, TAKE {code}, SNOOZE {code} 30 ou UP {code}",
        reply_help="Répondez ACK, TAKE, SNOOZE ou UP et les quatre caractères de l'alerte, p. ex. SNOOZE A1B2 30.",
        take_link="Prendre en charge : {link}",
        take_by="À prendre avant",
        ticket="Ticket",
        what="Quoi",
        why="Pourquoi ici",
        priority="Priorité",
        level="Niveau",
        deadline="Échéance",
        soon="quelques minutes",
        urgency="Quelqu'un doit s'en charger avant {at}.",
        behalf="à la place de {name}, en congé jusqu'au {at}",
        stop="Ne plus recevoir ces récapitulatifs : {link}",
        units=(
            ("jour", "jours"),
            ("heure", "heures"),
            ("minute", "minutes"),
            ("seconde", "secondes"),
        ),
        codes={
            "technical": "technique",
            "billing": "facturation",
            "account": "compte",
            "product": "produit",
            "integration": "intégration",
            "first response": "première réponse",
            "resolution": "résolution",
            "critical": "critique",
            "high": "haute",
            "medium": "moyenne",
            "low": "basse",
            "fixed": "corrigée",
            "answered": "nous avons répondu",
            "completed": "terminée",
            "workaround": "il existe une autre voie",
        },
    ),
    "es": Phrases(
        late="Ocurrió hace {span}.",
        acknowledge="Confirmar",
        take="Me encargo",
        snooze="Más tarde",
        escalate="Escalar",
        open_link="Abrir para hacerse cargo",
        reply="Responda ACK {code}, TAKE {code}, SNOOZE {code} 30 o UP {code}",
        reply_help="Responda ACK, TAKE, SNOOZE o UP y los cuatro caracteres del aviso, p. ej. SNOOZE A1B2 30.",
        take_link="Hacerse cargo: {link}",
        take_by="Aceptar antes de",
        ticket="Ticket",
        what="Qué",
        why="Por qué aquí",
        priority="Prioridad",
        level="Nivel",
        deadline="Vence",
        soon="unos minutos",
        urgency="Alguien debe hacerse cargo antes de {at}.",
        behalf="en lugar de {name}, ausente hasta el {at}",
        stop="Dejar de recibir estos resúmenes: {link}",
        units=(
            ("día", "días"),
            ("hora", "horas"),
            ("minuto", "minutos"),
            ("segundo", "segundos"),
        ),
        codes={
            "technical": "técnica",
            "billing": "facturación",
            "account": "cuenta",
            "product": "producto",
            "integration": "integración",
            "first response": "primera respuesta",
            "resolution": "resolución",
            "critical": "crítica",
            "high": "alta",
            "medium": "media",
            "low": "baja",
            "fixed": "corregido",
            "answered": "respondido",
            "completed": "terminado",
            "workaround": "hay otra manera",
        },
    ),
}

#: The languages that have all of them.
LANGUAGES: Final = tuple(_PHRASES)

_SECONDS: Final = (86_400, 3_600, 60, 1)


def phrases(language: str) -> Phrases:
    """The words of `language`, English where it has none."""
    return _PHRASES.get(language, _PHRASES[DEFAULT_LANGUAGE])


def named(code: object, language: str) -> str:
    """What a code is called: `technical` → "technique"."""
    plain = "" if code is None else str(code)
    return phrases(language).codes.get(plain, plain)


def within(seconds: int, language: str) -> str:
    """A length of time in whole words, its largest two units: "2 hours", "1 Stunde 30 Minuten"; nothing at
    all is "a few minutes", for nobody answers in none.
    """
    words = phrases(language)
    if seconds <= 0:
        return words.soon
    parts: list[str] = []
    left = seconds
    for size, (one, several) in zip(_SECONDS, words.units, strict=True):
        count, left = divmod(left, size)
        if count:
            parts.append(f"{count} {one if count == 1 else several}")
    return " ".join(parts[:2])
