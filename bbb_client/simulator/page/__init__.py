"""The small honest pages that stand in for the conference."""
