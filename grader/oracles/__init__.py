"""Independent derivations of what the cases must observe, one module a part, in numpy float64. Staff only."""
