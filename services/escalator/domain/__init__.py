"""The pure core of the escalator: no IO, no clock; start reading at `decide.py`."""
