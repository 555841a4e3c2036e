"""Who may give tickets to agents: one dispatcher a routing domain, and nobody while commands run (G6).

Both are advisory locks that end with the transaction. Steps of dispatchers share the lock of the house and
take that of their domain alone; a command that must not be overtaken by an assignment takes the house.
"""

from __future__ import annotations

from typing import Final

from shared.db.engine import Transaction, fetch

_HOUSE: Final = "hashtext(current_schema() || '.dispatch')"

#: Share the house, and since which transaction the world may change behind our back.
_ENTER: Final = f"""
SELECT pg_try_advisory_xact_lock_shared({_HOUSE}), pg_snapshot_xmin(pg_current_snapshot())::text
"""
_TAKE_DOMAIN: Final = (
    "SELECT pg_try_advisory_xact_lock(hashtext(current_schema() || '.dispatch.' || $1))"
)
_WAIT_HOUSE: Final = f"SELECT pg_advisory_xact_lock({_HOUSE})"


async def enter(tx: Transaction) -> str | None:
    """Step into the house beside other dispatchers; None while a command has it. Never waits.

    What is returned names the moment: what has committed before it is seen by every later statement, so
    `roster.changed_since` with it misses nothing.
    """
    [(entered, moment)] = await fetch(tx, _ENTER)
    return str(moment) if entered else None


async def take_domain(tx: Transaction, domain: str) -> bool:
    """Whether this transaction is now the only one that gives out the domain's tickets. Never waits."""
    return bool((await fetch(tx, _TAKE_DOMAIN, (domain,)))[0][0])


async def take_house(tx: Transaction) -> None:
    """Become the only transaction that gives tickets to agents; waits for the steps in hand."""
    await tx.exec_driver_sql(_WAIT_HOUSE)
