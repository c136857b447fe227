"""Durable rooms, their addresses and who may enter."""
