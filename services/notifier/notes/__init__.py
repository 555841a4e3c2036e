"""Internal notes: what the machine says to whoever opens the ticket, written through intake (semantics L11)."""
