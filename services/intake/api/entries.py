"""`/v1/customers`: the customer directory, one entry at a time. What it says replaces what was known."""

from __future__ import annotations

from typing import Annotated, Final, Self
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Path, Query, Response
from pydantic import AfterValidator, BaseModel, ConfigDict, JsonValue
from sqlalchemy.ext.asyncio import AsyncEngine

from services.intake import directory_store, views
from services.intake.directory import Directory
from services.intake.domain.commands import CustomerFacts
from services.intake.domain.directory import CONTACT, VALUES
from services.intake.domain.identity import email_address
from shared.http.auth import Principal, require
from shared.http.problems import DomainError, FieldError
from shared.policy.levels import CustomerPolicy

from .bodies import Body, Id, Line, Money, Word, example_of
from .spelling import meant

Reader = Annotated[Principal, Depends(require("contacts:read"))]
Writer = Annotated[Principal, Depends(require("contacts:write"))]
CustomerId = Annotated[Id, Path(examples=["acme-1"])]
Limit = Annotated[int, Query(ge=1, le=200)]

_EXAMPLE: Final[JsonValue] = {
    "tier": "enterprise",
    "vip": True,
    "account_manager": "mara",
    "account_owner": "sofia",
    "email": "jo@customers.example",
}

#: A customer in the examples.
_ENTRY: Final[dict[str, JsonValue]] = {
    "customer_id": "customer-1",
    "tier": "enterprise",
    "lifetime_value": 120000.0,
    "vip": True,
    "revenue_impact": None,
    "preferred_channel": "email",
    "account_manager": "mara",
    "account_owner": "sofia",
    "name": "Jo Lind",
    "email": "jo@customers.example",
    "language": "en",
}


def _mailbox(text: str) -> str:
    if text.strip() and email_address(text) is None:
        raise ValueError("should be one mailbox, such as ana@example.org")
    return text.strip()


class EntryBody(Body):
    """What the directory says of a customer; what is left out is unknown from now on."""

    model_config = ConfigDict(json_schema_extra={"examples": [_EXAMPLE]})

    tier: Word | None = None
    lifetime_value: Money | None = None
    vip: bool | None = None
    revenue_impact: Money | None = None
    preferred_channel: Word | None = None
    account_manager: Id | None = None
    account_owner: Id | None = None
    name: Line | None = None
    email: Annotated[Line, AfterValidator(_mailbox)] | None = None
    phone: Word | None = None
    language: Word | None = None
    time_zone: Word | None = None

    def facts(self, customer_id: str) -> CustomerFacts:
        """The same as intake keeps it."""
        contact = self.model_dump(include=set(CONTACT), exclude_none=True)
        return CustomerFacts(
            customer_id=customer_id,
            contact=contact or None,
            **self.model_dump(include=set(VALUES)) | {"tier": self.tier and self.tier.lower()},
        )


class EntryAnswer(BaseModel):
    """A customer as they are known now."""

    model_config = example_of(**_ENTRY)

    customer_id: str
    tier: str | None
    lifetime_value: float | None
    vip: bool | None
    revenue_impact: float | None
    preferred_channel: str | None
    account_manager: str | None
    account_owner: str | None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    language: str | None = None
    time_zone: str | None = None

    @classmethod
    def of(cls, facts: CustomerFacts) -> Self:
        """The answer that shows `facts`."""
        values = {name: getattr(facts, name) for name in VALUES}
        return cls(customer_id=facts.customer_id, **values, **(facts.contact or {}))


class WrittenAnswer(EntryAnswer):
    """A customer as the directory has just described them: `taken` are addresses that stayed another
    customer's, with that customer's id; `repriced` counts open tickets that changed their tier.
    """

    model_config = example_of(
        **_ENTRY, taken={"email:jo@customers.example": "customer-2"}, repriced=1
    )

    taken: dict[str, str]
    repriced: int


class PageAnswer(BaseModel):
    """Customers in the order of their ids; the `Link` header leads to the next page."""

    model_config = example_of(
        customers=[
            {
                "customer_id": "customer-1",
                "tier": "enterprise",
                "lifetime_value": 120000.0,
                "vip": True,
                "preferred_channel": "email",
                "account_manager": "mara",
                "account_owner": "sofia",
                "name": "Jo Lind",
            }
        ]
    )

    customers: list[EntryAnswer]


def unknown_tier(tier: str | None, customers: CustomerPolicy) -> str | None:
    """What is wrong with a tier that the workflow does not have."""
    if tier is None or tier.lower() in customers.tiers:
        return None
    return f"the workflow has no tier {tier!r}{meant(tier, customers.tiers)}"


def routes(directory: Directory, engine: AsyncEngine, customers: CustomerPolicy) -> APIRouter:
    """The routes of single entries. Ids may hold slashes, so these come after all longer paths."""
    router = APIRouter(prefix="/v1/customers", tags=["customers"])

    @router.get("")
    async def list_customers(
        *,
        response: Response,
        _: Reader,
        tier: Word | None = None,
        cursor: Id | None = None,
        limit: Limit = 50,
    ) -> PageAnswer:
        """Customers, in the order of their ids; of one tier if asked."""
        async with engine.connect() as tx:
            found = await directory_store.page(tx, after=cursor, tier=tier, limit=limit + 1)
        page = found[:limit]
        if len(found) > limit:
            following = {"tier": tier, "cursor": page[-1].customer_id, "limit": limit}
            asked = {name: value for name, value in following.items() if value is not None}
            response.headers["Link"] = f'</v1/customers?{urlencode(asked)}>; rel="next"'
        return PageAnswer(customers=[EntryAnswer.of(one) for one in page])

    @router.get("/{customer_id:path}")
    async def show_customer(customer_id: CustomerId, _: Reader) -> EntryAnswer:
        """What is known of the customer."""
        async with engine.connect() as tx:
            known = await views.customer(tx, customer_id)
        if known is None:
            raise DomainError(404, "Unknown customer", "No such customer.")
        return EntryAnswer.of(known)

    @router.put("/{customer_id:path}")
    async def put_customer(customer_id: CustomerId, body: EntryBody, who: Writer) -> WrittenAnswer:
        """Describe the customer anew. A new tier is the tier of their open tickets, too (semantics P1)."""
        if message := unknown_tier(body.tier, customers):
            fault = FieldError("body.tier", message)
            raise DomainError(422, "Invalid request", "Look at body.tier.", errors=[fault])
        entry = body.facts(customer_id)
        written = await directory.put([entry], [*VALUES, *CONTACT], by=who.name)
        shown = EntryAnswer.of(written.customers[0]).model_dump()
        return WrittenAnswer(**shown, taken=written.taken, repriced=written.repriced)

    return router
