"""Whole stories: real processes, a real PostgreSQL, real browsers, no mocks."""
