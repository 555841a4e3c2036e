"""What the router's events say, judged one by one in the order in which they were said."""

from __future__ import annotations

from collections import defaultdict
from uuid import UUID

from shared.contracts import AGENTS, AgentUpdated, Event, TicketAssigned, TicketUnassigned


class Tale:
    """Who has which ticket, as a reader of `support.assignments` and `support.agents` learns it.

    Events of one subject must come in their order; repeats of them are known by their sequence.
    `doubles` counts tickets given to one while another has them, and taken from who has them not;
    `above` agents who were said to hold more than they may.
    """

    def __init__(self) -> None:
        self.holder: dict[str, str] = {}
        self.ever: set[UUID] = set()
        self.assigned = 0
        self.repeats = 0
        self.gaps = 0
        self.doubles = 0
        self.above = 0
        self._last: dict[tuple[str, str], int] = {}

    def take(self, event: Event) -> bool:
        """One more event; False for one that was here before."""
        stream = (event.topic, event.subject)
        last = self._last.get(stream, 0)
        if event.sequence <= last:
            self.repeats += 1
            return False
        self.gaps += event.sequence != last + 1
        self._last[stream] = event.sequence
        match event.payload:
            case TicketAssigned() as given:
                self.assigned += 1
                self.ever.add(given.ticket_id)
                self.doubles += event.subject in self.holder
                self.holder[event.subject] = given.agent_id
            case TicketUnassigned() as taken:
                self.doubles += self.holder.pop(event.subject, None) != taken.agent_id
            case AgentUpdated() as agent:
                self.above += agent.load > agent.capacity
        return True

    @property
    def heard_of_agents(self) -> int:
        """How many events about agents have been taken, or skipped."""
        return sum(last for (topic, _), last in self._last.items() if topic == AGENTS)

    def forget_tickets(self) -> None:
        """Every ticket so far has come to its end; agents go on."""
        self._last = {key: last for key, last in self._last.items() if key[0] == AGENTS}
        self.ever = set()


class Desks:
    """What every agent holds, as the outbox tells it in the order of its rows.

    That order is true across tickets: a row is numbered while its writer still has the agent locked.
    `above` counts the moments at which somebody held more than they may, `wrong` those at which an agent's
    published load was not what they hold.
    """

    def __init__(self) -> None:
        self.above = 0
        self.wrong = 0
        self._load: dict[str, int] = defaultdict(int)
        self._weight: dict[str, int] = {}

    def take(self, event: Event, capacity: int) -> None:
        """One more event; `capacity` is what everybody may hold, in weight units."""
        match event.payload:
            case TicketAssigned() as given:
                self._weight[event.subject] = given.weight
                self._load[given.agent_id] += given.weight
                self.above += self._load[given.agent_id] > capacity
            case TicketUnassigned() as taken:
                self._load[taken.agent_id] -= self._weight.pop(event.subject, 0)
            case AgentUpdated() as agent:
                self.above += agent.load > agent.capacity
                self.wrong += agent.load != self._load[agent.agent_id]
