# ruff: noqa: INP001 -- a script beside its shell script, no module
"""Wait until the broker at ARGV[1] answers aiokafka with its metadata, for at most ARGV[2] seconds."""

from __future__ import annotations

import asyncio
import logging
import sys

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError


async def answers(bootstrap_servers: str, seconds: float) -> None:
    """Return at the first answer that names a broker. Raises TimeoutError."""
    async with asyncio.timeout(seconds):
        while True:
            admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap_servers)
            try:
                await admin.start()
                if (await admin.describe_cluster())["brokers"]:
                    return
            except (KafkaError, OSError):
                await asyncio.sleep(0.2)
            finally:
                await admin.close()


if __name__ == "__main__":
    logging.disable()
    asyncio.run(answers(sys.argv[1], float(sys.argv[2])))
