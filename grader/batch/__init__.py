"""A whole class: reads what was handed in, finds out what is graded already, and grades the rest."""
