"""The rows of subscriptions."""
