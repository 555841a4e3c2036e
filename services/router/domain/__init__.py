"""The router's rules, free of IO: what a ticket asks for, who may have it, and who gets it."""
