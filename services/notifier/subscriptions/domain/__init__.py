"""The core of subscriptions: pure values and rules."""
