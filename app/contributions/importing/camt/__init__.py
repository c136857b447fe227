"""Bank files in CAMT (ISO 20022): reports of a day, statements, notifications, of every version."""
