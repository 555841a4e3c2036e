"""`/v1/customers/{id}/addresses`: by which addresses a customer is recognised, whatever the channel."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import directory_store
from services.intake.directory import AddressTakenError, Directory
from services.intake.domain.identity import written_address
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError

from .bodies import Id, Line, example_of

Reader = Annotated[Principal, Depends(require("contacts:read"))]
Writer = Annotated[Principal, Depends(require("contacts:write"))]
CustomerId = Annotated[Id, Path(examples=["acme-1"])]
Address = Annotated[Line, Path(examples=["email:ana@example.org", "tel:+4930123456"])]


class AddressAnswer(BaseModel):
    """One address, and since when it is the customer's."""

    address: str
    linked_at: datetime


class AddressesAnswer(BaseModel):
    """A customer's addresses."""

    model_config = example_of(
        customer_id="customer-1",
        addresses=[{"address": "email:jo@customers.example", "linked_at": "2026-03-02T09:00:00Z"}],
    )

    customer_id: str
    addresses: list[AddressAnswer]


def routes(directory: Directory, engine: AsyncEngine) -> APIRouter:
    """The routes of customers' addresses."""
    router = APIRouter(prefix="/v1/customers/{customer_id:path}/addresses", tags=["customers"])

    async def shown(customer_id: str) -> AddressesAnswer:
        async with engine.connect() as tx:
            known = await directory_store.addresses(tx, customer_id)
        addresses = [AddressAnswer(address=address, linked_at=at) for address, at in known]
        return AddressesAnswer(customer_id=customer_id, addresses=addresses)

    @router.get("")
    async def list_addresses(customer_id: CustomerId, _: Reader) -> AddressesAnswer:
        """By which addresses the customer writes."""
        return await shown(customer_id)

    @router.put("/{address:path}")
    async def link_address(
        customer_id: CustomerId, address: Address, who: Writer
    ) -> AddressesAnswer:
        """What is written from this address is the customer's from now on; tickets stay where they are.

        An address that only a stranger was known by is taken over; another customer's is a 409.
        """
        try:
            linked = await directory.link(customer_id, _kept(address), by=who.name)
        except AddressTakenError as taken:
            raise DomainError(
                409,
                "Address taken",
                f"It is an address of the customer {taken.owner!r}: unlink it there first.",
            ) from taken
        if not linked:
            raise DomainError(404, "Unknown customer", "No such customer.")
        return await shown(customer_id)

    @router.delete("/{address:path}", status_code=204)
    async def unlink_address(customer_id: CustomerId, address: Address, who: Writer) -> None:
        """The address is nobody's from now on: the next message from it is a stranger's."""
        if not await directory.unlink(customer_id, _kept(address), by=who.name):
            raise DomainError(404, "Unknown address", "It is no address of this customer.")

    return router


def _kept(address: str) -> str:
    kept = written_address(address)
    if kept is None:
        message = "should be email:…, tel:+… with the country's code, or <source>:<its id>"
        fault = FieldError("path.address", message)
        raise DomainError(422, "Invalid request", "Look at path.address.", errors=[fault])
    return kept
