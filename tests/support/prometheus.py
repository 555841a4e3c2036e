"""A real Prometheus that scrapes processes of this machine, for as long as somebody asks it."""

from __future__ import annotations

import asyncio
import json
import math
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

import httpx2

from services.fleet import free_ports

SCRAPE_SECONDS: Final = 1
_PATIENCE_SECONDS: Final = 30.0
_EVERY_SECONDS: Final = 0.2


def program() -> str | None:
    """Where Prometheus is: TIERLINE_PROMETHEUS (`.ci/debian-prometheus prometheus` prints it), or on PATH."""
    return os.environ.get("TIERLINE_PROMETHEUS") or shutil.which("prometheus")


class Prometheus:
    """Asks one over its HTTP API."""

    def __init__(self, client: httpx2.AsyncClient) -> None:
        self._client = client

    async def values(self, expr: str) -> list[float]:
        """What an expression has now, a value a series; those without one are left out."""
        found = await self._get("/api/v1/query", query=expr)
        scalar = found["resultType"] == "scalar"
        pairs = [found["result"]] if scalar else [one["value"] for one in found["result"]]
        values = [float(value) for _, value in pairs]
        return [value for value in values if not math.isnan(value)]

    async def series_over(self, expr: str, *, seconds: float) -> int:
        """How many series an expression had at some time of the last `seconds`."""
        [now] = await self.values("time()")
        found = await self._get(
            "/api/v1/query_range", query=expr, start=now - seconds, end=now, step=5
        )
        return sum(
            any(not math.isnan(float(value)) for _, value in one["values"])
            for one in found["result"]
        )

    async def version(self) -> str:
        """As it names itself."""
        return str((await self._get("/api/v1/status/buildinfo"))["version"])

    async def until_up(self, count: int) -> None:
        """Wait until so many targets have been scraped. Raises TimeoutError."""

        async def are_up() -> bool:
            return len(await self.values("up == 1")) >= count

        await _until(are_up)

    async def until_ready(self) -> None:
        """Wait until it answers. Raises TimeoutError."""

        async def answers() -> bool:
            try:
                return (await self._client.get("/-/ready")).is_success
            except httpx2.TransportError:
                return False

        await _until(answers)

    async def _get(self, path: str, **parameters: Any) -> Any:
        answer = await self._client.get(path, params=parameters)
        said = answer.json()
        if said["status"] != "success":
            raise ValueError(f"{parameters.get('query')}: {said['error']}")
        return said["data"]


@asynccontextmanager
async def prometheus(folder: Path, targets: Mapping[str, str]) -> AsyncIterator[Prometheus]:
    """One that scrapes `targets` (name → host:port) every second and keeps its data in `folder`.

    Raises FileNotFoundError where there is none.
    """
    found = program()
    if found is None:
        raise FileNotFoundError("no Prometheus: put it on PATH or name it in TIERLINE_PROMETHEUS")
    port = free_ports(["prometheus"])["prometheus"]
    file = _configured(folder, targets)
    with (folder / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            found,
            f"--config.file={file}",
            f"--storage.tsdb.path={folder / 'data'}",
            f"--web.listen-address=127.0.0.1:{port}",
            stdout=log,
            stderr=log,
        )
        try:
            base = f"http://127.0.0.1:{port}"
            async with httpx2.AsyncClient(base_url=base, trust_env=False, timeout=30) as client:
                server = Prometheus(client)
                await server.until_ready()
                yield server
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    for _ in range(round(_PATIENCE_SECONDS / _EVERY_SECONDS)):
        if await holds():
            return
        await asyncio.sleep(_EVERY_SECONDS)
    raise TimeoutError("Prometheus did not get so far")


def _configured(folder: Path, targets: Mapping[str, str]) -> Path:
    """A file that names the targets; JSON is YAML, too."""
    folder.mkdir()
    jobs = [
        {"job_name": name, "static_configs": [{"targets": [target]}]}
        for name, target in targets.items()
    ]
    file = folder / "prometheus.json"
    interval = {"scrape_interval": f"{SCRAPE_SECONDS}s"}
    file.write_text(json.dumps({"global": interval, "scrape_configs": jobs}))
    return file
