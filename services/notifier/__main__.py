"""`python -m services.notifier`."""

import sys

from services.notifier.config import NotifierSettings
from services.notifier.main import build
from shared.clock import SystemClock
from shared.kafka.aio import AioKafka
from shared.runtime.process import run

if __name__ == "__main__":
    settings = NotifierSettings()
    clock = SystemClock()
    kafka = AioKafka(settings.kafka, client_id="tierline.notifier")
    sys.exit(run("notifier", settings, lambda: build(settings, clock=clock, kafka=kafka)))
