"""The router's metrics before anything has happened."""

from __future__ import annotations

from services.router.metrics import RouterMetrics
from shared.observability.metrics import Catalogue
from shared.policy import load_workflow


def test_what_has_not_happened_yet_is_served_as_0() -> None:
    catalogue = Catalogue("router")
    RouterMetrics(catalogue).begin(load_workflow(None))

    labels = {"service": "router", "level": "tier_1"}
    assert 0 == catalogue.registry.get_sample_value("tierline_acceptances_timed_out_total", labels)
