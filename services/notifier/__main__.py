"""`python -m services.notifier`."""

import sys

from services.notifier.config import NotifierSettings
from services.notifier.main import build
from shared.runtime.process import main

if __name__ == "__main__":
    sys.exit(main("notifier", NotifierSettings, build))
