"""`tierline demo`: a seeded support day in about a minute, and an account of what became of it."""
