"""`tierline customers`: tables told, customers shown, addresses linked, over intake's own API."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from services.customers import CustomersError, Imported, import_file, link, show, unlink
from services.installation import Installation
from shared.clock import FakeClock
from shared.runtime.http_server import HttpServer
from shared.settings import HttpSettings
from tests.support.intake import KEY, intake_under_test, settings

pytestmark = pytest.mark.postgres

TABLE = "id,tier,email\nacme/1,enterprise,ana@example.org\nbolt,standard,ben@example.org\n"


@pytest.fixture
async def where(database_url: str, clock: FakeClock) -> AsyncIterator[Installation]:
    """Intake on a socket, as the command line finds it."""
    async with intake_under_test(settings(database_url), clock) as running:
        server = HttpServer(running.service.app, HttpSettings(port=0))
        serving = asyncio.create_task(server.run())
        yield Installation("", "", {"intake": server.url}, api_key=KEY)
        server.stop()
        await serving


def table(folder: Path, text: str = TABLE) -> Path:
    path = folder / "customers.csv"
    path.write_text(text, encoding="utf-8")
    return path


async def command(where: Installation, folder: Path, *words: str) -> tuple[int | None, str]:
    """The exit status of `tierline customers …` and what it printed, faults included."""
    where.write(folder)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "services.cli", "customers", *words),
        env={**os.environ, "TIERLINE_LOCAL__DATA_DIR": str(folder)},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    printed, _ = await process.communicate()
    return process.returncode, printed.decode()


async def test_a_table_is_told_and_its_customers_are_shown(
    where: Installation, tmp_path: Path
) -> None:
    tried = await import_file(where, table(tmp_path), dry_run=True)
    done = await import_file(where, table(tmp_path))

    assert (tried, done) == (Imported(2, 0, {}), Imported(2, 0, {}))
    assert await show(where, "acme/1") == {
        "customer_id": "acme/1",
        "tier": "enterprise",
        "email": "ana@example.org",
        "addresses": ["email:ana@example.org"],
    }


async def test_a_refused_table_is_told_line_by_line(where: Installation, tmp_path: Path) -> None:
    faulty = table(tmp_path, TABLE.replace("standard", "standart"))

    with pytest.raises(CustomersError, match=r"line 3, tier: .* did you mean 'standard'"):
        await import_file(where, faulty)
    with pytest.raises(CustomersError, match="404"):
        await show(where, "acme/1")


async def test_an_address_is_linked_and_unlinked(where: Installation, tmp_path: Path) -> None:
    await import_file(where, table(tmp_path))
    await link(where, "acme/1", "slack:U/1")
    linked = (await show(where, "acme/1"))["addresses"]
    await unlink(where, "acme/1", "slack:U/1")

    assert linked == ["email:ana@example.org", "slack:U/1"]
    assert (await show(where, "acme/1"))["addresses"] == ["email:ana@example.org"]


async def test_who_is_not_let_in_and_who_finds_nobody_is_told_so(
    where: Installation, tmp_path: Path
) -> None:
    with pytest.raises(CustomersError, match="401"):
        await import_file(replace(where, api_key="tl_wrong"), table(tmp_path))
    with pytest.raises(CustomersError, match="ConnectError"):
        await show(replace(where, urls={"intake": "http://127.0.0.1:9"}), "acme/1")


async def test_the_commands_say_what_they_did(where: Installation, tmp_path: Path) -> None:
    path = str(table(tmp_path))

    said = [
        await command(where, tmp_path, "import", path, "--dry-run"),
        await command(where, tmp_path, "import", path),
        await command(where, tmp_path, "link", "bolt", "email:ana@example.org"),
        await command(where, tmp_path, "show", "bolt"),
    ]

    bolt = (
        "customer_id: bolt\ntier: standard\nemail: ben@example.org\n"
        "addresses: email:ben@example.org\n"
    )
    assert said == [
        (0, "2 customers could be imported; nothing was changed\n"),
        (0, "2 customers imported; 0 open tickets have a new tier\n"),
        (1, "409: It is an address of the customer 'acme/1': unlink it there first.\n"),
        (0, bolt),
    ]
