"""The words of a survey's page, by language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """One language. `scores` from 1 to 5; `{reference}` is the ticket's number, `{score}` what was chosen."""

    title: str
    question: str
    scores: tuple[str, str, str, str, str]
    thanks: str
    chosen: str
    refuse: str
    refused: str
    again: str
    expired: str
    nothing: str
    cut_off: str
    unclear: str


_WORDS: Final[Mapping[str, Words]] = {
    "en": Words(
        title="How well did we do?",
        question="Your case {reference}, from 1 (badly) to 5 (very well):",
        scores=("1 – badly", "2", "3", "4", "5 – very well"),
        thanks="Thank you",
        chosen="You gave your case {reference} a {score} of 5.",
        refuse="Ask me no more",
        refused="We ask you no more how it was.",
        again="Ask me again",
        expired="This link has expired",
        nothing="Nothing here",
        cut_off="This link is not one of ours, it is too old, or it was cut off on its way to you.",
        unclear="Open the link again and choose one of the numbers.",
    ),
    "de": Words(
        title="Wie gut haben wir das gemacht?",
        question="Ihr Anliegen {reference}, von 1 (schlecht) bis 5 (sehr gut):",
        scores=("1 – schlecht", "2", "3", "4", "5 – sehr gut"),
        thanks="Danke",
        chosen="Sie haben Ihrem Anliegen {reference} eine {score} von 5 gegeben.",
        refuse="Nicht mehr fragen",
        refused="Wir fragen Sie nicht mehr, wie es war.",
        again="Wieder fragen",
        expired="Dieser Link ist abgelaufen",
        nothing="Hier ist nichts",
        cut_off="Dieser Link ist nicht von uns, zu alt, oder auf dem Weg zu Ihnen abgeschnitten worden.",
        unclear="Öffnen Sie den Link noch einmal und wählen Sie eine der Zahlen.",
    ),
    "fr": Words(
        title="Avons-nous bien travaillé ?",
        question="Votre demande {reference}, de 1 (mal) à 5 (très bien) :",
        scores=("1 – mal", "2", "3", "4", "5 – très bien"),
        thanks="Merci",
        chosen="Vous avez donné {score} sur 5 à votre demande {reference}.",
        refuse="Ne plus me demander",
        refused="Nous ne vous demanderons plus votre avis.",
        again="Me demander à nouveau",
        expired="Ce lien a expiré",
        nothing="Rien ici",
        cut_off="Ce lien n'est pas des nôtres, il est trop ancien, ou il a été coupé en chemin.",
        unclear="Ouvrez le lien à nouveau et choisissez l'un des chiffres.",
    ),
    "es": Words(
        title="¿Lo hemos hecho bien?",
        question="Su caso {reference}, del 1 (mal) al 5 (muy bien):",
        scores=("1 – mal", "2", "3", "4", "5 – muy bien"),
        thanks="Gracias",
        chosen="Ha dado a su caso {reference} un {score} de 5.",
        refuse="No preguntarme más",
        refused="Ya no le preguntaremos qué tal ha ido.",
        again="Volver a preguntarme",
        expired="Este enlace ha caducado",
        nothing="Aquí no hay nada",
        cut_off="Este enlace no es nuestro, es demasiado antiguo o se cortó por el camino.",
        unclear="Abra el enlace de nuevo y elija uno de los números.",
    ),
}


def words_of(language: str | None) -> tuple[str, Words]:
    """The words of `language`, and which one they are in: English where it has none."""
    found = language if language and language in _WORDS else "en"
    return found, _WORDS[found]
