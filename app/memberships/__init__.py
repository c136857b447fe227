"""Tiers, holders, memberships: what a holder may use now."""
