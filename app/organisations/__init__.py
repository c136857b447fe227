"""Organisations and their hosts."""
