"""What is said when a fact is heard: who is told, over which channel, and what is dropped instead."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from urllib.parse import urlsplit

import msgspec

from shared.contracts import (
    ClockPayload,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    SlaBreached,
    SlaWarning,
    SlaWithdrawn,
    TicketOpened,
    TicketQueued,
    type_of,
)
from shared.contracts.vocabulary import EscalationOutcome, SuppressReason
from shared.policy import WorkflowPolicy

from .absence import on_behalf
from .audience import CUSTOMER, Asked, Directory, Told, resolve
from .channels import channels_for
from .corrections import corrections
from .facts import facts_of
from .notification import About, Kind, Notification, Status, Urgency, notification_id
from .receipt import goes_at, made_ready
from .recipient import Recipient
from .state import Decision, Heard, Planned, State
from .voiding import BREACH, clock_of, is_pointless, settled_by, superseded_by
from .wording import fields_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a plan depends on besides the ticket. `channels`: those with a configured sender, the
    preferred one first.
    """

    policy: WorkflowPolicy
    directory: Directory
    channels: Sequence[str]
    now: datetime


@dataclass(frozen=True, slots=True)
class Telling:
    """Tell `names` over `via` with `template`; without `via`, over the best channel each one has."""

    names: tuple[str, ...]
    via: tuple[str, ...]
    template: str


def decide(state: State, heard: Heard, *, around: Surroundings) -> list[Decision]:
    """Everything that follows from `heard`; nothing that has been planned before is planned again."""
    if not isinstance(heard, Event):
        return []
    planned = [
        p
        for p in [
            *corrections(state, heard, around.policy, around.now),
            *_told(state, heard, around),
        ]
        if p.notification.notification_id not in state.notifications
    ]
    voided = {v.notification_id: v for v in superseded_by(state, planned)}
    voided |= {v.notification_id: v for v in settled_by(state, heard)}
    return [*voided.values(), *made_ready(state, around.now), *planned]


def _told(state: State, event: Event, around: Surroundings) -> list[Planned]:
    """One notification a person, fact and channel, in the order of the rules (semantics D8)."""
    planned: dict[tuple[str, str], Planned] = {}
    heard_by: set[str] = set()
    for telling in _tellings(state, event, around.policy):
        told = resolve(
            telling.names,
            Asked(
                ticket=state.ticket,
                team=_team(state, event, around.policy),
                directory=around.directory,
                policy=around.policy,
                at=event.time,
                now=around.now,
            ),
        )
        for person in told:
            if not telling.via and person.recipient and person.recipient.recipient_id in heard_by:
                continue
            for made in _notifications(person, telling, state, event, around):
                planned.setdefault((made.recipient_id, made.channel), Planned(made))
                heard_by.add(made.recipient_id)
    return list(planned.values())


def _tellings(state: State, event: Event, policy: WorkflowPolicy) -> list[Telling]:
    """The rules that match; then whom the fact itself names."""
    said = event.payload
    match said:
        case TicketOpened(outbound=True):  # the customer has not asked us anything
            found = [_without(CUSTOMER, t) for t in _by_rule(state, event, policy)]
        case SlaWithdrawn():  # told to those who were told before, and to nobody else (T3)
            return []
        case ClockPayload() if said.metric.of_level:  # what follows from it is said by the ladder
            return []
        case EscalationRaised() if _is_starting_level(said, policy):
            found = []
        case EscalationResolved() if said.outcome is not EscalationOutcome.TICKET_RESOLVED:
            # the customer's case is not settled by an escalation that is only taken back
            found = [_without(CUSTOMER, t) for t in _by_rule(state, event, policy)]
        case _:
            found = _by_rule(state, event, policy)
    match said:
        case TicketQueued() if state.ticket.first_queued == event.id:
            names = _expanded([*said.notify, *said.cc], policy)
            found.append(Telling(names, (), "routed"))
        case EscalationRaised() | EscalationAdvanced():
            found.append(Telling(_expanded(said.audience, policy), (), "handoff"))
    return found


def _by_rule(state: State, event: Event, policy: WorkflowPolicy) -> list[Telling]:
    said = event.payload
    threshold = said.threshold_percent if isinstance(said, SlaWarning) else None
    facts = facts_of(state.ticket, event, policy)
    matching = policy.notification.matching(type_of(said).name, facts, threshold=threshold)
    return [Telling(_expanded(rule.to, policy), rule.via, rule.template) for rule in matching]


def _is_starting_level(said: EscalationRaised, policy: WorkflowPolicy) -> bool:
    """A VIP's starting level pages nobody: its level has a window and the fact has none (G11)."""
    window = policy.escalation.acknowledge_within(said.level)
    return said.acknowledge_by is None and window is not None


def _without(name: str, telling: Telling) -> Telling:
    return replace(telling, names=tuple(other for other in telling.names if other != name))


def _expanded(names: Sequence[str], policy: WorkflowPolicy) -> tuple[str, ...]:
    found = [one for name in names for one in policy.notification.audience(name)]
    return tuple(dict.fromkeys(found))


def _team(state: State, event: Event, policy: WorkflowPolicy) -> str | None:
    """Whose managers and whose rotation are meant: the team an escalation names, else the assignee's,
    else that of the level which holds the ticket.
    """
    said = event.payload
    if isinstance(said, EscalationRaised | EscalationAdvanced):
        return said.to_team
    if state.ticket.assignee_team and not isinstance(said, EscalationResolved):
        return state.ticket.assignee_team
    level = said.level if isinstance(said, EscalationResolved) else state.ticket.level
    try:
        return policy.level(level or policy.levels[0].name).team
    except KeyError:  # a level of a workflow that is no longer in force (semantics F3)
        return None


def _notifications(
    told: Told, telling: Telling, state: State, event: Event, around: Surroundings
) -> list[Notification]:
    about = _about(event)
    person = told.recipient
    reached = _channels(person, telling, around, Urgency.NORMAL) if person else []
    reason = None
    if person is None or not reached:
        reason = SuppressReason.UNREACHABLE
    elif is_pointless(about, state.ticket):
        reason = SuppressReason.CANCELLED
    elif person.is_muted_at(around.now):
        reason = SuppressReason.MUTED
    recipient_id = person.recipient_id if person else told.role
    fields = fields_of(state.ticket, event, around.policy) | on_behalf(told.instead_of)
    return [
        Notification(
            notification_id=notification_id(event.id, recipient_id, channel),
            ticket_id=state.ticket.ticket_id,
            about=about,
            recipient_id=recipient_id,
            role=told.role,
            channel=channel,
            target=target_of(channel, person.channels.get(channel, "") if person else ""),
            template=telling.template,
            fields=fields,
            cause=event.cause,
            planned_at=around.now,
            due_at=goes_at(about.fact, told.role, state.ticket, around.now),
            status=Status.SUPPRESSED if reason else Status.PENDING,
            reason=reason,
        )
        for channel in reached or [next(iter(telling.via), "none")]
    ]


def _channels(
    person: Recipient, telling: Telling, around: Surroundings, urgency: Urgency
) -> list[str]:
    fallback = around.policy.notification.fallback
    return channels_for(person, telling.via, urgency=urgency, on=around.channels, fallback=fallback)


def target_of(channel: str, address: str) -> str:
    """What a delivery has to reach: the receiving host of a webhook, one room, flow or service elsewhere,
    else the channel's own relay or account.

    Sends to one target share its limit, so that a dead one delays nobody else. A room, a flow and a service
    are named by a digest: their addresses are personal or secret.
    """
    match channel:
        case "webhook":
            return f"webhook:{urlsplit(address).netloc.lower()}"
        case "slack" | "teams" | "pagerduty":
            return f"{channel}:{hashlib.sha256(address.encode()).hexdigest()[:12]}"
        case "apprise":
            return f"apprise:{address}"
    return channel


def _about(event: Event) -> About:
    said = event.payload
    about = About(
        fact_id=event.id, fact=type_of(said).name, kind=Kind.TICKET, happened_at=event.time
    )
    match said:
        case ClockPayload():
            percent = said.threshold_percent if isinstance(said, SlaWarning) else None
            threshold = BREACH if isinstance(said, SlaBreached) else percent
            return msgspec.structs.replace(
                about, kind=Kind.CLOCK, clock=clock_of(said), threshold=threshold
            )
        case EscalationRaised() | EscalationAdvanced():
            return msgspec.structs.replace(
                about, kind=Kind.ESCALATION, escalation_id=said.escalation_id
            )
        case EscalationResolved():
            return msgspec.structs.replace(about, escalation_id=said.escalation_id)
    return about
