"""The JSON API, /api/v1: rooms and meetings for programs, with personal tokens."""
