"""People: sign-up, sign-in, sessions, API tokens."""
