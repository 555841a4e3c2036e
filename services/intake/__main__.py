"""`python -m services.intake`."""

import sys

from services.intake.config import IntakeSettings
from services.intake.main import build
from shared.clock import SystemClock
from shared.kafka.aio import AioKafka
from shared.runtime.process import run

if __name__ == "__main__":
    settings = IntakeSettings()
    kafka = AioKafka(settings.kafka, client_id="tierline.intake")
    sys.exit(run("intake", settings, lambda: build(settings, clock=SystemClock(), kafka=kafka)))
