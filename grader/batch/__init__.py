"""A whole class: what was handed in, what is graded of it already, and grading the rest; `command.py` is the door."""
