"""Nothing forged gets in, through any channel: held against signatures made apart from it (S01–S07)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.datastructures import Headers

from services.intake.channels import CHANNELS, Call, Channel, SignatureError
from tests.support.signing import SIGNINGS, Signing

NOW: Final = datetime(2026, 6, 1, 10, 0, tzinfo=UTC)

#: Bits that make another byte: the lowest, the one between the cases of a letter, the one beyond ASCII.
MASKS: Final = (0x01, 0x20, 0x80)

SIGNED: Final = [name for name, signing in SIGNINGS.items() if not signing.unsigned]
UNSIGNED: Final = [name for name in SIGNINGS if name not in SIGNED]
PROVED_BY_HEADERS: Final = [name for name, signing in SIGNINGS.items() if signing.proofs]

VERIFIERS: Final = {
    name: CHANNELS[name.partition(":")[0]](signing.source) for name, signing in SIGNINGS.items()
}

every_channel = pytest.mark.parametrize("name", SIGNINGS)

#: Makes another call by turning over some bits of one byte.
Change = Callable[[int], Call]


def verdict(channel: Channel, call: Call, now: datetime = NOW) -> str:
    """`accepted`, or the reason of the refusal."""
    try:
        channel.verify(call, now)
    except SignatureError as error:
        return error.reason
    return "accepted"


def with_header(call: Call, name: str, value: bytes) -> Call:
    others = [(k, v) for k, v in call.headers.raw if k != name.encode()]
    return replace(call, headers=Headers(raw=[*others, (name.encode(), value)]))


def changed(raw: bytes, place: int, mask: int) -> bytes:
    return raw[:place] + bytes([raw[place] ^ mask]) + raw[place + 1 :]


def body_changed(call: Call, place: int, mask: int) -> Call:
    return replace(call, raw=changed(call.raw, place, mask))


def header_changed(name: str, call: Call, place: int, mask: int) -> Call:
    value = call.headers[name].encode("latin-1")
    return with_header(call, name, changed(value, place, mask))


def token_changed(call: Call, place: int, mask: int) -> Call:
    token = (call.token or "").encode()
    return replace(call, token=changed(token, place, mask).decode("latin-1"))


def places(signing: Signing, call: Call) -> Iterator[Change]:
    """Every byte that may not be another one, as a function of the bits to turn over."""
    for place in range(0 if signing.unsigned else len(call.raw)):
        yield partial(body_changed, call, place)
    for name in signing.proofs:
        for place in range(len(call.headers[name])):
            yield partial(header_changed, name, call, place)
    for place in range(len(call.token or "")):
        yield partial(token_changed, call, place)


def test_every_registered_channel_is_tried() -> None:
    assert {name.partition(":")[0] for name in SIGNINGS} == set(CHANNELS)


@every_channel
def test_S04_what_either_secret_signed_is_accepted(name: str) -> None:
    signing = SIGNINGS[name]

    for secret in signing.secrets:
        assert verdict(VERIFIERS[name], signing.call(NOW, secret=secret)) == "accepted"


@every_channel
def test_S01_no_byte_of_what_proves_a_call_can_be_another(name: str) -> None:
    signing = SIGNINGS[name]

    tried = 0
    for change in places(signing, signing.call(NOW)):
        for mask in MASKS:
            tried += 1
            assert verdict(VERIFIERS[name], change(mask)) != "accepted"
    assert tried >= len(MASKS) * 22


@given(st.data())
def test_S01_a_mutated_byte_anywhere_is_refused(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(list(SIGNINGS)))
    signing = SIGNINGS[name]
    changes = list(places(signing, signing.call(NOW)))
    change = changes[data.draw(st.integers(0, len(changes) - 1))]

    assert verdict(VERIFIERS[name], change(data.draw(st.integers(1, 255)))) != "accepted"


@given(st.sampled_from(PROVED_BY_HEADERS), st.binary(max_size=100), st.data())
def test_S02_whatever_bytes_a_header_holds_the_call_is_refused_and_nothing_breaks(
    name: str, value: bytes, data: st.DataObject
) -> None:
    header = data.draw(st.sampled_from(SIGNINGS[name].proofs))
    forged = with_header(SIGNINGS[name].call(NOW), header, value)

    assert verdict(VERIFIERS[name], forged) != "accepted"


@given(st.sampled_from(UNSIGNED), st.binary(max_size=100))
def test_S02_whatever_credentials_are_offered_they_are_refused_and_nothing_breaks(
    name: str, value: bytes
) -> None:
    call = Call("POST", Headers(raw=[(b"authorization", value)]), b"{}")

    assert verdict(VERIFIERS[name], call) != "accepted"


@every_channel
def test_S02_a_proof_that_is_missing_empty_repeated_or_cut_is_refused(name: str) -> None:
    call = SIGNINGS[name].call(NOW)

    for header in SIGNINGS[name].proofs:
        value = call.headers[header].encode("latin-1")
        others = [(k, v) for k, v in call.headers.raw if k != header.encode()]
        twice = [*call.headers.raw, (header.encode(), value)]
        for raw in (others, [*others, (header.encode(), b"")], twice):
            assert verdict(VERIFIERS[name], replace(call, headers=Headers(raw=raw))) != "accepted"
        assert verdict(VERIFIERS[name], with_header(call, header, value[:-1])) != "accepted"


@every_channel
def test_another_secret_proves_nothing(name: str) -> None:
    signing = SIGNINGS[name]
    stranger = "whsec_" + "c3RyYW5nZXI=" * 4 if "whsec_" in signing.secrets[0] else "stranger" * 3

    assert verdict(VERIFIERS[name], signing.call(NOW, secret=stranger)) != "accepted"


@pytest.mark.parametrize("name", [name for name in SIGNINGS if SIGNINGS[name].timed])
@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(-301, "timestamp"), (-300, "accepted"), (300, "accepted"), (301, "timestamp")],
)
def test_S03_a_call_that_signs_its_time_is_good_for_300_seconds(
    name: str, seconds: int, expected: str
) -> None:
    call = SIGNINGS[name].call(NOW + timedelta(seconds=seconds))

    assert expected == verdict(VERIFIERS[name], call)


@pytest.mark.parametrize("name", SIGNED)
def test_an_empty_body_can_be_refused_like_any_other(name: str) -> None:
    call = SIGNINGS[name].call(NOW)

    assert verdict(VERIFIERS[name], replace(call, raw=b"")) != "accepted"
