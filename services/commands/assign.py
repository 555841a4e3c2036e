"""`tierline assign TICKET AGENT`: give a ticket to somebody by hand."""

from __future__ import annotations

from .assignment import Agent, Ticket, carried_out


def assign(ticket: Ticket, agent: Agent) -> None:
    """Give a ticket to an agent, whoever has it now; never beyond the agent's capacity.

    `tierline assignment` is for the agents themselves: claim, accept, decline.

    For instance:

      tierline assign 4711 sofia
    """
    told = carried_out(ticket, "PUT", "assignment", agent)
    print(f"{told['agent_id']} has {told['ticket_id']}")
