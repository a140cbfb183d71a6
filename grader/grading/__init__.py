"""Judges observations against goldens, and grades one submission."""
