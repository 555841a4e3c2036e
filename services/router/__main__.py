"""`python -m services.router`."""

import sys

from services.router.config import RouterSettings
from services.router.main import build
from shared.runtime.process import main

if __name__ == "__main__":
    sys.exit(main("router", RouterSettings, build))
