"""What make run adds: an embedded database, demo data, a mailbox, a clock that moves."""
