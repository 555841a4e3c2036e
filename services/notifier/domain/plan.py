"""What is said when a fact is heard: who is told, over which channel, and what is dropped instead."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from urllib.parse import urlsplit

from shared.contracts import (
    ClockPayload,
    EscalationAdvanced,
    EscalationRaised,
    EscalationResolved,
    Event,
    NotificationFailed,
    SlaWarning,
    SlaWithdrawn,
    TicketOpened,
    TicketQueued,
    type_of,
)
from shared.contracts.vocabulary import EscalationOutcome, SuppressReason
from shared.policy import WorkflowPolicy

from .about import about_of
from .audience import CUSTOMER, Asked, Directory, Told, resolve
from .channels import channels_for
from .collapsing import behind_a_breach, passed_over
from .corrections import corrections
from .facts import facts_of
from .holding import held
from .notification import About, Notification, Status, Urgency, notification_id
from .on_behalf import on_behalf
from .receipt import goes_at, made_ready
from .recipient import Recipient
from .state import Decision, Heard, Planned, State
from .survey import once, rated_or_reopened
from .urgency import (
    Mark,
    Weight,
    is_deferrable,
    is_first_critical,
    most_urgent,
    urgency_of,
    weight_of,
)
from .voiding import is_pointless, settled_by, superseded_by
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
    mark: Mark = field(default_factory=Mark)


def decide(state: State, heard: Heard, *, around: Surroundings) -> list[Decision]:
    """Everything that follows from `heard`; nothing that has been planned before is planned again."""
    if not isinstance(heard, Event):
        return []
    planned = behind_a_breach(state, _new(state, heard, around))
    passed, informed = passed_over(state, heard, planned, around.policy, around.now)
    planned = [_waiting(p, around) for p in [*planned, *informed]]
    voided = {v.notification_id: v for v in [*passed, *superseded_by(state, planned)]}
    settled = [*settled_by(state, heard), *rated_or_reopened(state, heard, around.policy)]
    voided |= {v.notification_id: v for v in settled}
    return [*voided.values(), *made_ready(state, around.now), *planned]


def _new(state: State, event: Event, around: Surroundings) -> list[Planned]:
    """What `event` makes people be told, without what they are told of it already."""
    planned = [*corrections(state, event, around.policy, around.now), *_told(state, event, around)]
    known = state.notifications
    new = [p for p in planned if p.notification.notification_id not in known]
    return [once(state, p, around.policy) for p in new]


def _waiting(planned: Planned, around: Surroundings) -> Planned:
    """It with what it waits for (semantics D4, L7)."""
    new = planned.notification
    if new.status is not Status.PENDING:
        return planned
    person = around.directory.get(new.recipient_id)
    return Planned(held(new, person, around.policy.notification.noise, around.now))


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
                key = (made.recipient_id, made.channel)
                known = planned.setdefault(key, Planned(made)).notification
                if most_urgent((known.urgency, made.urgency)) is not known.urgency:
                    planned[key] = Planned(made)
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
        case NotificationFailed() if _was_about_a_lost_one(state, said):
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


def _was_about_a_lost_one(state: State, said: NotificationFailed) -> bool:
    """What told of a lost message is lost itself: nobody is told of that, or there would be no end."""
    lost = state.notifications.get(said.notification_id)
    return lost is None or lost.about.fact == type_of(said).name


def _by_rule(state: State, event: Event, policy: WorkflowPolicy) -> list[Telling]:
    said = event.payload
    threshold = said.threshold_percent if isinstance(said, SlaWarning) else None
    facts = facts_of(state.ticket, event, policy)
    matching = policy.notification.matching(type_of(said).name, facts, threshold=threshold)
    return [
        Telling(
            _expanded(rule.to, policy), rule.via, rule.template, Mark(rule.digest, rule.immediate)
        )
        for rule in matching
    ]


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
    about = about_of(event)
    person = told.recipient
    weight = weight_of(event, state.ticket, around.policy)
    urgency = _urgency(
        about, told, telling, weight=weight, state=state, event=event, policy=around.policy
    )
    reached = _channels(person, telling, around, urgency) if person else []
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
            urgency=urgency,
            deferrable=is_deferrable(urgency, weight, around.policy),
        )
        for channel in reached or [next(iter(telling.via), "none")]
    ]


def _urgency(
    about: About,
    told: Told,
    telling: Telling,
    *,
    weight: Weight,
    state: State,
    event: Event,
    policy: WorkflowPolicy,
) -> Urgency:
    """How soon this person has to read of `event`; a customer is never paged."""
    if told.recipient is None or told.role == CUSTOMER:
        return Urgency.NORMAL
    said, known = event.payload, state.notifications.values()
    return urgency_of(
        about,
        weight,
        telling.mark,
        is_first=is_first_critical(known, told.recipient.recipient_id, about),
        is_start=isinstance(said, EscalationRaised) and _is_starting_level(said, policy),
    )


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
