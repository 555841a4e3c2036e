"""The router: gives every ticket to somebody who can work on it, as soon as there is one.

Reads support.tickets and support.escalations, writes support.assignments and support.agents. Owns the
tables work_item, agent, agent_skill and assignment. Everything queues; one dispatcher matches.
"""
