"""`python -m app check`: whether all that an installation stands on is there and fits, each with how to mend it."""
