"""`grader watch`: grades what a save touches, on a worker that has torch already, and tells it in plain lines."""
