"""What tells a repeat of a delivery."""

from __future__ import annotations

from services.intake.domain.delivery import Delivery


def test_a_repeat_has_the_same_id_and_the_same_digest() -> None:
    first, again = (Delivery(source="crm", dedupe_key="m-1", raw=b"{}") for _ in range(2))

    assert (first.delivery_id, first.digest) == (again.delivery_id, again.digest)


def test_another_source_with_the_same_key_is_another_delivery() -> None:
    one = Delivery(source="crm", dedupe_key="m-1", raw=b"{}")
    other = Delivery(source="mail", dedupe_key="m-1", raw=b"{}")

    assert one.delivery_id != other.delivery_id


def test_our_own_api_says_itself_what_a_repeat_must_repeat() -> None:
    delivery = Delivery(source="api/x", dedupe_key="k", raw=b"{}", digest=b"route and body")

    assert delivery.digest == b"route and body"
