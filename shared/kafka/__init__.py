"""Kafka: the protocols (`client`), the real broker (`aio`), one in memory (`memory`), the topics."""
