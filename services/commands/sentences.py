"""What an event says, as one line a person can read: for `tierline tap` and `tierline ticket`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from shared import contracts as c
from shared.contracts.vocabulary import Answer, SuppressReason


def sentence(payload: c.Payload) -> str:
    """One line about `payload`, without its ticket id."""
    say = _SENTENCES.get(type(payload))
    return say(payload) if say else type(payload).__name__


def _opened(e: c.TicketOpened) -> str:
    signals = f", signals {', '.join(e.signals)}" if e.signals else ""
    return (
        f"opened: {e.priority} {e.category} ticket of {e.customer.tier} customer "
        f"{e.customer.customer_id} (impact {e.impact} × urgency {e.urgency}{signals})"
    )


def _message(e: c.TicketMessageAdded) -> str:
    kind = "public message" if e.public else "internal note"
    who = f"{e.author.kind} {e.author.id or ''}".strip()
    return f"{kind} by {who}" + (" (automatic)" if e.automatic else "")


def _analysed(e: c.TicketAnalysed) -> str:
    mood = e.sentiment.label if e.sentiment else "no sentiment"
    articles = ", ".join(article.article_id for article in e.articles)
    return f"analysed: {mood}" + (f"; may help: {articles}" if articles else "")


def _reclassified(e: c.TicketReclassified) -> str:
    changes = ", ".join(f"{name} {was.from_} → {was.to}" for name, was in e.changes.items())
    return f"reclassified: {changes} ({e.reason})"


def _queued(e: c.TicketQueued) -> str:
    skills = ", ".join(f"{name} ≥ {least}" for name, least in e.required_skills.items())
    why = e.rule or "no rule matched"
    return (
        f"queued in {e.queue} at {e.level} ({e.reason}; {why}"
        + (f"; needs {skills}" if skills else "")
        + ")"
    )


def _assigned(e: c.TicketAssigned) -> str:
    before = f", before: {e.previous_agent_id}" if e.previous_agent_id else ""
    return (
        f"assigned to {e.agent_id} of {e.team} after {e.waited_seconds} s "
        f"({e.reason}, skill fit {e.skill_fit:.0%}{before})"
    )


def _unroutable(e: c.TicketUnroutable) -> str:
    missing = f": {', '.join(e.missing_skills)}" if e.missing_skills else ""
    return f"nobody could take it in {e.queue} ({e.cause}{missing})"


def _clock(e: c.ClockPayload) -> str:
    return f"{e.metric}" + (f" (cycle {e.cycle})" if e.cycle > 1 else "")


def _started(e: c.SlaStarted) -> str:
    return (
        f"{_clock(e)} clock started: {e.target_seconds} s by {e.policy_id}, "
        f"deadline {e.deadline:%H:%M:%S}"
    )


def _warning(e: c.SlaWarning) -> str:
    return f"{_clock(e)}: {e.threshold_percent} % used, {e.remaining_seconds} s left"


def _breached(e: c.SlaBreached) -> str:
    doubt = ", provisional" if e.provisional else ""
    return f"{_clock(e)} BREACHED, was due {e.deadline:%H:%M:%S} (told {e.lateness_ms or 0} ms late{doubt})"


def _withdrawn(e: c.SlaWithdrawn) -> str:
    what = "breach" if e.threshold_percent is None else f"{e.threshold_percent} % warning"
    return f"{_clock(e)}: {what} withdrawn, the answer came at {e.happened_at:%H:%M:%S}"


def _repriced(e: c.SlaRepriced) -> str:
    return (
        f"{_clock(e)}: target {e.previous_target_seconds} → {e.target_seconds} s ({e.cause}), "
        f"deadline {e.deadline:%H:%M:%S}"
    )


def _raised(e: c.EscalationRaised) -> str:
    return f"escalated {e.from_level} → {e.level}: {e.reason}{_acknowledge(e)}"


def _advanced(e: c.EscalationAdvanced) -> str:
    by = f" by {e.by}" if e.by else ""
    return f"escalation {e.from_level} → {e.to_level}: {e.reason}{by}{_acknowledge(e)}"


def _taken_over(e: c.EscalationAcknowledged) -> str:
    until = f", until {e.holds_until:%H:%M:%S}" if e.holds_until else ""
    return f"{e.by} took responsibility after {e.after_seconds} s{until}"


def _answered(e: c.NotificationAnswered) -> str:
    until = f" until {e.until:%H:%M:%S}" if e.until else ""
    said = {
        Answer.ACKNOWLEDGE: "acknowledged",
        Answer.TAKE: "takes the ticket",
        Answer.SNOOZE: f"snoozed{until}",
        Answer.ESCALATE: f"escalates further: {e.reason or 'no reason'}",
    }
    return f"{e.recipient_id} {said[e.answer]}, by {e.via}"


def _acknowledge(e: c.EscalationRaised | c.EscalationAdvanced) -> str:
    return f", acknowledge by {e.acknowledge_by:%H:%M:%S}" if e.acknowledge_by else ""


def _sent(e: c.NotificationSent) -> str:
    repeat = ", possibly a repeat" if e.possible_repeat else ""
    return f"told {e.recipient_id} ({e.role}) by {e.channel}: {e.template}{repeat}"


def _failed(e: c.NotificationFailed) -> str:
    then = f", next: {e.fallback_channel}" if e.fallback_channel else ""
    return (
        f"could not tell {e.recipient_id} by {e.channel} ({e.error_kind}, {e.attempts} tries{then})"
    )


def _suppressed(e: c.NotificationSuppressed) -> str:
    if e.reason is SuppressReason.UNREACHABLE and e.role == e.recipient_id:
        return f"nobody answers to {e.role}"
    if e.reason is SuppressReason.UNREACHABLE:
        return f"nobody could be told as {e.role}: {e.recipient_id} has no address on any channel"
    if e.reason is SuppressReason.MUTED and e.role == "customer":
        return f"{e.recipient_id} has had enough acknowledgements within this hour ({e.template})"
    return f"{e.recipient_id} ({e.role}) was not told by {e.channel}: {e.reason}"


_SENTENCES: Final[Mapping[type[c.Payload], Callable[[Any], str]]] = {
    c.TicketOpened: _opened,
    c.TicketMessageAdded: _message,
    c.TicketAnalysed: _analysed,
    c.TicketReclassified: _reclassified,
    c.TicketPaused: lambda e: f"paused: {e.reason}",
    c.TicketResumed: lambda e: f"resumed: {e.reason}",
    c.TicketResolved: lambda e: f"resolved by {e.by.kind} {e.by.id or ''}".rstrip(),
    c.TicketReopened: lambda e: f"reopened for the {e.reopened_count}. time",
    c.TicketClosed: lambda e: f"closed: {e.reason}",
    c.TicketMerged: lambda e: f"merged into {e.into_ticket_id}",
    c.TicketUnmerged: lambda e: f"goes its own way again, apart from {e.from_ticket_id}",
    c.TicketAssignmentRequested: lambda e: f"given to {e.assignee} in its channel",
    c.TicketRated: lambda e: f"rated {e.score} of 5",
    c.TicketEscalationRequested: lambda e: f"escalation asked for: {e.reason}",
    c.TicketQueued: _queued,
    c.TicketAssigned: _assigned,
    c.TicketUnassigned: lambda e: f"taken from {e.agent_id}: {e.reason}",
    c.TicketUnroutable: _unroutable,
    c.TicketAssignmentRefused: lambda e: f"{e.agent_id} was not given the ticket: {e.detail}",
    c.AgentUpdated: lambda e: f"{e.agent_id} is {e.presence}, load {e.load} of {e.capacity}",
    c.CalendarChanged: lambda e: (
        f"{e.calendar} as in workflow version {e.workflow_version} "
        f"from {e.effective_from:%Y-%m-%d %H:%M} UTC on"
    ),
    c.SlaStarted: _started,
    c.SlaPaused: lambda e: f"{_clock(e)} clock paused at {e.consumed_seconds} s",
    c.SlaResumed: lambda e: f"{_clock(e)} clock runs on from {e.consumed_seconds} s",
    c.SlaWarning: _warning,
    c.SlaBreached: _breached,
    c.SlaMet: lambda e: f"{_clock(e)} met: {e.consumed_seconds} of {e.target_seconds} s",
    c.SlaClosedLate: lambda e: f"{_clock(e)} stopped {e.overdue_seconds} s after its deadline",
    c.SlaRepriced: _repriced,
    c.SlaWithdrawn: _withdrawn,
    c.SlaSuspiciousDowngrade: lambda e: (
        f"{_clock(e)}: lowered from {e.from_priority} to {e.to_priority} when {e.used_percent} % was used"
    ),
    c.SlaCancelled: lambda e: f"{_clock(e)} clock cancelled: {e.reason}",
    c.EscalationRaised: _raised,
    c.EscalationAdvanced: _advanced,
    c.EscalationAcknowledged: _taken_over,
    c.EscalationResolved: lambda e: f"escalation over: {e.outcome}",
    c.WaitingReminded: lambda e: f"waits for its customer for {e.business_days} business days",
    c.WaitingOver: lambda e: (
        f"waited for its customer long enough: {e.business_days} business days"
    ),
    c.NotificationSent: _sent,
    c.NotificationFailed: _failed,
    c.NotificationSuppressed: _suppressed,
    c.NotificationAnswered: _answered,
    c.NotificationAcknowledged: lambda e: f"{e.recipient_id} acknowledged by {e.via}",
}
