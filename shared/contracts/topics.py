"""The names of the six public topics. Partitions and retention stand in `deploy/kafka/topics.yaml`."""

TICKETS = "support.tickets"
ASSIGNMENTS = "support.assignments"
AGENTS = "support.agents"
SLA = "support.sla"
ESCALATIONS = "support.escalations"
NOTIFICATIONS = "support.notifications"
