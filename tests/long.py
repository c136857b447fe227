"""How long the proofs are: short in `make test`, as long as they need in `make test-long` (this variable)."""

import os

LONG = bool(os.environ.get("GUILDHALL_TESTS_LONG"))
# How often each race is run, and how many times as many stories the model is told.
RACES, STORIES = (10, 20) if LONG else (1, 1)
