"""Ratings of customers: the link in a survey, its page, and the way of a rating to intake, which owns it (V13)."""
