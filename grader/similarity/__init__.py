"""Finds submissions that are alike, for a person to look at. Nothing here costs points."""
