"""A room while it is live."""
