"""`POST /v1/triage:preview`: what a text would be as a ticket, and why. Nothing is opened or kept."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Body, Depends
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import customer_store, views
from services.intake.analysers import sentiment_score
from services.intake.domain.commands import CustomerFacts, OpenTicket, known_together
from services.intake.domain.evidence import Evidence
from services.intake.domain.history import CustomerHistory
from services.intake.domain.preview import preview
from services.intake.domain.sentiment import Mood, evidence_of, mood_after
from services.intake.domain.triage import IntakePolicy, Verdict
from shared.clock import Clock
from shared.contracts import Sentiment
from shared.http.auth import Principal, require

from .bodies import CustomerBody, Line, ProblemBody

Reader = Annotated[Principal, Depends(require("tickets:read"))]

_EXAMPLES: Final = {
    "text": {
        "summary": "What does this text amount to?",
        "value": {
            "subject": "Charged twice",
            "body": "This is unacceptable. Please refund the second charge asap.",
        },
    },
    "customer": {
        "summary": "The same from a customer we know, by mail",
        "value": {
            "subject": "Charged twice",
            "body": "Please refund the second charge.",
            "channel": "email",
            "customer": {"id": "customer-1", "tier": "enterprise"},
        },
    },
}

_ANSWER: Final = {
    "priority": "high",
    "impact": "medium",
    "urgency": "high",
    "category": "billing",
    "complexity": "l1",
    "language": "en",
    "signals": ["urgent", "angry"],
    "customer_tier": "standard",
    "contact_number": 1,
    "sentiment": {"score": -0.62, "label": "angry"},
    "evidence": [
        {"field": "category", "value": "billing", "rule": "model", "words": ["charged"]},
        {"field": "urgency", "value": "high", "rule": "word", "words": ["asap"]},
    ],
}


class PreviewBody(ProblemBody):
    """A text and what is known of it; everything that is left out is read from the text."""

    subject: Line = ""
    customer: CustomerBody | None = None

    def command(self) -> OpenTicket:
        """The ticket that this would open."""
        given = {
            name: getattr(self, name)
            for name in type(self).model_fields
            if name != "customer" and getattr(self, name) is not None
        }
        customer = self.customer.customer() if self.customer else CustomerFacts(customer_id="")
        return OpenTicket(customer=customer, **given)


def routes(engine: AsyncEngine, policy: IntakePolicy, clock: Clock) -> APIRouter:
    """The route that triages a text."""
    router = APIRouter(prefix="/v1", tags=["triage"])

    @router.post(
        "/triage:preview",
        responses={200: {"content": {"application/json": {"example": _ANSWER}}}},
    )
    async def preview_triage(
        _: Reader, body: Annotated[PreviewBody, Body(openapi_examples=_EXAMPLES)]
    ) -> dict[str, Any]:
        """What a ticket with this text would be, every value with its reason; nothing is opened.

        A customer who is given by id counts with all that is known of them, contacts of the last 30 days
        included.
        """
        command, now = body.command(), clock.now()
        customer, history = await _known(engine, command.customer)
        found = preview(command, customer, at=now, policy=policy, history=history)
        score = await asyncio.to_thread(sentiment_score, command.body, found.opened.language)
        return _shown(found, score, policy)

    return router


async def _known(engine: AsyncEngine, said: CustomerFacts) -> tuple[CustomerFacts, CustomerHistory]:
    """What is known of a customer together with what is said now; a nameless one has no past."""
    if not said.customer_id:
        return said, CustomerHistory([])
    async with engine.connect() as tx:
        known = await views.customer(tx, said.customer_id)
        histories = await customer_store.histories(tx, {said.customer_id}, {})
    return known_together(known, said) if known else said, histories[said.customer_id]


def _shown(found: Verdict, score: float | None, policy: IntakePolicy) -> dict[str, Any]:
    opened = found.opened
    names = ("priority", "impact", "urgency", "category", "complexity", "language", "signals")
    return {
        **{name: getattr(opened, name) for name in names},
        "customer_tier": opened.customer.tier,
        "contact_number": opened.contact_number,
        **_sentiment(found, score, policy),
    }


def _sentiment(found: Verdict, score: float | None, policy: IntakePolicy) -> dict[str, Any]:
    """The mood as one message alone makes it, and all reasons (semantics V3)."""
    if score is None:
        return {"sentiment": None, "evidence": msgspec.to_builtins(found.evidence)}
    rules = policy.workflow.triage.sentiment
    mood = mood_after(Mood(), score, found.opened.signals, rules)
    words = tuple(_words(found.evidence))
    why = evidence_of(Mood(), mood, score, words, rules)
    sentiment = Sentiment(score=score, label=mood.label)
    return {
        "sentiment": msgspec.to_builtins(sentiment),
        "evidence": msgspec.to_builtins((*found.evidence, why)),
    }


def _words(evidence: tuple[Evidence, ...]) -> Iterator[str]:
    for one in evidence:
        if one.field == "signals":
            yield from one.words
