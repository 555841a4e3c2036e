"""/metrics of every running service: parsed by a Prometheus library, checked by promtool, as documented."""

from __future__ import annotations

import asyncio

import httpx2
import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from services.installation import PORTS
from tests.support.catalogue import documented
from tests.support.promtool import promtool_or_skip
from tests.support.running import Running, until

pytestmark = [
    pytest.mark.asyncio(loop_scope="package"),
    pytest.mark.parametrize("service", PORTS),
]


async def served(tierline: Running, service: str) -> str:
    """What a scrape gives, once the service has had something to count."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        answer = await client.get(f"{tierline.url(service)}/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    return answer.text


def name_of(family: Metric) -> str:
    """As it is served: the parser leaves a counter's ending out."""
    return f"{family.name}_total" if family.type == "counter" else family.name


async def test_every_metric_has_help_a_type_and_is_documented(
    tierline: Running, service: str
) -> None:
    families = list(text_string_to_metric_families(await served(tierline, service)))

    assert [] == [f.name for f in families if not f.documentation or f.type == "unknown"]
    assert {(m.name, m.kind, m.meaning) for m in documented(service)} == {
        (name_of(family), family.type, family.documentation) for family in families
    }


async def test_every_series_names_its_service_and_the_documented_labels(
    tierline: Running, service: str
) -> None:
    ticket_id = await tierline.open(f"counted-by-{service}")
    await until(lambda: ticket_id in tierline.seen.holder, "somebody has something to count")
    promised = {metric.name: set(metric.labels) for metric in documented(service)}

    families = list(text_string_to_metric_families(await served(tierline, service)))

    samples = [(name_of(family), sample) for family in families for sample in family.samples]
    assert {"tierline_build_info", "tierline_workflow_info"} <= {name for name, _ in samples}
    for name, sample in samples:
        assert promised[name] == sample.labels.keys() - {"le"}
        assert service == sample.labels["service"]


async def test_promtool_finds_nothing_to_improve(tierline: Running, service: str) -> None:
    process = await asyncio.create_subprocess_exec(
        promtool_or_skip(),
        "check",
        "metrics",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate((await served(tierline, service)).encode())

    assert (0, "") == (process.returncode, out.decode())
