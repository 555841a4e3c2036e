"""Intake: the system of record for tickets. Webhooks and HTTP commands in, support.tickets out.

Tables (schema `intake`): delivery, external_ref, ticket, message, buffered_command, customer, and the
standard ones. It consumes nothing from Kafka, and answers with the broker down.
"""
