"""The HTTP edge: the app factory, problems, callers, limits, and the one door out."""
