"""What authors run: everything that is generated from the solution, and the proof that the grader works."""
