"""A number as the answer to a survey: what counts as one, and what is said beside it (features S0-36)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from .courtesies import asks
from .signals import written_by_sender

#: How our surveys call themselves as mails: the word, and the message's id, before the sender's domain.
_SURVEY: Final = re.compile(r"survey\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}@\S+")

#: A rating at the beginning of a line: "5", "3/5", "4 out of 5", "5 Sterne", "4 sur 5 !"
_RATING: Final = re.compile(
    r"""([1-5])
    (?:\s*/\s*5|\s+(?:out\s+of|of|von|aus|sur|de)\s+5)?
    (?:\s+(?:points?|stars?|Punkten?|Punkt|Sternen?|Stern|étoiles?|puntos?|estrellas?))?
    (?:[\s.!]*$|\s*[,;:!]\s+(?=\D)|\s+[-–—]+\s+(?=\D))""",
    re.VERBOSE | re.IGNORECASE,
)

#: From here up whoever adds words is content, and asks for nothing by them.
_CONTENT: Final = 4


@dataclass(frozen=True, slots=True)
class RatingReply:
    """A rating of 1 to 5 and the words beside it. `is_all`: the reply wants nothing else."""

    score: int
    words: str
    is_all: bool


def answers_survey(answers: Sequence[str] | None) -> bool:
    """Whether the nearest of the mails that a message answers is one of our surveys."""
    return answers is not None and any(_SURVEY.fullmatch(name) for name in answers[:1])


def rating_in(body: str) -> RatingReply | None:
    """The rating that the writer's own first line is or begins with, quotes and signature apart; None for
    any other text. Words beside it are for somebody to read where they ask, or where the score is low.
    """
    lines = [line.strip() for line in written_by_sender(body).splitlines()]
    first, *rest = [line for line in lines if line] or [""]
    found = _RATING.match(first)
    if found is None:
        return None
    words = "\n".join(filter(None, [first[found.end() :], *rest]))
    score = int(found[1])
    return RatingReply(score, words, is_all=not words or (score >= _CONTENT and not asks(words)))
