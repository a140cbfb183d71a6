"""Hostile and careless submissions, each with the outcome that it must get; `test_attacks.py` grades them all.

A module for each group, and in it one tuple, ATTACKS. The groups are those of a threat model: archives, imports and the
test runner, values, checkpoints, resources, carelessness, and attacks on this very harness.
"""
