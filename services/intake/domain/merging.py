"""Two tickets that are one: merge and unmerge (semantics M1, M2, M4).

What a merge does to clocks is the escalator's; here the target takes the higher priority and customer
tier of both, so that it is priced by them, and later facts about the source are facts about the target.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from shared.contracts import Change, TicketMerged, TicketReclassified, TicketUnmerged

from .commands import Merge
from .decision import Asked, Decision, RefusedError, facts
from .evidence import Evidence
from .ticket import Ticket
from .transitions import SETTLED

#: What evidence of merges is about, and its rules: who parted two tickets keeps them apart (M5).
MERGED: Final = "merged_into"
STRICT_RULE: Final = "strict"
PARTED: Final = "unmerged"


def merge(
    source: Ticket, target: Ticket, command: Merge, asked: Asked
) -> tuple[Decision, Decision]:
    """What a merge says of the source and of the target, which is the root of its own merges.

    Raises RefusedError for a ticket that is merged already, for a circle, and for a settled target.
    """
    if source.merged_into is not None:
        raise RefusedError("already_merged", f"It went on as ticket {source.merged_into}.")
    if source.ticket_id == target.ticket_id:
        raise RefusedError("circle", "A ticket cannot go on as itself.")
    if target.status in SETTLED:
        raise RefusedError("target_settled", "The other ticket is settled: reopen it first.")
    merged = TicketMerged(ticket_id=source.ticket_id, into_ticket_id=target.ticket_id)
    tiers = asked.policy.workflow.customers.tiers
    higher = {
        "priority": (target.priority, target.priority.at_least(source.priority)),
        "customer_tier": (
            target.customer_tier,
            _better(tiers, target.customer_tier, source.customer_tier),
        ),
    }
    changes = {
        name: Change(from_=str(old), to=str(new))
        for name, (old, new) in higher.items()
        if old != new
    }
    raised = [
        TicketReclassified(
            ticket_id=target.ticket_id, changes=changes, reason="merged", by=command.by
        )
    ]
    return (
        Decision(facts(asked, [merged])),
        Decision(facts(asked, raised) if changes else ()),
    )


def unmerge(ticket: Ticket, asked: Asked) -> Decision:
    """The ticket is its own again. Raises RefusedError for one that never was another's."""
    if ticket.merged_into is None:
        raise RefusedError("not_merged", "The ticket goes its own way.")
    apart = TicketUnmerged(ticket_id=ticket.ticket_id, from_ticket_id=ticket.merged_into)
    why = Evidence(field=MERGED, value="", rule=PARTED)
    return Decision(facts(asked, [apart]), evidence=(why,))


def _better(tiers: Sequence[str], one: str, other: str) -> str:
    """The better of two customer tiers; one that the workflow no longer knows counts least."""
    return min(one, other, key=lambda tier: tiers.index(tier) if tier in tiers else len(tiers))
