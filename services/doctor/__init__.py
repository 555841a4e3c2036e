"""`tierline doctor`: looks at everything a Tierline stands on, from where it is run, and says what to do."""
