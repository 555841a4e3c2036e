"""The machinery every service stands on: batches in, one transaction each, events out.

It knows no topic, no table beyond the standard ones of `shared.db`, and no event type. Services give it
functions, never subclasses.
"""
