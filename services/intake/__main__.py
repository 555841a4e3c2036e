"""`python -m services.intake`."""

import sys

from services.intake.config import IntakeSettings
from services.intake.main import build
from shared.runtime.process import main

if __name__ == "__main__":
    sys.exit(main("intake", IntakeSettings, build))
