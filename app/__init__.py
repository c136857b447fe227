"""Guildhall: the front door of a co-operative's BigBlueButton servers."""
