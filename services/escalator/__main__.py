"""`python -m services.escalator`."""

import sys

from services.escalator.config import EscalatorSettings
from services.escalator.main import build
from shared.runtime.process import main

if __name__ == "__main__":
    sys.exit(main("escalator", EscalatorSettings, build))
