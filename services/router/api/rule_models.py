"""Why a ticket was sent where it is: every rule that was looked at, with every comparison it made."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from pydantic import BaseModel, JsonValue

from shared.contracts import TicketOpened
from shared.policy import WorkflowPolicy
from shared.policy.explain import Comparison, Verdict, explain_routing

from .models import example_of

EXAMPLE: Final[dict[str, JsonValue]] = {
    "workflow_digest": "1f0c7a52b9de",
    "rules": [
        {
            "name": "assign_to_senior_engineer",
            "condition": "priority == 'critical' AND category == 'technical'",
            "holds": False,
            "considered": True,
            "effect": "queue technical_senior, role senior_engineer",
            "comparisons": [
                {"text": "priority == 'critical'", "holds": False, "values": {"priority": "high"}},
                {
                    "text": "category == 'technical'",
                    "holds": True,
                    "values": {"category": "technical"},
                },
            ],
        }
    ],
    "boosts": [],
}


class ComparisonView(BaseModel):
    """One comparison of a condition, and what the facts in it were; null is absent."""

    text: str
    holds: bool
    values: dict[str, JsonValue]

    @classmethod
    def of(cls, made: Comparison) -> ComparisonView:
        """The view of `made`; a list of words is one of JSON."""
        values = {n: list(v) if isinstance(v, tuple) else v for n, v in made.values.items()}
        return cls.model_validate({"text": made.text, "holds": made.holds, "values": values})


class RuleView(BaseModel):
    """A rule and its verdict; behind the first that holds, rules are no longer `considered`."""

    name: str
    condition: str
    holds: bool
    considered: bool
    effect: str
    comparisons: list[ComparisonView]

    @classmethod
    def of(cls, verdict: Verdict) -> RuleView:
        """The view of `verdict`; without comparisons where nobody looked."""
        made = verdict.comparisons if verdict.considered else ()
        return cls(
            comparisons=[ComparisonView.of(one) for one in made],
            holds=verdict.holds and verdict.considered,
            **{name: getattr(verdict, name) for name in _SAME},
        )


_SAME: Final = ("name", "condition", "considered", "effect")


class RulesView(BaseModel):
    """The routing rules and boosts of the workflow that is in force now, judged at the opening."""

    model_config = example_of(**EXAMPLE)

    workflow_digest: str
    rules: list[RuleView]
    boosts: list[RuleView]

    @classmethod
    def of(cls, opened: TicketOpened, at: datetime, policy: WorkflowPolicy) -> RulesView:
        """What they say of a ticket opened at `at`."""
        said = explain_routing(policy, policy.opening_facts(opened, at))
        return cls(
            workflow_digest=policy.digest,
            rules=[RuleView.of(verdict) for verdict in said.rules],
            boosts=[RuleView.of(verdict) for verdict in said.boosts],
        )
