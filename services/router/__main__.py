"""`python -m services.router`."""

import sys

from services.router.config import RouterSettings
from services.router.main import build
from shared.clock import SystemClock
from shared.kafka.aio import AioKafka
from shared.runtime.process import run

if __name__ == "__main__":
    settings = RouterSettings()
    kafka = AioKafka(settings.kafka, client_id="tierline.router")
    sys.exit(run("router", settings, lambda: build(settings, clock=SystemClock(), kafka=kafka)))
