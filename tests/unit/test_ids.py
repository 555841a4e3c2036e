"""Derived ids are uuid5, whoever computes them: a repeat by another release has the same ones."""

from __future__ import annotations

from uuid import UUID, uuid5

from hypothesis import given
from hypothesis import strategies as st

from shared.ids import TIERLINE, delivery_id, derived_id


@given(st.uuids(), st.text(max_size=300))
def test_a_derived_id_is_the_uuid5_of_its_name(namespace: UUID, name: str) -> None:
    assert derived_id(namespace, name) == uuid5(namespace, name)
    assert hash(derived_id(namespace, name)) == hash(uuid5(namespace, name))


@given(st.text(max_size=50), st.text(max_size=300))
def test_a_delivery_id_is_the_uuid5_of_source_and_key(source: str, key: str) -> None:
    assert delivery_id(source, key) == uuid5(TIERLINE, f"{source}\n{key}")
