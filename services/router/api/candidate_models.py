"""How the people of the roster stand to a ticket: who could get it, best first, and who could not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from pydantic import BaseModel, JsonValue

from services.router.domain.explain import Candidate, Refusal
from services.router.domain.work import UNIT

#: People listed of each kind, so that an answer stays readable with a roster of thousands.
MOST: Final = 100

#: Refused for these, somebody has nothing to do with the ticket: counted, not listed.
_FOREIGN: Final = frozenset({Refusal.LEVEL, Refusal.TEAM})

EXAMPLE: Final[dict[str, JsonValue]] = {
    "candidates": [
        {
            "agent_id": "sofia",
            "team": "specialists",
            "place": 1,
            "skill_fit": 1.0,
            "load_ratio": 0.325,
            "load": 3.25,
            "limit": 10.0,
            "knows": True,
            "owner": False,
            "former": False,
            "idle_seconds": 840.0,
        }
    ],
    "refused": [
        {
            "agent_id": "simon",
            "team": "specialists",
            "reason": "missing_skill",
            "missing_skills": ["billing"],
        }
    ],
    "refused_for": {"level": 9, "missing_skill": 1},
}


class CandidateView(BaseModel):
    """Somebody who could have the ticket; who stands at `place` 1 gets it if no other ticket waits.

    In this order it counts: being the one it comes back to (`former`) or the customer's `owner`,
    `skill_fit`, a low `load_ratio` (of `load` to `limit`, in weight units), whether they have worked for
    the customer (`knows`), and how long they have got nothing (semantics G3).
    """

    agent_id: str
    team: str
    place: int
    skill_fit: float
    load_ratio: float
    load: float
    limit: float
    knows: bool
    owner: bool
    former: bool
    idle_seconds: float | None


class RefusedView(BaseModel):
    """Somebody who serves the queue and cannot have the ticket, and why."""

    agent_id: str
    team: str
    reason: Refusal
    missing_skills: tuple[str, ...]


class CandidatesView(BaseModel):
    """Everybody: the first candidates, the first of the refused, and how many for each reason."""

    candidates: list[CandidateView]
    refused: list[RefusedView]
    refused_for: dict[Refusal, int]

    @classmethod
    def of(cls, everybody: Sequence[Candidate]) -> CandidatesView:
        """The view of `everybody`, in their order."""
        able = [_candidate(one, one.place) for one in everybody if one.place is not None]
        reasons = [(one, one.refused) for one in everybody if one.refused is not None]
        listed = [_refused(one, why) for one, why in reasons if why not in _FOREIGN]
        counted = Counter(why for _, why in reasons)
        return cls(
            candidates=able[:MOST], refused=listed[:MOST], refused_for=dict(counted.most_common())
        )


def _candidate(one: Candidate, place: int) -> CandidateView:
    same = ("agent_id", "team", "skill_fit", "load_ratio", "knows", "owner", "former")
    return CandidateView(
        place=place,
        load=one.load / UNIT,
        limit=one.limit / UNIT,
        idle_seconds=one.idle_seconds,
        **{name: getattr(one, name) for name in same},
    )


def _refused(one: Candidate, reason: Refusal) -> RefusedView:
    missing = one.missing_skills if reason is Refusal.MISSING_SKILL else ()
    return RefusedView(agent_id=one.agent_id, team=one.team, reason=reason, missing_skills=missing)
