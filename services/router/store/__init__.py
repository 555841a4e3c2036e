"""Everything the router reads from and writes to its tables, in a fixed number of statements a batch.

Lock order, everywhere: work items by id, then agents by id, then the streams of the outbox. Who gives
tickets to agents first takes the dispatch lock, so that nobody else does meanwhile.
"""
