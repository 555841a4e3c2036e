"""The escalator: SLA clocks and the escalation ladder. It says what falls due, and whom that raises."""
