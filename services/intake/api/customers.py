"""`/v1/customers/{id}/contact`: how to reach a customer, asked at the moment of sending (ruling 4)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Path
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import views
from services.intake.domain.commands import CustomerFacts
from shared.http.auth import Principal, require
from shared.http.problems import DomainError

from .bodies import ContactBody, Id
from .document import CONTACT

Reader = Annotated[Principal, Depends(require("contacts:read"))]
Writer = Annotated[Principal, Depends(require("contacts:write"))]
CustomerId = Annotated[Id, Path()]


def routes(engine: AsyncEngine) -> APIRouter:
    """The routes of customers' contact data."""
    router = APIRouter(prefix="/v1/customers", tags=["customers"])

    @router.get("/{customer_id:path}/contact", responses=CONTACT)
    async def show_contact(customer_id: CustomerId, _: Reader) -> dict[str, str | None]:
        """How to reach the customer; 404 for a customer we have never heard of."""
        async with engine.connect() as tx:
            known = await views.customer(tx, customer_id)
        if known is None:
            raise DomainError(404, "Unknown customer", "No such customer.")
        return _contact(known)

    @router.put("/{customer_id:path}/contact", responses=CONTACT)
    async def set_contact(
        customer_id: CustomerId, body: ContactBody, _: Writer
    ) -> dict[str, str | None]:
        """From now on the customer is reached like this."""
        async with engine.begin() as tx:
            await views.set_contact(tx, body.facts(customer_id))
            known = await views.customer(tx, customer_id)
        assert known is not None
        return _contact(known)

    return router


def _contact(known: CustomerFacts) -> dict[str, str | None]:
    names = ("name", "email", "phone", "language", "time_zone")
    contact = known.contact or {}
    return {
        "customer_id": known.customer_id,
        **{name: contact.get(name) for name in names},
        "preferred_channel": known.preferred_channel,
        "account_manager": known.account_manager,
    }
