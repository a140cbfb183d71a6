"""Grades what a trained model generates: asks for samples, recognises them, decides the points."""
