"""The router's HTTP surface: roster and presence, queues, assignments."""
