"""Correct implementations that differ from the solution, one module a part. Staff only."""
