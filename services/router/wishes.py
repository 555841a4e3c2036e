"""What the commands of people have in common: causes, the log of who did what, who is unknown."""

from __future__ import annotations

from collections.abc import Sequence

from services.router.domain.roster import Agent
from services.router.store.ledger import Ledger
from shared.contracts import Cause
from shared.db import audit
from shared.http.problems import DomainError, FieldError
from shared.ids import new_id
from shared.observability.tracing import of_request


def known_agent(ledger: Ledger, agent_id: str, *, field: str) -> Agent:
    """The agent of this id. Raises DomainError 404, naming `field`."""
    agent = ledger.agents.get(agent_id)
    if agent is None:
        fault = FieldError(field, "the roster has no such agent")
        raise DomainError(404, "Unknown agent", f"No agent {agent_id!r}.", errors=[fault])
    return agent


def new_cause() -> Cause:
    """A command as a cause: nothing came before it."""
    command = new_id()
    return Cause(id=command, correlation_id=command, traceparent=of_request())


def deed(by: str, action: str, objects: Sequence[str]) -> audit.Deed:
    """What somebody did, for the audit log."""
    return audit.Deed(principal=by, action=action, object=" ".join(objects))
