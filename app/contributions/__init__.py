"""Who contributed what, and what follows from it: ledger, grants, imports, memberships."""
