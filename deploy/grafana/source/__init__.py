"""The dashboards as code: one module a board, `panels.py` what they are made of. `make dashboards` writes the JSON."""
