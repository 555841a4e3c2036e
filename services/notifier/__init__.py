"""The notifier tells people: who, over which channel, in which words, and what came of it.

In: support.tickets, support.assignments, support.sla, support.escalations. Out:
support.notifications. Tables: ticket (what it must remember), notification, attempt, recipient,
ack_token; see `tables.py`. The rules are in `domain/plan.py`, the sending is in `deliverer.py`.
"""
