"""Part 6: theory, in short functions and written questions."""
