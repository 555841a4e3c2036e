"""Alembic's environment: the one `env.py` that runs the migrations of every service."""
