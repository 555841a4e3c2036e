"""Signed webhooks for systems that read no Kafka: who subscribes, what is delivered, what came of it."""
