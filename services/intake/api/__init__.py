"""Intake's HTTP API: tickets, commands on them, and how to reach a customer."""
