"""Organisations: hosts, seats, shares, invitations."""
