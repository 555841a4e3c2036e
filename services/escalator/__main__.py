"""`python -m services.escalator`."""

import sys

from services.escalator.config import EscalatorSettings
from services.escalator.main import build
from shared.clock import SystemClock
from shared.kafka.aio import AioKafka
from shared.runtime.process import run

if __name__ == "__main__":
    settings = EscalatorSettings()
    kafka = AioKafka(settings.kafka, client_id="tierline.escalator")
    sys.exit(run("escalator", settings, lambda: build(settings, clock=SystemClock(), kafka=kafka)))
