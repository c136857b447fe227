"""The calls of the HTTP API."""
