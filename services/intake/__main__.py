"""`python -m services.intake`."""

import sys

from services.intake.config import IntakeSettings, SourceError
from services.intake.main import build
from shared.clock import SystemClock
from shared.kafka.aio import AioKafka
from shared.runtime.process import run

if __name__ == "__main__":
    settings = IntakeSettings()
    kafka = AioKafka(settings.kafka, client_id="tierline.intake")
    try:
        status = run("intake", settings, lambda: build(settings, clock=SystemClock(), kafka=kafka))
    except SourceError as error:
        sys.stderr.write(f"intake does not start: {error}\n")
        status = 2
    sys.exit(status)
