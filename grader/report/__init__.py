"""Turns verdicts into reports, for people and for other systems. Nearly all of it is pure functions."""
