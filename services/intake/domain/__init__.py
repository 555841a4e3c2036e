"""Intake's rules, free of IO: what a command does to a ticket, and how a ticket is triaged."""
