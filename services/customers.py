"""The customer directory from the outside: told to intake, and asked of it, through its API."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final
from urllib.parse import quote

import httpx2

from .installation import Installation

#: Bytes of a table that are read and sent at once.
CHUNK_BYTES: Final = 64 * 1024

#: Seconds an answer is waited for: a large table takes a while.
ANSWER_SECONDS: Final = 300.0


class CustomersError(Exception):
    """The customers could not be told or shown; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Imported:
    """How many customers a table described, and what that did to tickets and addresses."""

    customers: int
    repriced: int
    taken: dict[str, str]


async def import_file(where: Installation, path: Path, *, dry_run: bool = False) -> Imported:
    """Tell a CSV table, wholly or not at all. Raises CustomersError with every faulty line."""
    with path.open("rb") as file:
        told = await _ask(
            where,
            "POST",
            f"/v1/customers:import?dry_run={str(dry_run).lower()}",
            content=_chunks(file),
            headers={"content-type": "text/csv"},
        )
    return Imported(told["customers"], told["repriced"], told["taken"])


async def show(where: Installation, customer_id: str) -> dict[str, Any]:
    """What is known of a customer, their addresses included. Raises CustomersError."""
    path = _path(customer_id)
    entry = await _ask(where, "GET", path)
    linked = await _ask(where, "GET", f"{path}/addresses")
    known = {name: value for name, value in entry.items() if value is not None}
    return known | {"addresses": [one["address"] for one in linked["addresses"]]}


async def link(where: Installation, customer_id: str, address: str) -> None:
    """Whoever writes from `address` is this customer from now on. Raises CustomersError."""
    await _ask(where, "PUT", _path(customer_id, address))


async def unlink(where: Installation, customer_id: str, address: str) -> None:
    """Whoever writes from `address` is a stranger from now on. Raises CustomersError."""
    await _ask(where, "DELETE", _path(customer_id, address))


async def _chunks(file: IO[bytes]) -> AsyncIterator[bytes]:
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def _path(customer_id: str, address: str | None = None) -> str:
    path = f"/v1/customers/{quote(customer_id, safe='')}"
    return path if address is None else f"{path}/addresses/{quote(address, safe='')}"


async def _ask(where: Installation, method: str, path: str, **more: Any) -> dict[str, Any]:
    key = {"authorization": f"Bearer {where.api_key}"}
    headers = {**key, **more.pop("headers", {})}
    url = f"{where.urls['intake']}{path}"
    async with httpx2.AsyncClient(trust_env=False, timeout=ANSWER_SECONDS) as client:
        try:
            answer = await client.request(method, url, headers=headers, **more)
        except httpx2.TransportError as error:
            raise CustomersError(f"{url}: {type(error).__name__}") from error
    if not answer.is_success:
        raise CustomersError(_sentences(answer))
    told: dict[str, Any] = answer.json() if answer.content else {}
    return told


def _sentences(answer: httpx2.Response) -> str:
    """What intake says is wrong: a line, and one for every fault."""
    try:
        said = answer.json()
    except ValueError:
        said = {}
    head = said.get("detail") or said.get("title") or answer.text
    faults = [f"  {fault['field']}: {fault['message']}" for fault in said.get("errors", [])]
    return "\n".join([f"{answer.status_code}: {head}", *faults])
