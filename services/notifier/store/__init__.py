"""The notifier's rows: tickets and plans, deliveries, recipients, links. Set-based, in id order."""
