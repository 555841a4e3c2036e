"""Real processes on a real database and broker. A package, so that its fixtures can end with it."""
