"""The names of the seven public topics. Partitions and retention stand in `deploy/kafka/topics.yaml`."""

TICKETS = "support.tickets"
ASSIGNMENTS = "support.assignments"
AGENTS = "support.agents"
SLA = "support.sla"
CALENDARS = "support.calendars"
ESCALATIONS = "support.escalations"
NOTIFICATIONS = "support.notifications"
