"""How people come to the co-operative: what it is, expressions of interest, tasks."""
