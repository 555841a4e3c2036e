"""The embedded pair: PostgreSQL and a Kafka-compatible broker as our own children (ADR 0019).

For `tierline up`, the demo and the tests. The binaries come from the extra `tierline[local]`; either
half can be replaced by a URL. The broker keeps everything in memory: it is always *volatile*, and it is
not Kafka.
"""

from .broker import EmbeddedBroker
from .pair import Endpoints, LocalPair, LocalSettings
from .postgres import AlreadyRunningError, EmbeddedPostgres
from .process import BackendDiedError, MissingBackendError

__all__ = [
    "AlreadyRunningError",
    "BackendDiedError",
    "EmbeddedBroker",
    "EmbeddedPostgres",
    "Endpoints",
    "LocalPair",
    "LocalSettings",
    "MissingBackendError",
]
