"""The parts of the course, one folder each. The engine discovers them here and names none of them."""
