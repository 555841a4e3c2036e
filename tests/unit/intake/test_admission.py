"""Who is let in: a source within its share and its rate, and what its provider understands (S17)."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping

import pytest

from services.intake.admission import Admission, turning_away
from services.intake.channels import Channel, Codes, Parsed
from services.intake.metrics import IntakeMetrics
from shared.clock import FakeClock
from shared.http.problems import DomainError
from shared.observability.metrics import Catalogue, RuntimeMetrics


def a_channel(*, crowded: int = 429, most_bytes: int = 1000, retried: bool = True) -> Channel:
    """A channel of which only its limits matter."""
    return Channel(
        verify=lambda _call, _now: None,
        members=lambda _call: (),
        parse=lambda _raw: Parsed(),
        codes=Codes(crowded=crowded),
        most_bytes=most_bytes,
        retried=retried,
    )


CHANNELS = {
    "shop": a_channel(),
    "intercom": a_channel(crowded=503),
    "mail": a_channel(most_bytes=25_000),
    "code": a_channel(retried=False),
}


class Door:
    """An admission of eight slots, and what it counted."""

    def __init__(
        self,
        clock: FakeClock,
        channels: Mapping[str, Channel] = CHANNELS,
        rates: Mapping[str, str] | None = None,
    ) -> None:
        self._catalogue = Catalogue("intake")
        metrics = IntakeMetrics(self._catalogue)
        self.is_full = False
        self.admission = Admission(
            channels,
            rates or {},
            metrics,
            clock,
            is_full=lambda: self.is_full,
            slots=8,
            most_body_bytes=500,
        )

    def rejected(self, source: str, reason: str) -> float:
        labels = {"service": "intake", "source": source, "reason": reason}
        name = "tierline_webhooks_rejected_total"
        return self._catalogue.registry.get_sample_value(name, labels) or 0.0


def slots(door: Door, source: str, wanted: int) -> int:
    """How many of `wanted` calls at once get a slot."""
    with contextlib.ExitStack() as held:
        for number in range(wanted):
            try:
                held.enter_context(door.admission.slot(source))
            except DomainError:
                return number
    return wanted


def test_S17_one_source_of_several_cannot_take_all_slots(clock: FakeClock) -> None:
    door = Door(clock)

    assert slots(door, "shop", 8) == 6
    assert door.rejected("shop", "crowded") == 1
    assert slots(door, "shop", 8) == 6, "a slot is given back"


def test_S17_a_source_over_its_share_is_told_to_come_again(clock: FakeClock) -> None:
    door = Door(clock)
    with contextlib.ExitStack() as held:
        for _ in range(6):
            held.enter_context(door.admission.slot("shop"))
        with pytest.raises(DomainError) as refused:
            held.enter_context(door.admission.slot("shop"))

    assert (refused.value.status, refused.value.headers["Retry-After"]) == (503, "1")


@pytest.mark.parametrize(
    ("path", "away"),
    [
        ("/v1/channels/shop/webhook", True),
        ("/v1/channels/mail/webhook/a-secret", True),
        ("/v1/channels/code/webhook", False),
        ("/v1/channels/unknown/webhook", False),
        ("/v1/tickets", False),
        ("/healthz", False),
    ],
)
def test_when_all_is_full_those_are_turned_away_who_will_try_again(
    clock: FakeClock, path: str, *, away: bool
) -> None:
    door = Door(clock)
    door.is_full = True

    assert door.admission.turns_away(path) is away
    source = path.split("/")[3] if path.startswith("/v1/channels/") else "none"
    assert door.rejected(source, "crowded") == away


@pytest.mark.parametrize(
    ("path", "counted"), [("/v1/channels/shop/webhook", 1), ("/v1/channels/code/webhook", 0)]
)
def test_who_is_turned_away_before_being_a_request_is_counted_as_one(
    clock: FakeClock, path: str, counted: int
) -> None:
    door, catalogue = Door(clock), Catalogue("intake")
    requests = RuntimeMetrics(catalogue).http_requests.labels(route="webhook", status="503")
    door.is_full = True

    turning_away(door.admission, requests)(path)

    labels = {"service": "intake", "route": "webhook", "status": "503"}
    assert catalogue.registry.get_sample_value("tierline_http_requests_total", labels) == counted


def test_S17_the_only_source_may_take_them_all(clock: FakeClock) -> None:
    assert slots(Door(clock, {"shop": CHANNELS["shop"]}), "shop", 8) == 8


@pytest.mark.parametrize(("source", "status"), [("shop", 429), ("intercom", 503)])
async def test_S17_a_source_over_its_rate_is_told_later_as_its_provider_understands_it(
    clock: FakeClock, source: str, status: int
) -> None:
    door = Door(clock, rates={source: "2/minute"})
    for _ in range(2):
        await door.admission.count(source)

    with pytest.raises(DomainError) as refused:
        await door.admission.count(source)

    assert refused.value.status == status
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60
    assert refused.value.headers["RateLimit-Limit"] == "2"
    assert door.rejected(source, "quota") == 1


async def test_S17_a_source_without_a_rate_is_not_counted(clock: FakeClock) -> None:
    door = Door(clock, rates={"shop": "1/minute"})
    for _ in range(5):
        await door.admission.count("mail")

    assert door.rejected("mail", "quota") == 0


@pytest.mark.parametrize(
    ("path", "most_bytes", "from_reserve"),
    [
        ("/v1/channels/shop/webhook", 1000, False),
        ("/v1/channels/MAIL/webhook", 25_000, False),
        ("/v1/channels/mail/webhook/a-secret", 25_000, False),
        ("/v1/channels/code/webhook", 1000, True),
        ("/v1/channels/unknown/webhook", 500, False),
        ("/v1/channels/", 500, False),
        ("/v1/tickets", 500, False),
    ],
)
def test_S08_what_a_request_may_take_is_its_channels_word(
    clock: FakeClock, path: str, most_bytes: int, *, from_reserve: bool
) -> None:
    allowance = Door(clock).admission.allowance_of(path)

    assert (allowance.most_bytes, allowance.from_reserve) == (most_bytes, from_reserve)
