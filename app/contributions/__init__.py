"""Who contributed what, and what follows from it: ledger, grants, imports, joining in, tasks."""
