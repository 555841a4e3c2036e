"""`tierline customers`: the customer directory, and by which addresses customers write."""

from __future__ import annotations

from collections.abc import Coroutine
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from services import customers
from services.customers import CustomersError

from .where import carry_out, installation, stop

app = typer.Typer(no_args_is_help=True, help="The customer directory: import, show, link, unlink.")

CustomerId = Annotated[str, typer.Argument(help="The customer's id.")]
Address = Annotated[
    str, typer.Argument(help="As email:ana@example.org, tel:+4930123456 or <source>:<its id>.")
]

T = TypeVar("T")


@app.command("import")
def import_(
    file: Annotated[
        Path,
        typer.Argument(exists=True, dir_okay=False, help="CSV; its header names the columns."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Check the table, and change nothing.")
    ] = False,
) -> None:
    """Describe the customers of a table anew: all of them, or none if a line has a fault."""
    told = _done(customers.import_file(installation(), file, dry_run=dry_run))
    if dry_run:
        print(f"{told.customers} customers could be imported; nothing was changed")
        return
    print(f"{told.customers} customers imported; {told.repriced} open tickets have a new tier")
    for address, owner in sorted(told.taken.items()):
        print(f"{address} stays with {owner}")


@app.command()
def show(customer_id: CustomerId) -> None:
    """What is known of a customer."""
    known = _done(customers.show(installation(), customer_id))
    for name, value in known.items():
        shown = ", ".join(value) if isinstance(value, list) else value
        print(f"{name}: {shown}")


@app.command()
def link(customer_id: CustomerId, address: Address) -> None:
    """Let whoever writes from an address be this customer from now on."""
    _done(customers.link(installation(), customer_id, address))
    print(f"{address} is an address of {customer_id}")


@app.command()
def unlink(customer_id: CustomerId, address: Address) -> None:
    """Let an address be nobody's: the next message from it is a stranger's."""
    _done(customers.unlink(installation(), customer_id, address))
    print(f"{address} is nobody's address")


def _done(work: Coroutine[Any, Any, T]) -> T:
    try:
        return carry_out(work)
    except CustomersError as error:
        stop(str(error))
