"""Identity: time-ordered ids for new things, derived ids for what follows from something else."""

from __future__ import annotations

from uuid import UUID

import uuid_utils.compat

#: The namespace of everything that is derived from a name and not from another id.
TIERLINE = UUID("6f1f4f4e-7c0d-5b1e-9d7a-1f3c5e7a9b10")


def new_id() -> UUID:
    """An id for a new thing: uuid7, so that rows made together lie together."""
    return uuid_utils.compat.uuid7()


def derived_id(namespace: UUID, name: str) -> UUID:
    """The id of what `name` says about `namespace`: the same on every repeat (ADR 0004)."""
    return uuid_utils.compat.uuid5(namespace, name)


def delivery_id(source: str, dedupe_key: str) -> UUID:
    """The id of one delivery by `source`: equal for every repeat of it."""
    return uuid_utils.compat.uuid5(TIERLINE, f"{source}\n{dedupe_key}")
