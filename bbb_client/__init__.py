"""BigBlueButton's HTTP API for Python: an async client, the checking of its callbacks, and a simulator of the server."""
