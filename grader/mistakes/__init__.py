"""Known mistakes of real students, one module a part. Staff only: they quote the solution."""
