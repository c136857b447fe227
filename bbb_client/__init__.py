"""BigBlueButton's HTTP API for Python: an async client, checks of its callbacks, a simulator of the server."""
