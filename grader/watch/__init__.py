"""`grader watch`: grades what a save touches, on a worker that has imported torch already, and prints plain lines."""
