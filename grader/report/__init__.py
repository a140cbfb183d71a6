"""Verdicts made readable, for people and for other systems. Pure functions."""
